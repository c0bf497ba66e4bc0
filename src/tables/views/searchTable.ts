import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';
import * as z from 'zod';

import { forEachAtOnce } from '../../catalogue/atOnce.ts';
import type { Licence } from '../../catalogue/licence.ts';
import { formatPlanName } from '../../contract/planName.ts';
import type { FoundLicence, KnownId, SearchStore } from '../../views/store.ts';
import { ID_PARTITIONS, idKeys, idPartition, licenceRow, wordKeys, wordPartition } from '../kit/keys.ts';
import { parseJsonProperty, readRow, rowInstant, ROW_SCHEMA } from '../kit/readRow.ts';
import { deleteRow, deleteRows, fetchPiece, MAX_BATCH, readPieces, writeRows } from '../kit/rows.ts';
import { callStore } from '../kit/storeCall.ts';
import type { Budgets } from '../kit/storeCall.ts';

/** Rows of one answer. */
const MAX_FOUND = 1_000;
const PIECE = 500;

const idColumns = z.object({
  kind: z.enum(['subscription', 'vm']),
  cloud: z.string(),
  id: z.string(),
  at: rowInstant,
});

const licenceColumns = z.object({
  content: z
    .string()
    .transform(parseJsonProperty)
    .pipe(
      z.object({
        ...{ id: z.string(), customer: z.string().nullable(), reference: z.string().nullable(), offer: z.string() },
        words: z.array(z.string()),
      }),
    ),
});

export function searchTable(search: TableClient, budgets: Budgets): SearchStore {
  const find = (filter: string) => {
    const call = { operation: 'search', budget: budgets.search };
    const place = { maxPageSize: MAX_FOUND, place: undefined };
    return callStore(call, (signal) => fetchPiece(search, { filter }, place, signal));
  };
  return {
    putIds: (ids) => putIds(search, budgets.call, ids),
    deleteId: async (one) => {
      await deleteRow(search, { operation: 'forget an id', budget: budgets.call }, { ...idKeys(one), version: null });
    },
    deleteIds: async function* (before) {
      const looking = { operation: 'look for old ids', budget: budgets.search };
      const { from, to } = ID_PARTITIONS;
      const filter = odata`PartitionKey ge ${from} and PartitionKey lt ${to} and at lt ${new Date(before)}`;
      for await (const rows of readPieces(search, looking, { filter, select: ['partitionKey', 'rowKey'] }, PIECE)) {
        await deleteRows(search, { operation: 'delete old ids', budget: budgets.call }, rows);
        yield rows.length;
      }
    },
    findIds: async (beginning) => {
      const { rows, next } = await find(beginningFilter(idPartition(beginning), beginning));
      return { items: rows.map((row): KnownId => readRow('id', idColumns, row)), complete: next === undefined };
    },
    findLicences: async (beginning) => {
      const { rows, next } = await find(beginningFilter(wordPartition(beginning), beginning));
      const items = rows.map((row): FoundLicence => readRow('word', licenceColumns, row).content);
      return { items, complete: next === undefined };
    },
  };
}

/** After every letter. */
const LAST = '\ufffd';

function beginningFilter(partition: string, beginning: string): string {
  return odata`PartitionKey eq ${partition} and RowKey ge ${beginning} and RowKey lt ${beginning + LAST}`;
}

async function putIds(search: TableClient, budget: number, ids: readonly KnownId[]): Promise<void> {
  const batches = [...Map.groupBy(ids, ({ id }) => idPartition(id)).values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / MAX_BATCH) }, (_, index) =>
      group.slice(index * MAX_BATCH, (index + 1) * MAX_BATCH),
    ),
  );
  await forEachAtOnce(batches, async (batch) => {
    const writes = batch.map(({ at, ...one }) => ({
      entity: { ...idKeys(one), schema: ROW_SCHEMA, ...one, at: new Date(at) },
      put: true as const,
    }));
    await writeRows(search, { operation: 'write ids', budget }, writes);
  });
}

/** Each word has a row with what the search tells of the licence. */
export async function putWords(search: TableClient, budget: number, licence: Licence, words: readonly string[]) {
  const { id, customer, plan } = licence;
  const found: FoundLicence = {
    ...{ id, customer: customer?.name ?? null, reference: customer?.reference ?? null },
    ...{ offer: formatPlanName(plan), words },
  };
  await forEachAtOnce(words, async (word) => {
    const entity = { ...wordKeys(word, licenceRow(id)), schema: ROW_SCHEMA, content: JSON.stringify(found) };
    await writeRows(search, { operation: 'write words', budget }, [{ entity, put: true }]);
  });
}

/** @param id as the licence is keyed */
export async function deleteWords(search: TableClient, budget: number, id: string, words: readonly string[]) {
  await forEachAtOnce(words, async (word) => {
    await deleteRow(search, { operation: 'delete words', budget }, { ...wordKeys(word, id), version: null });
  });
}
