import { isDeepStrictEqual } from 'node:util';

import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import type { LicenceKey } from '../catalogue/licence.ts';
import { ANY, foldCase } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';
import type { Catalogue, CatalogueStore } from '../catalogue/store.ts';
import type { LicenceStore } from './licenceStore.ts';
import type { Written } from '../contract/stored.ts';
import { licenceEntity, offerEntity, readLicenceRow, readOfferRow } from './catalogueRow.ts';
import { licencePartition, OFFERS_PARTITION, planRow, productRange } from './keys.ts';
import { mapReadable, readPage } from './paging.ts';
import { deleteRow, readAllRows, readFirstPage, readOneRow, searchAllRows, searchRow, writeOneRow } from './rows.ts';
import type { RowQuery, RowWrite } from './rows.ts';
import type { Budgets, StoreCall } from './storeCall.ts';

const ALL_OFFERS = { filter: odata`PartitionKey eq ${OFFERS_PARTITION}` };

export function catalogueTables(
  offers: TableClient,
  licences: TableClient,
  budgets: Budgets,
): Catalogue & CatalogueStore {
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

type LicenceMethods = Exclude<keyof (Catalogue & CatalogueStore), OfferMethods>;

function licenceTable(licences: TableClient, budgets: Budgets): Pick<LicenceStore, LicenceMethods> {
  const call = (operation: string) => ({ operation, budget: budgets.call });
  const search = (operation: string) => ({ operation, budget: budgets.search });
  return {
    listLicences: async () => (await searchAllRows(licences, search('read the licences'), {})).map(readLicenceRow),
    listLicencesOf: async (plan) =>
      (await searchAllRows(licences, search("read a plan's licences"), ofPlan(plan))).map(readLicenceRow),
    readLicences: async (cloud, subscriptionId) => {
      const rows = await readAllRows(licences, call("read a subscription's licences"), ofOne(cloud, subscriptionId));
      return rows.map((row) => readLicenceRow(row).value);
    },
    readLicence: async (key) => {
      const { partitionKey, rowKey } = licenceKeys(key);
      const row = await readOneRow(licences, call('read a licence'), partitionKey, rowKey);
      return row === null ? null : readLicenceRow(row);
    },
    findLicence: async (id) => {
      const query = { filter: odata`licenceId eq ${foldCase(id)}` };
      const row = await searchRow(licences, search('look for a licence'), query);
      return row === null ? null : readLicenceRow(row);
    },
    pageLicences: async (of, page) => {
      const query = of === null ? {} : ofOne(of.cloud, of.subscriptionId);
      return mapReadable(await readPage(licences, search('list licences'), query, page), readLicenceRow);
    },
    writeLicence: (licence, version, change) =>
      writeOwnRow(licences, call('write a licence'), { entity: licenceEntity(licence, change), version }),
    deleteLicence: (key, version) => deleteRow(licences, call('delete a licence'), { ...licenceKeys(key), version }),
  };
}

function ofOne(cloud: string, subscriptionId: string): RowQuery {
  return { filter: odata`PartitionKey eq ${licencePartition(cloud, subscriptionId)}` };
}

function ofPlan(plan: PlanName): RowQuery {
  if (plan.name !== ANY) return { filter: odata`RowKey eq ${planRow(plan)}` };
  const { from, to } = productRange(plan);
  return { filter: odata`RowKey ge ${from} and RowKey lt ${to}` };
}

function licenceKeys(key: LicenceKey): { partitionKey: string; rowKey: string } {
  return { partitionKey: licencePartition(key.cloud, key.subscriptionId), rowKey: planRow(key.plan) };
}

/** What tells one write of a row from every other. */
const OF_ONE_WRITE = ['content', 'changedBy', 'changedAt'] as const;

/** The client sends a request again whose answer was lost, and is then refused for its own row: that is success. */
async function writeOwnRow(table: TableClient, call: StoreCall, write: RowWrite): Promise<Written> {
  const written = await writeOneRow(table, call, write);
  if (written.outcome === 'written') return written;
  const { entity } = write;
  const present = await readOneRow(table, call, entity.partitionKey, entity.rowKey);
  const isOwn = present !== null && OF_ONE_WRITE.every((name) => isDeepStrictEqual(present[name], entity[name]));
  return isOwn ? { outcome: 'written', version: String(present['etag']) } : written;
}
