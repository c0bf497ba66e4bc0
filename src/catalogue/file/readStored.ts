import { findOffer } from '../findOffer.ts';
import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import { isSameName, isSamePlan } from '../../contract/planName.ts';
import type { CatalogueStore } from '../store.ts';
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
 * For one licence: the offers, its row, and whoever has its id where that is new here.
 *
 * @throws StoreUnavailableError
 */
export async function readAroundLicence(
  store: Pick<CatalogueStore, 'listOffers' | 'readLicence' | 'findLicence'>,
  licence: Licence,
): Promise<StoredCatalogue> {
  const offers = await store.listOffers();
  const match = findOffer(
    offers.map(({ value }) => value),
    licence.plan,
    undefined,
  );
  const plans = match.found && !isSamePlan(match.plan, licence.plan) ? [licence.plan, match.plan] : [licence.plan];
  const rows = await Promise.all(plans.map((plan) => store.readLicence({ ...licence, plan })));
  const isThere = rows.some((row) => row !== null && isSameName(row.value.id, licence.id));
  // A search through all licences.
  const namesake = isThere ? null : await store.findLicence(licence.id);
  return { offers, licences: [...rows, namesake].filter((row) => row !== null) };
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
