import type { AttestedPlan } from '../contract/attestation.ts';
import type { LicenceCode } from '../contract/codes.ts';
import type { Offer } from './offer.ts';
import { ANY, foldCase, isSameName, parsePlanName } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';

/** The offer for a VM, and the plan that it runs, in the spelling that tokens carry. */
export type OfferMatch =
  | { readonly found: true; readonly offer: Offer; readonly plan: PlanName }
  | { readonly found: false; readonly code: LicenceCode };

/**
 * Finds the offer for an attested plan or, where that is none of the vendor's, for the one that the VM claims.
 * A claim reaches only offers in licensed mode that allow it: in marketplace mode it would let any VM license itself.
 */
export function findOffer(
  offers: readonly Offer[],
  attested: AttestedPlan | null,
  claimedOffer: string | undefined,
): OfferMatch {
  const parts = [attested?.publisher, attested?.product, attested?.name].map((part) => part ?? '');
  const [publisher = '', product = '', name = ''] = parts;
  if (parts.every((part) => part !== '')) {
    const claimed = claimedOffer === undefined ? null : findClaimed(offers, claimedOffer);
    if (claimed?.found === true && isForeignPlan(claimed.offer, publisher)) return claimed;
    return mostSpecific(offers, { publisher, product, name });
  }
  // A plan of which only parts are attested is no plan, and yet not absent: nothing may be claimed in its place.
  if (parts.some((part) => part !== '') || claimedOffer === undefined) return { found: false, code: 'plan_missing' };
  return findClaimed(offers, claimedOffer);
}

/** Whether a plan of this publisher counts as no plan: what the customer pays another vendor for is not the offer's concern. */
function isForeignPlan({ plan, onForeignPlan }: Offer, publisher: string): boolean {
  return onForeignPlan === 'none' && !isSameName(plan.publisher, publisher);
}

function findClaimed(offers: readonly Offer[], claimedOffer: string): OfferMatch {
  const claimed = parsePlanName(claimedOffer);
  if (claimed === null || claimed.name === ANY) return { found: false, code: 'plan_unknown' };
  const match = mostSpecific(offers, claimed);
  if (!match.found) return match;
  const mayBeClaimed = match.offer.mode === 'licensed' && match.offer.withoutPlan;
  return mayBeClaimed ? match : { found: false, code: 'plan_missing' };
}

function mostSpecific(offers: readonly Offer[], plan: PlanName): OfferMatch {
  const candidates = offers.filter((offer) => covers(offer, plan));
  const offer = candidates.sort((left, right) => rank(left, plan) - rank(right, plan))[0];
  if (offer === undefined) return { found: false, code: 'plan_unknown' };
  const name = offer.plan.name === ANY ? foldCase(plan.name) : offer.plan.name;
  return { found: true, offer, plan: { ...offer.plan, name } };
}

function covers(offer: Offer, plan: PlanName): boolean {
  const products = [offer.plan.product, ...offer.productAliases];
  return (
    isSameName(offer.plan.publisher, plan.publisher) &&
    products.some((product) => isSameName(product, plan.product)) &&
    (offer.plan.name === ANY || isSameName(offer.plan.name, plan.name))
  );
}

/** One plan comes before all plans, and a product's own name before an alias. */
function rank(offer: Offer, plan: PlanName): number {
  return (offer.plan.name === ANY ? 2 : 0) + (isSameName(offer.plan.product, plan.product) ? 0 : 1);
}
