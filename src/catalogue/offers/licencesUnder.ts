import type { Licence } from '../licence.ts';
import { findOffer } from '../findOffer.ts';
import type { OfferMatch } from '../findOffer.ts';
import type { Offer } from '../offer.ts';
import { formatPlanName } from '../../contract/planName.ts';
import type { PlanName } from '../../contract/planName.ts';
import type { Recorded } from '../../contract/stored.ts';
import type { CatalogueStore } from '../store.ts';

/** Finds a plan's offer as a VM would; the same plan is looked for once. */
export function createOfferFinder(offers: readonly Offer[]): (plan: PlanName) => OfferMatch {
  const found = new Map<string, OfferMatch>();
  return (plan) => {
    const name = formatPlanName(plan);
    const match = found.get(name) ?? findOffer(offers, plan, undefined);
    found.set(name, match);
    return match;
  };
}

/** For people: how many, and one of them to look at. */
export function countLicences(licences: readonly Licence[]): string {
  const [first] = licences;
  return `${licences.length} ${licences.length === 1 ? 'licence' : 'licences'}, ${first?.id ?? ''} among them`;
}

/**
 * The licences that may stand under an offer: those of its plan, by all names of its product. A search through all.
 *
 * @throws StoreUnavailableError
 */
export async function readLicencesNear(
  store: Pick<CatalogueStore, 'listLicencesOf'>,
  { plan, productAliases }: Offer,
): Promise<readonly Recorded<Licence>[]> {
  const products = [plan.product, ...productAliases];
  return (await Promise.all(products.map((product) => store.listLicencesOf({ ...plan, product })))).flat();
}
