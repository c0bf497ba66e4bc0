import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { forEachAtOnce } from '../catalogue/atOnce.ts';
import type { DecisionStore } from '../decisions/store.ts';
import type { RequestStore } from '../http/requestStore.ts';
import type { ActivationStore } from '../seats/store.ts';
import { decisionDay, hourKey, timelinePartition } from './keys.ts';
import { deleteRow, deleteTogether, MAX_BATCH, readPieces } from './rows.ts';
import type { Row } from './rows.ts';
import type { Budgets, StoreCall } from './storeCall.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Rows looked at in one piece of work. */
const PIECE = 500;
const KEYS = ['partitionKey', 'rowKey'];

type CleaningTables = Pick<DecisionStore, 'deleteDecisions' | 'deleteHours'> &
  Pick<RequestStore, 'deleteRequests'> &
  Pick<ActivationStore, 'deleteActivations'>;

type CleanedTables = Readonly<
  Record<'decisions' | 'once' | 'bySubscription' | 'byVm' | 'requests' | 'activations', TableClient>
>;

export function cleaningTables(tables: CleanedTables, budgets: Budgets): CleaningTables {
  const call = (operation: string) => ({ operation, budget: budgets.call });
  const search = (kind: string) => ({ operation: `look for old ${kind}`, budget: budgets.search });
  const deleteRows = async function* (table: TableClient, kind: string, filter: string): AsyncGenerator<number> {
    for await (const rows of readPieces(table, search(kind), { filter, select: KEYS }, PIECE)) {
      for (const batch of batchByPartition(rows)) await deleteTogether(table, call(`delete old ${kind}`), batch);
      yield rows.length;
    }
  };
  return {
    deleteDecisions: (before) => deleteDecisions(tables, budgets, before),
    deleteHours: (before) => deleteRows(tables.once, 'rows of past hours', odata`RowKey lt ${hourKey(before)}`),
    deleteRequests: (before) => deleteRows(tables.requests, 'requests', odata`at lt ${new Date(before)}`),
    deleteActivations: (before) => deleteActivations(tables.activations, budgets, before),
  };
}

/** The copies first, for the log alone says where they are: what a crash leaves is found again. */
async function* deleteDecisions(tables: CleanedTables, budgets: Budgets, before: number): AsyncGenerator<number> {
  const search = { operation: 'look for old decisions', budget: budgets.search };
  const call = { operation: 'delete old decisions', budget: budgets.call };
  // Whole days: the first partition to go is that of the day before the one in which `before` lies.
  const filter = odata`PartitionKey ge ${decisionDay(before - DAY)}`;
  const select = [...KEYS, 'cloud', 'subscriptionId', 'vmId'];
  for await (const rows of readPieces(tables.decisions, search, { filter, select }, PIECE)) {
    await forEachAtOnce(rows, (row) => deleteCopies(tables, call, row));
    for (const batch of batchByPartition(rows)) await deleteTogether(tables.decisions, call, batch);
    yield rows.length;
  }
}

async function deleteCopies(tables: CleanedTables, call: StoreCall, row: Row): Promise<void> {
  const [cloud = '', subscriptionId = '', vmId = ''] = [row['cloud'], row['subscriptionId'], row['vmId']].map(String);
  const place = { rowKey: String(row.rowKey), version: null };
  const subscription = timelinePartition({ kind: 'subscription', cloud, subscriptionId });
  await deleteRow(tables.bySubscription, call, { ...place, partitionKey: subscription });
  await deleteRow(tables.byVm, call, { ...place, partitionKey: timelinePartition({ kind: 'vm', cloud, vmId }) });
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
    if (last?.[0]?.['partitionKey'] === row['partitionKey'] && last !== undefined && last.length < MAX_BATCH)
      last.push(row);
    else batches.push([row]);
  }
  return batches;
}
