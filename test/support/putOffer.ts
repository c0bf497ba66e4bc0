import { changeOffers } from '../../src/catalogue/offers/changeOffers.ts';
import type { OfferStore } from '../../src/catalogue/offers/changeOffers.ts';
import type { Offer } from '../../src/catalogue/offer.ts';
import { isSamePlan } from '../../src/contract/planName.ts';
import type { PlanName } from '../../src/contract/planName.ts';
import type { Change } from '../../src/contract/stored.ts';
import { AT } from './licensing.ts';

/** Writes an offer, whether or not it is there, without a service before the store. */
export async function putOffer(
  store: OfferStore,
  value: Offer,
  change: Change = { by: 'test', at: AT },
): Promise<void> {
  const { outcome } = await changeOffers(store, change.at, ({ offers }) => {
    const stored = offers.find((row) => isSamePlan(row.value.plan, value.plan)) ?? null;
    return [{ value, stored, change }];
  });
  if (outcome !== 'written') throw new Error(`The offer was not written: ${outcome}.`);
}

/** Deletes an offer that is there and has no licences. */
export async function deleteOffer(store: OfferStore, plan: PlanName): Promise<void> {
  const { outcome } = await changeOffers(store, AT, ({ offers }) => {
    const stored = offers.find((row) => isSamePlan(row.value.plan, plan)) ?? null;
    return [{ value: null, stored, change: { by: 'test', at: AT } }];
  });
  if (outcome !== 'written') throw new Error(`The offer was not deleted: ${outcome}.`);
}
