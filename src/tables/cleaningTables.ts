import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import type { DecisionStore } from '../decisions/store.ts';
import type { RequestStore } from '../http/requestStore.ts';
import type { ActivationStore } from '../seats/store.ts';
import { decisionDay, hourKey } from './keys.ts';
import { deleteRow, deleteTogether, readPieces } from './rows.ts';
import type { Row } from './rows.ts';
import type { Budgets } from './storeCall.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Rows looked at in one piece of work. */
const PIECE = 500;
/** A transaction's, and one partition's. */
const BATCH = 100;
const KEYS = ['partitionKey', 'rowKey'];

type CleaningTables = Pick<DecisionStore, 'deleteDecisions' | 'deleteHours'> &
  Pick<RequestStore, 'deleteRequests'> &
  Pick<ActivationStore, 'deleteActivations'>;

export function cleaningTables(
  tables: Readonly<Record<'decisions' | 'once' | 'requests' | 'activations', TableClient>>,
  budgets: Budgets,
): CleaningTables {
  const call = (operation: string) => ({ operation, budget: budgets.call });
  const search = (kind: string) => ({ operation: `look for old ${kind}`, budget: budgets.search });
  const deleteRows = async function* (table: TableClient, kind: string, filter: string): AsyncGenerator<number> {
    for await (const rows of readPieces(table, search(kind), { filter, select: KEYS }, PIECE)) {
      for (const batch of batchByPartition(rows)) await deleteTogether(table, call(`delete old ${kind}`), batch);
      yield rows.length;
    }
  };
  return {
    // Whole days: the first partition to go is that of the day before the one in which `before` lies.
    deleteDecisions: (before) =>
      deleteRows(tables.decisions, 'decisions', odata`PartitionKey ge ${decisionDay(before - DAY)}`),
    deleteHours: (before) => deleteRows(tables.once, 'rows of past hours', odata`RowKey lt ${hourKey(before)}`),
    deleteRequests: (before) => deleteRows(tables.requests, 'requests', odata`at lt ${new Date(before)}`),
    deleteActivations: (before) => deleteActivations(tables.activations, budgets, before),
  };
}

async function* deleteActivations(activations: TableClient, budgets: Budgets, before: number): AsyncGenerator<number> {
  const search = { operation: 'look for old activations', budget: budgets.search };
  const call = { operation: 'delete an old activation', budget: budgets.call };
  const end = new Date(before);
  const filter = odata`seat lt 0 and blocked eq false and leaseEnd lt ${end} and graceUntil lt ${end}`;
  for await (const rows of readPieces(activations, search, { filter }, PIECE)) {
    let deleted = 0;
    for (const { partitionKey, rowKey, etag } of rows) {
      // A VM that has come back meanwhile keeps its row.
      const place = { partitionKey: String(partitionKey), rowKey: String(rowKey), version: String(etag) };
      const outcome = await deleteRow(activations, call, place);
      if (outcome === 'deleted') deleted += 1;
    }
    yield deleted;
  }
}

function batchByPartition(rows: readonly Row[]): readonly (readonly Row[])[] {
  const batches: Row[][] = [];
  for (const row of rows) {
    const last = batches.at(-1);
    if (last?.[0]?.['partitionKey'] === row['partitionKey'] && last !== undefined && last.length < BATCH)
      last.push(row);
    else batches.push([row]);
  }
  return batches;
}
