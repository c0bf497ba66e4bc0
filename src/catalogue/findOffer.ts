import type { AttestedPlan, AttestedVm } from '../contract/attestation.ts';
import type { LicenceCode } from '../contract/codes.ts';
import type { Licence } from './licence.ts';
import type { Offer } from './offer.ts';
import { ANY, foldCase, isSameName, parsePlanName } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';
import type { Catalogue } from './store.ts';

/** The offer for a VM, and the plan that it runs, in the spelling that tokens carry. */
export type OfferMatch =
  | { readonly found: true; readonly offer: Offer; readonly plan: PlanName }
  | { readonly found: false; readonly code: LicenceCode };

/** What a VM stands under: the offer for its plan and, in licensed mode, its subscription's licence. */
export type Terms =
  | { readonly found: true; readonly offer: Offer; readonly plan: PlanName; readonly licence: Licence | null }
  | Extract<OfferMatch, { found: false }>;

/** Whose terms. */
export type TermsOf = Pick<AttestedVm, 'cloud' | 'subscriptionId' | 'plan'>;

export interface TermsHints {
  /** `publisher/product/plan`, the VM's own word. */
  readonly claimedOffer?: string | undefined;
  /** The id of a licence that was issued earlier: it comes before any other, as long as it exists. */
  readonly licenceId?: string;
}

/**
 * Reads the terms of a VM. Licences are not read in marketplace mode, where running the plan is the licence.
 *
 * @throws {StoreUnavailableError}
 */
export async function readTerms(catalogue: Catalogue, of: TermsOf, hints: TermsHints = {}): Promise<Terms> {
  const match = findOffer(await catalogue.readOffers(), of.plan, hints.claimedOffer);
  if (!match.found || match.offer.mode === 'marketplace') return addLicence(match, [], of, hints);
  return addLicence(match, await catalogue.readLicences(of.cloud, of.subscriptionId), of, hints);
}

/** @param licences of the VM's subscription; they matter only to offers in licensed mode */
export function addLicence(
  match: OfferMatch,
  licences: readonly Licence[],
  of: TermsOf,
  { licenceId }: TermsHints = {},
): Terms {
  if (!match.found) return match;
  if (match.offer.mode === 'marketplace') return { ...match, licence: null };
  const known = licences.find(({ id }) => id === licenceId);
  return { ...match, licence: known ?? findLicence(licences, of, match) };
}

/** The licence for this very plan before one for every plan of the offer. */
function findLicence(
  licences: readonly Licence[],
  of: TermsOf,
  { offer, plan }: Extract<OfferMatch, { found: true }>,
): Licence | null {
  const named = (name: string): Licence | undefined =>
    licences.find(
      (licence) =>
        licence.cloud === of.cloud &&
        licence.subscriptionId === of.subscriptionId &&
        isSameName(licence.plan.publisher, plan.publisher) &&
        isSameName(licence.plan.product, plan.product) &&
        isSameName(licence.plan.name, name),
    );
  return named(plan.name) ?? (offer.plan.name === ANY ? named(ANY) : undefined) ?? null;
}

/**
 * Finds the offer for an attested plan or, only where Azure attests no plan at all, for the one that the VM claims.
 * A claim reaches only offers in licensed mode that allow it: in marketplace mode it would let any VM license itself.
 */
export function findOffer(
  offers: readonly Offer[],
  attested: AttestedPlan | null,
  claimedOffer: string | undefined,
): OfferMatch {
  const parts = [attested?.publisher, attested?.product, attested?.name].map((part) => part ?? '');
  const [publisher = '', product = '', name = ''] = parts;
  if (parts.every((part) => part !== '')) return mostSpecific(offers, { publisher, product, name });
  // A plan of which only parts are attested is no plan, and yet not absent: nothing may be claimed in its place.
  if (parts.some((part) => part !== '') || claimedOffer === undefined) return { found: false, code: 'plan_missing' };
  return findClaimed(offers, claimedOffer);
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
