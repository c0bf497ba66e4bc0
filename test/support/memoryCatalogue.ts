import { forPlan, holdingKeys } from '../../src/catalogue/holding.ts';
import type { Holding, Holdings } from '../../src/catalogue/holding.ts';
import type { Licence } from '../../src/catalogue/licence.ts';
import type { Offer } from '../../src/catalogue/offer.ts';
import type { Catalogue } from '../../src/catalogue/store.ts';
import { isSameName } from '../../src/contract/planName.ts';

/** What a store of these offers and licences answers; each licence has claimed its subscriptions in the order given. */
export function memoryCatalogue(
  offers: readonly Offer[],
  licences: readonly Licence[],
  others: Partial<Omit<Holdings, 'holdings'>> & { readonly former?: readonly string[] } = {},
): Catalogue {
  const { trials = [], overrides = [], former = [] } = others;
  const rows: Holding[] = [];
  for (const { id, ...one } of licences) {
    for (const key of holdingKeys(one)) {
      const same = rows.filter(
        ({ cloud, subscriptionId }) => cloud === key.cloud && subscriptionId === key.subscriptionId,
      );
      const present = forPlan(same, key.plan);
      if (present !== null) rows.splice(rows.indexOf(present), 1);
      rows.push({ ...key, licences: [id, ...(present?.licences ?? [])], since: 0, claim: '', former });
    }
  }
  return {
    readOffers: () => Promise.resolve(offers),
    readHoldings: ({ cloud, subscriptionId }) => {
      const isOwn = (row: { readonly cloud: string; readonly subscriptionId: string }) =>
        row.cloud === cloud && row.subscriptionId === subscriptionId;
      const holdings = rows.filter(isOwn);
      return Promise.resolve({ holdings, trials: trials.filter(isOwn), overrides: overrides.filter(isOwn) });
    },
    lookUpLicence: (id) => Promise.resolve(licences.find((one) => isSameName(one.id, id)) ?? null),
  };
}
