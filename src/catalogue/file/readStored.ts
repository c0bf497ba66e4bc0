import { findOffer } from '../findOffer.ts';
import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import { isSameName, isSamePlan } from '../../contract/planName.ts';
import { forEachAtOnce } from '../atOnce.ts';
import { holdingKeys, namingOf } from '../holding.ts';
import type { CatalogueStore } from '../store.ts';
import type { Recorded } from '../../contract/stored.ts';
import type { StoredCatalogue } from './cataloguePlan.ts';
import { becomesMarketplace } from './licencesUnder.ts';

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

/**
 * For one offer: the offers, and the licences that it would leave without effect.
 *
 * @throws StoreUnavailableError
 */
export async function readAroundOffer(
  store: Pick<CatalogueStore, 'listOffers' | 'listLicencesOf'>,
  offer: Offer,
): Promise<StoredCatalogue> {
  const offers = await store.listOffers();
  const stored = offers.find(({ value }) => isSamePlan(value.plan, offer.plan)) ?? null;
  const isNeeded = becomesMarketplace({ value: offer, stored });
  return { offers, licences: isNeeded ? await readLicencesNear(store, offer) : [] };
}

/**
 * The licences that may stand under an offer: those of its plan, by all names of its product. A search through all.
 *
 * @throws StoreUnavailableError
 */
export async function readLicencesNear(
  store: Pick<CatalogueStore, 'listLicencesOf'>,
  { plan, productAliases }: Offer,
): Promise<StoredCatalogue['licences']> {
  const products = [plan.product, ...productAliases];
  return (await Promise.all(products.map((product) => store.listLicencesOf({ ...plan, product })))).flat();
}
