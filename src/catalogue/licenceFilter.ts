import type { EffectiveStatus } from '../contract/operators/licenceFilter.ts';
import { ANY, isSameName } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';
import { beginWords, splitWords, wordsOf } from './licenceWords.ts';
import { createOfferFinder } from './offers/licencesUnder.ts';
import type { Licence } from './licence.ts';
import type { Offer } from './offer.ts';

/** Which licences. What is left out does not matter. */
export interface LicenceFilter {
  /** Beginnings of words of the id, the customer or the note, without regard to case: all of them must be there. */
  readonly query?: string | undefined;
  readonly status?: EffectiveStatus | undefined;
  /** The plan may be `*`, for every plan of the product. */
  readonly offer?: PlanName | undefined;
  /** Milliseconds since the epoch. A licence without an end ends never. */
  readonly endsBefore?: number | undefined;
  /** Lower-case UUID. */
  readonly subscription?: string | undefined;
  readonly cloud?: string | undefined;
}

interface Surroundings {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly offers: readonly Offer[];
}

/** Whether a licence is one of those that are meant. */
export function matchesLicence(licence: Licence, filter: LicenceFilter, surroundings: Surroundings): boolean {
  const { query, status, offer, endsBefore } = filter;
  return (
    (status === undefined || effectiveStatus(licence, surroundings) === status) &&
    (offer === undefined || isUnder(licence.plan, offer)) &&
    (endsBefore === undefined || (licence.validUntil !== null && licence.validUntil < endsBefore)) &&
    namesSubscription(licence, filter) &&
    (query === undefined || hasWords(licence, query))
  );
}

/** What a licence is worth now: what it says itself comes before what its offer says. */
export function effectiveStatus(
  { status, validFrom, validUntil, plan }: Licence,
  { now, offers }: Surroundings,
): EffectiveStatus {
  if (status !== 'active') return status;
  if (validUntil !== null && now >= validUntil) return 'expired';
  if (validFrom !== null && now < validFrom) return 'not_yet';
  const match = createOfferFinder(offers)(plan);
  return match.found && match.offer.status === 'suspended' ? 'offer_suspended' : 'active';
}

function isUnder(plan: PlanName, offer: PlanName): boolean {
  const isOfProduct = isSameName(plan.publisher, offer.publisher) && isSameName(plan.product, offer.product);
  return isOfProduct && (offer.name === ANY || isSameName(plan.name, offer.name));
}

/** A licence of every subscription of the emulator's cloud names each of them. */
function namesSubscription({ subscriptions }: Licence, { cloud, subscription }: LicenceFilter): boolean {
  if (cloud === undefined && subscription === undefined) return true;
  if (subscriptions === ANY) return cloud === undefined || cloud === 'emulator';
  return subscriptions.some(
    (one) =>
      (cloud === undefined || one.cloud === cloud) &&
      (subscription === undefined || one.subscriptionId === subscription),
  );
}

/** A text without any word means no licence. */
function hasWords(licence: Licence, query: string): boolean {
  const beginnings = splitWords(query);
  return beginnings.length > 0 && beginWords(beginnings, wordsOf(licence));
}
