import { findOffer } from '../findOffer.ts';
import type { OfferMatch } from '../findOffer.ts';
import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import { foldCase, formatPlanName } from '../planName.ts';
import type { CatalogueStore, Recorded } from '../store.ts';
import { findClashes, licensedPlan, sellsTheSame } from './clashes.ts';
import type { CatalogueFile } from './parseCatalogue.ts';

/** A row as it shall be, and as it is; `stored: null` where it is not there. */
export interface Upsert<T> {
  readonly value: T;
  readonly stored: Recorded<T> | null;
}

export interface CataloguePlan {
  readonly offers: readonly Upsert<Offer>[];
  readonly licences: readonly Upsert<Licence>[];
}

/** Why a file does not go with what the store holds. */
export interface CatalogueProblem {
  /** The entry of the file; `index: null` where the store itself is at odds. */
  readonly list: 'offers' | 'licences';
  readonly index: number | null;
  /** Of the entry, empty for the whole of it. */
  readonly field: string;
  /** What is wrong, and what to do. */
  readonly message: string;
}

export type Planned =
  | { readonly ok: true; readonly plan: CataloguePlan }
  | { readonly ok: false; readonly problems: readonly CatalogueProblem[] };

/**
 * What the store has to be written so that it holds what a file says; nothing is written here. Offers and licences are
 * judged together with all that the store holds.
 *
 * @throws StoreUnavailableError
 */
export async function planCatalogue(
  store: Pick<CatalogueStore, 'listOffers' | 'listLicences'>,
  file: CatalogueFile,
): Promise<Planned> {
  const [storedOffers, storedLicences] = await Promise.all([store.listOffers(), store.listLicences()]);
  const allOffers = merge(file.offers, storedOffers, offerKey);
  const { licences, problems } = resolveLicences(file.licences, allOffers);
  if (problems.length > 0) return { ok: false, problems };
  const clashes = [
    ...findOfferClashes(allOffers, file.offers.length),
    ...findLicenceClashes(merge(licences, storedLicences, licenceKey), licences.length),
  ];
  if (clashes.length > 0) return { ok: false, problems: clashes };
  const plan = {
    offers: planUpserts(file.offers, storedOffers, offerKey),
    licences: planUpserts(licences, storedLicences, licenceKey),
  };
  return { ok: true, plan };
}

/** What makes two of them the same row. */
type KeyOf<T> = (value: T) => string;

const offerKey: KeyOf<Offer> = ({ plan }) => foldCase(formatPlanName(plan));
const licenceKey: KeyOf<Licence> = (licence) => licensedPlan(licence).join();

function planUpserts<T>(values: readonly T[], stored: readonly Recorded<T>[], keyOf: KeyOf<T>): readonly Upsert<T>[] {
  const rows = new Map(stored.map((row) => [keyOf(row.value), row]));
  return values.map((value) => ({ value, stored: rows.get(keyOf(value)) ?? null }));
}

/** What the store will hold: what the file leaves alone, and then what it names. */
function merge<T>(values: readonly T[], stored: readonly Recorded<T>[], keyOf: KeyOf<T>): readonly T[] {
  const named = new Set(values.map(keyOf));
  return [...stored.map((row) => row.value).filter((old) => !named.has(keyOf(old))), ...values];
}

const NO_OFFER: OfferMatch = { found: false, code: 'plan_unknown' };

/** Gives each licence the name that its offer has: a licence may name it by an alias, and in any case of letters. */
function resolveLicences(licences: readonly Licence[], offers: readonly Offer[]) {
  const problems: CatalogueProblem[] = [];
  const plans = new Map(licences.map(({ plan }) => [formatPlanName(plan), plan]));
  const found = new Map([...plans].map(([name, plan]) => [name, findOffer(offers, plan, undefined)]));
  const resolved = licences.map((licence, index) => {
    const match = found.get(formatPlanName(licence.plan)) ?? NO_OFFER;
    const refuse = (message: string) => problems.push({ list: 'licences', index, field: 'offer', message });
    if (!match.found) {
      refuse(`there is no offer ${formatPlanName(licence.plan)}: add it, or correct the name`);
      return licence;
    }
    if (match.offer.mode === 'marketplace') {
      refuse('the offer is in marketplace mode, where licences have no effect: remove the licence');
    }
    return { ...licence, plan: match.plan };
  });
  return { licences: resolved, problems };
}

function findOfferClashes(offers: readonly Offer[], given: number): CatalogueProblem[] {
  return findClashes(offers, sellsTheSame).map(([first, second]) => {
    const names = [offers[first], offers[second]].map((offer) =>
      offer === undefined ? '' : formatPlanName(offer.plan),
    );
    const message = `The offers ${names.join(' and ')} share a name of the product: remove the alias from one of them.`;
    return { list: 'offers', index: indexInFile(second, offers.length - given), field: 'productAliases', message };
  });
}

function findLicenceClashes(licences: readonly Licence[], given: number): CatalogueProblem[] {
  const place = (position: number) => indexInFile(position, licences.length - given);
  const sameId = findClashes(licences, (licence) => [foldCase(licence.id)]).map(([first, second]): CatalogueProblem => {
    const message = `Two licences would have the id ${licences[first]?.id ?? ''}: choose another.`;
    return { list: 'licences', index: place(second), field: 'id', message };
  });
  const sameRow = findClashes(licences, licensedPlan).map(([, second]): CatalogueProblem => {
    const message = `Two licences name the same offer, one by an alias: ${licences[second]?.id ?? ''}. Merge the two.`;
    return { list: 'licences', index: place(second), field: 'offer', message };
  });
  return [...sameId, ...sameRow];
}

function indexInFile(position: number, kept: number): number | null {
  return position < kept ? null : position - kept;
}
