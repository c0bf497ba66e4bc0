import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';
import * as z from 'zod';

import { forEachAtOnce } from '../../catalogue/atOnce.ts';
import type { RecordedLicence } from '../../catalogue/store.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import { endKey } from '../../views/licencePlaces.ts';
import { LICENCE_ORDERS } from '../../views/store.ts';
import type {
  LicenceOrder,
  LicencePlaces,
  LicenceViewStore,
  SortedLicenceStore,
  SortedPage,
} from '../../views/store.ts';
import { licenceEntity, readLicenceRow } from '../catalogue/catalogueRow.ts';
import { LICENCES_PARTITION } from '../kit/keys.ts';
import { mapReadable, readPage } from '../kit/paging.ts';
import { parseJsonProperty, readRow, ROW_SCHEMA } from '../kit/readRow.ts';
import { deleteRow, fetchPiece, readOneRow, writeOneRow, writeRows } from '../kit/rows.ts';
import type { Row } from '../kit/rows.ts';
import { deleteWords, putWords } from './searchTable.ts';
import type { Budgets } from '../kit/storeCall.ts';
import { callStore } from '../kit/storeCall.ts';

type Tables = Readonly<Record<'licences' | 'licencesBy' | 'search', TableClient>>;

/** The partition of {@link LicencePlaces}. */
const PLACES = 'places';

const columns = z.object({
  etag: z.string(),
  rowKey: z.string(),
  version: z.string(),
  places: z
    .string()
    .transform(parseJsonProperty)
    .pipe(
      z.object({
        words: z.array(z.string()),
        copies: z.array(z.object({ order: z.enum(LICENCE_ORDERS), key: z.string() })),
      }),
    ),
});

function readPlacesRow(row: unknown) {
  const { etag, rowKey: id, version, places } = readRow('places', columns, row);
  return { value: { id, version, ...places }, version: etag };
}

function placesEntity({ id, version, words, copies }: LicencePlaces) {
  const places = JSON.stringify({ words, copies });
  return { partitionKey: PLACES, rowKey: id, schema: ROW_SCHEMA, version, places };
}

export function licenceViewTable(tables: Tables, budgets: Budgets): LicenceViewStore & SortedLicenceStore {
  const { licencesBy } = tables;
  const call = (operation: string) => ({ operation, budget: budgets.call });
  return {
    readPlaces: async (id) => {
      const row = await readOneRow(licencesBy, call('read where a licence is copied'), PLACES, id);
      return row && readPlacesRow(row);
    },
    writePlaces: (places, version) =>
      writeOneRow(licencesBy, call('write where a licence is copied'), { entity: placesEntity(places), version }),
    deletePlaces: (id, version) =>
      deleteRow(licencesBy, call('delete where a licence was copied'), { partitionKey: PLACES, rowKey: id, version }),
    pagePlaces: async (page) => {
      const search = { operation: 'list where licences are copied', budget: budgets.search };
      const rows = await readPage(licencesBy, search, { filter: odata`PartitionKey eq ${PLACES}` }, page);
      return mapReadable(rows, (row) => readPlacesRow(row).value);
    },
    putCopies: async (licence, { words, copies }) => {
      await putWords(tables.search, budgets.call, licence.value, words);
      await forEachAtOnce(copies, async ({ order, key }) => {
        const entity = {
          ...licenceEntity(licence.value, licence.change, licence.claim),
          partitionKey: order,
          rowKey: key,
        };
        const put = { entity: { ...entity, version: licence.version }, put: true as const };
        await writeRows(licencesBy, call('copy a licence'), [put]);
      });
    },
    deleteCopies: async ({ id, words, copies }) => {
      await deleteWords(tables.search, budgets.call, id, words);
      await forEachAtOnce(copies, async ({ order, key }) => {
        const place = { partitionKey: order, rowKey: key, version: null };
        await deleteRow(licencesBy, call('delete a copy of a licence'), place);
      });
    },
    pageSorted: (order, options) => pageSorted(tables, budgets.search, order, options),
  };
}

async function pageSorted(
  { licences, licencesBy }: Tables,
  budget: number,
  order: LicenceOrder | 'id',
  { after, size, ends = {} }: Parameters<SortedLicenceStore['pageSorted']>[1],
): Promise<SortedPage> {
  const call = { operation: 'list licences', budget };
  const [table, partition] = order === 'id' ? [licences, LICENCES_PARTITION] : [licencesBy, order];
  const conditions = [
    odata`PartitionKey eq ${partition}`,
    after === null ? null : odata`RowKey gt ${after}`,
    ends.from === undefined ? null : odata`RowKey ge ${endKey(ends.from)}`,
    ends.until === undefined ? null : odata`RowKey lt ${endKey(ends.until)}`,
  ];
  const query = { filter: conditions.filter((condition) => condition !== null).join(' and ') };
  const place = { maxPageSize: size, place: undefined };
  const { rows, next } = await callStore(call, (signal) => fetchPiece(table, query, place, signal));
  const items: SortedPage['items'][number][] = [];
  const unreadable: string[] = [];
  for (const row of rows) {
    try {
      items.push({ key: row.rowKey ?? '', licence: readCopy(row) });
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      unreadable.push(error.message);
    }
  }
  return { items, unreadable, after: next === undefined ? null : (rows.at(-1)?.rowKey ?? after) };
}

/** The version of a copy is that of the licence which was copied. */
function readCopy(row: Row): RecordedLicence {
  const licence = readLicenceRow(row);
  const version = row['version'];
  return typeof version === 'string' ? { ...licence, version } : licence;
}
