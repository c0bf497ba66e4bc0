import type { OfferMatch } from '../findOffer.ts';
import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import { mapPieces } from '../../contract/pieces.ts';
import type { Pieces } from '../../contract/pieces.ts';
import { formatPlanName, isSamePlan } from '../../contract/planName.ts';
import type { PlanName } from '../../contract/planName.ts';
import type { Recorded } from '../../contract/stored.ts';
import type { CatalogueFile, CatalogueProblem, Upsert } from './cataloguePlan.ts';
import { findClashes, licenceKey } from './clashes.ts';
import { findContradiction } from '../../contract/operators/licence.ts';
import type { OptionalMember } from '../../contract/operators/licence.ts';
import { createOfferFinder } from '../offers/licencesUnder.ts';

/**
 * Gives each licence the name that its offer has, for it may name it by an alias and in any case of letters, and finds
 * the row that it replaces. A licence that is new must have an offer in licensed mode; of one that is there already the
 * offer may be gone, or in another mode by now, and it can be changed all the same.
 *
 * In pieces.
 *
 * @param kept what of a row stays as it is, because the file leaves it out
 * @param rows by {@link licenceKey}
 */
export function* planLicences(
  { licences, kept }: Pick<CatalogueFile, 'licences' | 'kept'>,
  offers: readonly Offer[],
  rows: ReadonlyMap<string, Recorded<Licence>>,
): Pieces<{ readonly licences: readonly Upsert<Licence>[]; readonly problems: readonly CatalogueProblem[] }> {
  const find = createOfferFinder(offers);
  const problems: CatalogueProblem[] = [];
  const planned = yield* mapPieces(licences, (licence, index) => {
    const match = find(licence.plan);
    const stored = rows.get(licenceKey(licence)) ?? null;
    const given = { ...licence, plan: planOf(licence, match, stored) };
    const upsert = { value: keepMembers(given, stored, kept?.get(licence)), stored };
    const fault = findFault(upsert, match);
    if (fault !== null) problems.push({ list: 'licences', index, ...fault });
    return upsert;
  });
  return { licences: planned, problems: [...problems, ...(yield* findDuplicates(planned))] };
}

/** A row that is there keeps the name of its plan, whatever offer has that name now. */
function planOf({ plan }: Licence, match: OfferMatch, stored: Recorded<Licence> | null): PlanName {
  const named = match.found ? match.plan : plan;
  if (stored === null) return named;
  const own = stored.value.plan;
  return isSamePlan(own, plan) || isSamePlan(own, named) ? own : named;
}

function keepMembers(
  licence: Licence,
  stored: Recorded<Licence> | null,
  names: readonly OptionalMember[] = [],
): Licence {
  if (stored === null) return licence;
  return { ...licence, ...Object.fromEntries(names.map((name) => [name, stored.value[name]])) };
}

type Fault = Pick<CatalogueProblem, 'code' | 'field' | 'message'>;

function findFault({ value, stored }: Upsert<Licence>, match: OfferMatch): Fault | null {
  if (stored !== null) {
    if (isSamePlan(stored.value.plan, value.plan)) return malformed(findContradiction(value));
    const message = `a licence keeps its offer, and ${stored.value.id} is for ${formatPlanName(stored.value.plan)}: create another licence`;
    return { code: 'name_taken', field: 'offer', message };
  }
  if (!match.found) {
    const message = `there is no offer ${formatPlanName(value.plan)}: add it, or correct the name`;
    return { code: 'request_malformed', field: 'offer', message };
  }
  if (match.offer.mode === 'licensed') return null;
  return {
    code: 'request_malformed',
    field: 'offer',
    message: 'the offer is in marketplace mode, where licences have no effect: remove the licence',
  };
}

const malformed = (problem: Omit<Fault, 'code'> | null): Fault | null =>
  problem === null ? null : { code: 'request_malformed', field: problem.field, message: problem.message };

function* findDuplicates(planned: readonly Upsert<Licence>[]): Pieces<CatalogueProblem[]> {
  const clashes = yield* findClashes(planned, ({ value }) => [licenceKey(value)]);
  return clashes.map(([, second]) => {
    const message = `${planned[second]?.value.id ?? ''} is in the file twice: merge the two`;
    return { list: 'licences', index: second, code: 'name_taken', field: 'id', message };
  });
}
