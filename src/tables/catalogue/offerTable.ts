import { randomUUID } from 'node:crypto';

import { odata } from '@azure/data-tables';
import type { TableClient, TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import type { Notice, OfferCondition, OfferEdit, OffersWritten } from '../../catalogue/offers/offerList.ts';
import type { ShelfReader } from '../../catalogue/restoreMark.ts';
import type { Catalogue, CatalogueStore } from '../../catalogue/store.ts';
import { ANY } from '../../contract/planName.ts';
import { readMarkRow } from './restoreMarkRow.ts';
import { offerEntity, readOfferRow } from './catalogueRow.ts';
import {
  FIRST_OFFER_ROW,
  NOTICE_PREFIX,
  OFFER_LIST_ROW,
  OFFERS_PARTITION,
  planRow,
  RESTORED_ROW,
} from '../kit/keys.ts';
import { mapReadable, readPage } from '../kit/paging.ts';
import { parseJsonProperty, readRow, rowInstant, ROW_SCHEMA } from '../kit/readRow.ts';
import { deleteRow, readAllRows, readFirstPage, readOneRow, writeRows, writeTransaction } from '../kit/rows.ts';
import type { Row, RowRemoval, RowWrite } from '../kit/rows.ts';

const ALL = { filter: odata`PartitionKey eq ${OFFERS_PARTITION}` };
const SHELF = { filter: `${ALL.filter} and ${odata`RowKey ge ${RESTORED_ROW}`}` };
const ALL_OFFERS = { filter: `${ALL.filter} and ${odata`RowKey ge ${FIRST_OFFER_ROW}`}` };

type OfferMethods =
  | 'readOffers'
  | 'readShelf'
  | 'holdsAnOffer'
  | 'listOffers'
  | 'readOffer'
  | 'pageOffers'
  | 'readOfferList'
  | 'writeOffers'
  | 'putNotice'
  | 'dropNotice';

/**
 * Offers in one partition, with a row for the list as a whole, which each write of an offer writes too, and those of
 * notices.
 *
 * @param budget milliseconds for one operation
 */
export function offerTable(
  offers: TableClient,
  budget: number,
): Pick<Catalogue & CatalogueStore & ShelfReader, OfferMethods> {
  const call = (operation: string) => ({ operation, budget });
  const listOffers: CatalogueStore['listOffers'] = async () =>
    (await readAllRows(offers, call('read the offers'), ALL_OFFERS)).map(readOfferRow);
  const readOfferList: CatalogueStore['readOfferList'] = async () =>
    sortRows(await readAllRows(offers, call('read the offers and what is about to be written'), ALL));
  return {
    listOffers,
    readOfferList,
    readShelf: async () => {
      const rows = await readAllRows(offers, call('read the offers'), SHELF);
      const own = rows.find(({ rowKey }) => rowKey === RESTORED_ROW);
      const sold = rows.filter((row) => row !== own).map((row) => readOfferRow(row).value);
      return { offers: sold, restored: own === undefined ? null : readMarkRow(own).value };
    },
    readOffers: async () => (await listOffers()).map((row) => row.value),
    holdsAnOffer: async () => (await readFirstPage(offers, call('look for an offer'), ALL_OFFERS, 1)).length > 0,
    readOffer: async (plan) => {
      const row = await readOneRow(offers, call('read an offer'), OFFERS_PARTITION, planRow(plan));
      return row === null ? null : readOfferRow(row);
    },
    pageOffers: async (page) =>
      mapReadable(await readPage(offers, call('list offers'), ALL_OFFERS, page), readOfferRow),
    writeOffers: async (edits, condition) => {
      const mark = randomUUID();
      const actions = transactionOf(edits, condition, mark);
      const answer = await writeTransaction(offers, call('write offers'), actions);
      if (answer.outcome === 'written')
        return { outcome: 'written', versions: answer.versions.slice(1, edits.length + 1) };
      // The client sends a request again whose answer was lost, and is then refused for its own.
      return findOwn(edits, mark, await readAllRows(offers, call('read the offers again'), ALL));
    },
    putNotice: async (notice) => {
      await writeRows(offers, call('write what is about to be written'), [
        { entity: noticeEntity(notice), version: null },
      ]);
    },
    dropNotice: async (id) => {
      const row = { partitionKey: OFFERS_PARTITION, rowKey: NOTICE_PREFIX + id, version: null };
      return (await deleteRow(offers, call('delete what was about to be written'), row)) === 'deleted';
    },
  };
}

function transactionOf(
  edits: readonly OfferEdit[],
  { list, notice }: OfferCondition,
  mark: string,
): readonly (RowWrite | RowRemoval)[] {
  const listEntity = { partitionKey: OFFERS_PARTITION, rowKey: OFFER_LIST_ROW, schema: ROW_SCHEMA, mark };
  return [
    { entity: listEntity, version: list },
    ...edits.map(editOf),
    ...(notice === null ? [] : [removalOf(NOTICE_PREFIX + notice)]),
  ];
}

/** Nobody writes an offer without the row of the list, so that a removal needs no version. */
function editOf({ value, stored, change }: OfferEdit): RowWrite | RowRemoval {
  if (value !== null) return { entity: offerEntity(value, change), version: stored?.version ?? null };
  if (stored === null) throw new Error('What is not there cannot be deleted.');
  return removalOf(planRow(stored.value.plan));
}

function removalOf(rowKey: string): RowRemoval {
  return { removed: { partitionKey: OFFERS_PARTITION, rowKey } };
}

function findOwn(edits: readonly OfferEdit[], mark: string, rows: readonly Row[]): OffersWritten {
  if (rows.find(({ rowKey }) => rowKey === OFFER_LIST_ROW)?.['mark'] !== mark) return { outcome: 'changed' };
  const versions = new Map(rows.map(({ rowKey = '', etag }) => [rowKey, String(etag)]));
  return {
    outcome: 'written',
    versions: edits.map(({ value }) => (value === null ? '' : (versions.get(planRow(value.plan)) ?? ''))),
  };
}

const noticeRow = z.object({
  rowKey: z.string(),
  kind: z.enum(['grant', 'removal']),
  about: z.string(),
  names: z
    .string()
    .transform(parseJsonProperty)
    .pipe(z.union([z.literal(ANY), z.array(z.string())])),
  at: rowInstant,
});

function noticeEntity({ id, kind, about, names, at }: Notice): TableEntity {
  return {
    partitionKey: OFFERS_PARTITION,
    rowKey: NOTICE_PREFIX + id,
    schema: ROW_SCHEMA,
    ...{ kind, about, names: JSON.stringify(names), at: new Date(at) },
  };
}

function readNotice(row: Row): Notice {
  const { rowKey, ...rest } = readRow('notice', noticeRow, row);
  return { ...rest, id: rowKey.slice(NOTICE_PREFIX.length) };
}

/** The list's own row comes first of all: an offer that was written while the rows were read makes its version an old one. */
function sortRows(rows: readonly Row[]): Awaited<ReturnType<CatalogueStore['readOfferList']>> {
  const keyOf = ({ rowKey = '' }: Row) => rowKey;
  const list = rows.find((row) => keyOf(row) === OFFER_LIST_ROW);
  return {
    offers: rows.filter((row) => keyOf(row) >= FIRST_OFFER_ROW).map(readOfferRow),
    version: list === undefined ? null : String(list['etag']),
    notices: rows.filter((row) => keyOf(row).startsWith(NOTICE_PREFIX)).map(readNotice),
  };
}
