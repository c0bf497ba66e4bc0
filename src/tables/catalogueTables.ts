import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { ANY } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';
import type { CatalogueStore } from '../catalogue/store.ts';
import type { LicenceStore } from './licenceStore.ts';
import { licenceEntity, offerEntity, readLicenceRow, readOfferRow } from './catalogueRow.ts';
import { licenceRow, LICENCES_PARTITION, OFFERS_PARTITION, planRow, productRange } from './keys.ts';
import { mapReadable, readPage } from './paging.ts';
import { deleteRow, readAllRows, readFirstPage, readOneRow, searchAllRows, writeOwnRow } from './rows.ts';
import type { RowQuery } from './rows.ts';
import type { Budgets } from './storeCall.ts';

const ALL_OFFERS = { filter: odata`PartitionKey eq ${OFFERS_PARTITION}` };

export function catalogueTables(
  offers: TableClient,
  licences: TableClient,
  budgets: Budgets,
): Pick<LicenceStore, OfferMethods | LicenceMethods> {
  return { ...offerTable(offers, budgets.call), ...licenceTable(licences, budgets) };
}

type OfferMethods =
  'readOffers' | 'holdsAnOffer' | 'listOffers' | 'readOffer' | 'pageOffers' | 'writeOffer' | 'deleteOffer';

function offerTable(offers: TableClient, budget: number): Pick<LicenceStore, OfferMethods> {
  const call = (operation: string) => ({ operation, budget });
  const listOffers: CatalogueStore['listOffers'] = async () =>
    (await readAllRows(offers, call('read the offers'), ALL_OFFERS)).map(readOfferRow);
  return {
    listOffers,
    readOffers: async () => (await listOffers()).map((row) => row.value),
    holdsAnOffer: async () => (await readFirstPage(offers, call('look for an offer'), ALL_OFFERS, 1)).length > 0,
    readOffer: async (plan) => {
      const row = await readOneRow(offers, call('read an offer'), OFFERS_PARTITION, planRow(plan));
      return row === null ? null : readOfferRow(row);
    },
    pageOffers: async (page) =>
      mapReadable(await readPage(offers, call('list offers'), ALL_OFFERS, page), readOfferRow),
    writeOffer: (offer, version, change) =>
      writeOwnRow(offers, call('write an offer'), { entity: offerEntity(offer, change), version }),
    deleteOffer: (plan, version) =>
      deleteRow(offers, call('delete an offer'), {
        partitionKey: OFFERS_PARTITION,
        rowKey: planRow(plan),
        version,
      }),
  };
}

type LicenceMethods =
  | 'listLicences'
  | 'listLicencesOf'
  | 'lookUpLicence'
  | 'readLicence'
  | 'pageLicences'
  | 'writeLicence'
  | 'deleteLicence';

const ALL_LICENCES = { filter: odata`PartitionKey eq ${LICENCES_PARTITION}` };

function licenceTable(licences: TableClient, budgets: Budgets): Pick<LicenceStore, LicenceMethods> {
  const call = (operation: string) => ({ operation, budget: budgets.call });
  const search = (operation: string) => ({ operation, budget: budgets.search });
  const readLicence: CatalogueStore['readLicence'] = async (id) => {
    const row = await readOneRow(licences, call('read a licence'), LICENCES_PARTITION, licenceRow(id));
    return row === null ? null : readLicenceRow(row);
  };
  return {
    readLicence,
    lookUpLicence: async (id) => (await readLicence(id))?.value ?? null,
    listLicences: async () =>
      (await searchAllRows(licences, search('read the licences'), ALL_LICENCES)).map(readLicenceRow),
    listLicencesOf: async (plan) =>
      (await searchAllRows(licences, search("read a plan's licences"), ofPlan(plan))).map(readLicenceRow),
    pageLicences: async (page) =>
      mapReadable(await readPage(licences, search('list licences'), ALL_LICENCES, page), readLicenceRow),
    writeLicence: (licence, version, change, claim) =>
      writeOwnRow(licences, call('write a licence'), { entity: licenceEntity(licence, change, claim), version }),
    deleteLicence: (id, version) =>
      deleteRow(licences, call('delete a licence'), {
        partitionKey: LICENCES_PARTITION,
        rowKey: licenceRow(id),
        version,
      }),
  };
}

function ofPlan(plan: PlanName): RowQuery {
  const all = ALL_LICENCES.filter;
  if (plan.name !== ANY) return { filter: `${all} and ${odata`plan eq ${planRow(plan)}`}` };
  const { from, to } = productRange(plan);
  return { filter: `${all} and ${odata`plan ge ${from} and plan lt ${to}`}` };
}
