import { findOffer } from '../findOffer.ts';
import type { Licence } from '../licence.ts';
import { isSameName } from '../../contract/planName.ts';
import { forEachAtOnce } from '../atOnce.ts';
import { holdingKeys, namingOf } from '../holding.ts';
import type { CatalogueStore } from '../store.ts';
import type { Recorded } from '../../contract/stored.ts';
import type { StoredCatalogue } from './cataloguePlan.ts';

/*
 * What entries are judged by, as much as they can touch: there are few offers, and as many licences as customers.
 */

/** @throws StoreUnavailableError */
export async function readStored(store: Pick<CatalogueStore, 'listOffers' | 'listLicences'>): Promise<StoredCatalogue> {
  const [offers, licences] = await Promise.all([store.listOffers(), store.listLicences()]);
  return { offers, licences };
}

/**
 * For one licence: the offers, its row, and the licences that have one of the subscriptions that are new to it.
 *
 * @param at milliseconds since the epoch
 * @throws StoreUnavailableError
 */
export async function readAroundLicence(
  store: Pick<CatalogueStore, 'listOffers' | 'readLicence' | 'readHolding'>,
  licence: Licence,
  at: number,
): Promise<StoredCatalogue> {
  const [offers, own] = await Promise.all([store.listOffers(), store.readLicence(licence.id)]);
  const match = findOffer(
    offers.map(({ value }) => value),
    licence.plan,
    undefined,
  );
  const named = { ...licence, plan: own?.value.plan ?? (match.found ? match.plan : licence.plan) };
  const keys = holdingKeys(named).filter((key) => own === null || namingOf(own.value, key, at) !== 'stays');
  const ids = new Set<string>();
  await forEachAtOnce(keys, async (key) => {
    for (const id of (await store.readHolding(key))?.value.licences ?? []) if (!isSameName(id, licence.id)) ids.add(id);
  });
  const holders: (Recorded<Licence> | null)[] = [];
  await forEachAtOnce([...ids], async (id) => {
    holders.push(await store.readLicence(id));
  });
  return { offers, licences: [own, ...holders].filter((row) => row !== null) };
}
