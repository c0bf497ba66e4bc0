import type { Licence } from '../licence.ts';
import { findOffer } from '../findOffer.ts';
import type { OfferMatch } from '../findOffer.ts';
import type { Offer } from '../offer.ts';
import { formatPlanName } from '../../contract/planName.ts';
import type { PlanName } from '../../contract/planName.ts';
import type { Upsert } from './cataloguePlan.ts';
import { offerKey } from './clashes.ts';

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

/**
 * The licences for which VMs come to each offer, whatever the licences' status, by {@link offerKey}.
 *
 * @param offers all of them
 */
export function groupByOffer(
  offers: readonly Offer[],
  licences: readonly Licence[],
): ReadonlyMap<string | null, readonly Licence[]> {
  const find = createOfferFinder(offers);
  // Not Map.groupBy: the command line promises Node 20.
  const groups = new Map<string | null, Licence[]>();
  for (const licence of licences) {
    const match = find(licence.plan);
    const key = match.found ? offerKey(match.offer) : null;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [licence]);
    else group.push(licence);
  }
  return groups;
}

/** For people: how many, and one of them to look at. */
export function countLicences(licences: readonly Licence[]): string {
  const [first] = licences;
  return `${licences.length} ${licences.length === 1 ? 'licence' : 'licences'}, ${first?.id ?? ''} among them`;
}

/** Whether licences that were good until now would have no effect. */
export function becomesMarketplace({ value, stored }: Upsert<Offer>): boolean {
  return value.mode === 'marketplace' && stored?.value.mode !== 'marketplace';
}
