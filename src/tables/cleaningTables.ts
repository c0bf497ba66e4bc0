import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { forEachAtOnce } from '../catalogue/atOnce.ts';
import { dayOf } from '../contract/dayHours.ts';
import type { DecisionStore } from '../decisions/store.ts';
import type { RequestStore } from '../http/requestStore.ts';
import type { ActivationStore, SeatStore } from '../seats/store.ts';
import type { UsageStore } from '../usage/store.ts';
import { deleteActivations, ofPool } from './activationCleaning.ts';
import { logFilter } from './decisionFilter.ts';
import { decisionDay, hourKey, subscriptionPartition, timelinePartition, usageRange } from './keys.ts';
import { listPools } from './poolScan.ts';
import { deleteRow, deleteTogether, MAX_BATCH, readPieces } from './rows.ts';
import type { Row } from './rows.ts';
import type { Budgets, StoreCall } from './storeCall.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Rows looked at in one piece of work. */
const PIECE = 500;
const KEYS = ['partitionKey', 'rowKey'];

type CleaningTables = Pick<DecisionStore, 'deleteDecisions' | 'deleteDecisionsOf' | 'deleteRepeats'> &
  Pick<RequestStore, 'deleteRequests'> &
  Pick<ActivationStore, 'deleteActivations'> &
  Pick<UsageStore, 'deleteUsage'>;

type CleanedTables = Readonly<
  Record<'decisions' | 'once' | 'bySubscription' | 'byVm' | 'requests' | 'activations', TableClient>
>;

export function cleaningTables(
  tables: CleanedTables,
  seats: SeatStore & Pick<ActivationStore, 'deleteActivation'>,
  budgets: Budgets,
): CleaningTables {
  const deleteRows = async function* (table: TableClient, kind: string, filter: string): AsyncGenerator<number> {
    const search = { operation: `look for old ${kind}`, budget: budgets.search };
    const call = { operation: `delete old ${kind}`, budget: budgets.call };
    for await (const rows of readPieces(table, search, { filter, select: KEYS }, PIECE)) {
      for (const batch of batchByPartition(rows)) await deleteTogether(table, call, batch);
      yield rows.length;
    }
  };
  const deleteUsage = async function* (before: number): AsyncGenerator<number> {
    for await (const pool of listPools(tables.activations, budgets.search)) {
      yield* deleteRows(tables.activations, 'hours', `${ofPool(pool)} and ${hoursBefore(before)}`);
    }
  };
  return {
    // Whole days: the first partition to go is that of the day before the one in which `before` lies.
    deleteDecisions: (before) => deleteDecisions(tables, budgets, odata`PartitionKey ge ${decisionDay(before - DAY)}`),
    deleteDecisionsOf: async function* (of) {
      yield* deleteDecisions(tables, budgets, logFilter(of));
      const repeats = odata`PartitionKey eq ${subscriptionPartition(of.cloud, of.subscriptionId)}`;
      for await (const count of deleteRows(tables.once, 'rows of past hours', repeats)) if (count > 0) yield 0;
    },
    deleteRepeats: (before) => deleteRows(tables.once, 'rows of past hours', odata`RowKey lt ${hourKey(before)}`),
    deleteRequests: (before) => deleteRows(tables.requests, 'requests', odata`at lt ${new Date(before)}`),
    deleteActivations: (before) => deleteActivations(tables.activations, seats, budgets, before),
    deleteUsage,
  };
}

/** Whole days: that in which `before` lies is kept. */
function hoursBefore(before: number): string {
  const { from, to } = usageRange({ from: 0, until: dayOf(before) }, { after: null, last: null });
  return odata`RowKey gt ${from} and RowKey lt ${to}`;
}

/** The copies first, for the log alone says where they are: what a crash leaves is found again. */
async function* deleteDecisions(tables: CleanedTables, budgets: Budgets, filter: string): AsyncGenerator<number> {
  const search = { operation: 'look for old decisions', budget: budgets.search };
  const call = { operation: 'delete old decisions', budget: budgets.call };
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
