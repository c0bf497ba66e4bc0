import { odata } from '@azure/data-tables';

import { forEachAtOnce } from '../catalogue/atOnce.ts';
import type { DecisionStore } from '../decisions/store.ts';
import { decisionDay, timelinePartition } from './keys.ts';
import { deleteRow, deleteRows, readPieces } from './rows.ts';
import type { Row } from './rows.ts';
import type { Budgets, StoreCall } from './storeCall.ts';
import type { TimelineTables } from './timelineTables.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Rows looked at in one piece of work. */
const PIECE = 500;

type LogTables = Omit<TimelineTables, 'views'>;

export function decisionCleaning(tables: LogTables, budgets: Budgets): Pick<DecisionStore, 'deleteDecisions'> {
  return { deleteDecisions: (before) => deleteDecisions(tables, budgets, before) };
}

/** The copies first, for the log alone says where they are: what a crash leaves is found again. */
async function* deleteDecisions(tables: LogTables, budgets: Budgets, before: number): AsyncGenerator<number> {
  const search = { operation: 'look for old decisions', budget: budgets.search };
  const call = { operation: 'delete old decisions', budget: budgets.call };
  // Whole days: the first partition to go is that of the day before the one in which `before` lies.
  const filter = odata`PartitionKey ge ${decisionDay(before - DAY)}`;
  const select = ['partitionKey', 'rowKey', 'cloud', 'subscriptionId', 'vmId'];
  for await (const rows of readPieces(tables.decisions, search, { filter, select }, PIECE)) {
    await forEachAtOnce(rows, (row) => deleteCopies(tables, call, row));
    await deleteRows(tables.decisions, call, rows);
    yield rows.length;
  }
}

async function deleteCopies(tables: LogTables, call: StoreCall, row: Row): Promise<void> {
  const [cloud = '', subscriptionId = '', vmId = ''] = [row['cloud'], row['subscriptionId'], row['vmId']].map(String);
  const place = { rowKey: String(row.rowKey), version: null };
  const subscription = timelinePartition({ kind: 'subscription', cloud, subscriptionId });
  await deleteRow(tables.bySubscription, call, { ...place, partitionKey: subscription });
  await deleteRow(tables.byVm, call, { ...place, partitionKey: timelinePartition({ kind: 'vm', cloud, vmId }) });
}
