import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import { finish, mapPieces } from '../../contract/pieces.ts';
import type { Pieces } from '../../contract/pieces.ts';
import { formatPlanName } from '../../contract/planName.ts';
import type { Recorded } from '../../contract/stored.ts';
import type { CatalogueFile, CatalogueProblem, Planned, StoredCatalogue, Upsert } from './cataloguePlan.ts';
import { offerKey, sellsTheSame } from '../offers/offerNames.ts';
import { findNewClashes, licenceKey, subscriptionNames } from './clashes.ts';
import { tellStranded } from '../offers/dependents.ts';
import { findStranded } from '../offers/stranded.ts';
import { planLicences } from './planLicences.ts';

/**
 * What the store has to be written so that it holds what a file says; nothing is written here. An entry is refused for
 * what it brings in alone: a row that keeps its id, plan and aliases can be changed whatever else is at odds.
 */
export function planCatalogue(stored: StoredCatalogue, file: CatalogueFile): Planned {
  return finish(planCataloguePieces(stored, file));
}

/** As {@link planCatalogue}, in pieces. */
export function* planCataloguePieces(stored: StoredCatalogue, file: CatalogueFile): Pieces<Planned> {
  const offers = planUpserts(file.offers, stored.offers, offerKey);
  const otherOffers = leftAlone(file.offers, stored.offers, offerKey);
  const allOffers = [...otherOffers, ...file.offers];
  const { licences, problems } = yield* planLicences(file, allOffers, rowsByKey(stored.licences, licenceKey));
  const otherLicences = leftAlone(valuesOf(licences), stored.licences, licenceKey);
  yield;
  const stranded = findStrandedLicences(offers, stored);
  yield;
  const all = [
    ...findOfferClashes(offers, otherOffers),
    ...stranded,
    ...problems,
    ...(yield* findSubscriptionClashes(licences, otherLicences)),
  ];
  return all.length > 0 ? { ok: false, problems: all } : { ok: true, plan: { offers, licences } };
}

type KeyOf<T> = (value: T) => string;

function valuesOf<T>(rows: readonly { readonly value: T }[]): readonly T[] {
  return rows.map(({ value }) => value);
}

function rowsByKey<T>(rows: readonly Recorded<T>[], keyOf: KeyOf<T>): ReadonlyMap<string, Recorded<T>> {
  return new Map(rows.map((row) => [keyOf(row.value), row]));
}

function planUpserts<T>(values: readonly T[], stored: readonly Recorded<T>[], keyOf: KeyOf<T>): readonly Upsert<T>[] {
  const rows = rowsByKey(stored, keyOf);
  return values.map((value) => ({ value, stored: rows.get(keyOf(value)) ?? null }));
}

/** What the store holds and the file does not name. */
function leftAlone<T>(values: readonly T[], stored: readonly Recorded<T>[], keyOf: KeyOf<T>): readonly T[] {
  const named = new Set(values.map(keyOf));
  return valuesOf(stored).filter((value) => !named.has(keyOf(value)));
}

function findOfferClashes(offers: readonly Upsert<Offer>[], others: readonly Offer[]): CatalogueProblem[] {
  return finish(findNewClashes(offers, others, sellsTheSame)).map(({ index, holder }) => {
    const message = `shares a name of the product with the offer ${formatPlanName(holder.plan)}: remove the alias from one of them`;
    return { list: 'offers', index, code: 'name_taken', field: 'productAliases', message };
  });
}

/** Whoever has a licence would lose what was agreed. */
function findStrandedLicences(
  offers: readonly Upsert<Offer>[],
  { offers: before, licences }: StoredCatalogue,
): CatalogueProblem[] {
  return findStranded(offers, valuesOf(before), valuesOf(licences)).flatMap((stranded) => {
    const upsert = offers[stranded.index];
    if (upsert === undefined) return [];
    const { index, field, message } = tellStranded(upsert, stranded);
    return [{ list: 'offers', index, code: 'in_use', field: field ?? '', message }];
  });
}

function* findSubscriptionClashes(
  licences: readonly Upsert<Licence>[],
  others: readonly Licence[],
): Pieces<readonly CatalogueProblem[]> {
  const clashes = yield* findNewClashes(licences, others, subscriptionNames);
  const named = new Set(valuesOf(licences));
  return yield* mapPieces(clashes, ({ index, holder }): CatalogueProblem => {
    const own = new Set(licences[index] === undefined ? [] : subscriptionNames(licences[index].value));
    const shared = subscriptionNames(holder).find((name) => own.has(name)) ?? '';
    const whose = named.has(holder) ? 'another licence of the file' : 'the licence';
    const message = `${whose}, ${holder.id}, has the subscription ${shared.split('/')[1] ?? 'of every VM'} for this offer: remove it there, or give it an end ("until") there to move it`;
    return { list: 'licences', index, code: 'name_taken', field: 'subscriptions', message };
  });
}
