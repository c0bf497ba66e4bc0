import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { forEachAtOnce } from '../../catalogue/atOnce.ts';
import type { DecisionStore } from '../../decisions/store.ts';
import { logFilter } from './decisionFilter.ts';
import { decisionDay, idKeys, subscriptionPartition, timelinePartition } from '../kit/keys.ts';
import { deleteRow, deleteRows, readPieces } from '../kit/rows.ts';
import type { Row } from '../kit/rows.ts';
import type { Budgets, StoreCall } from '../kit/storeCall.ts';
import type { TimelineTables } from './timelineTables.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Rows looked at in one piece of work. */
const PIECE = 500;
const KEYS = ['partitionKey', 'rowKey'];

type LogTables = Omit<TimelineTables, 'views'> & Readonly<Record<'once' | 'search', TableClient>>;

export function decisionCleaning(
  tables: LogTables,
  budgets: Budgets,
): Pick<DecisionStore, 'deleteDecisions' | 'deleteDecisionsOf'> {
  return {
    // Whole days: the first partition to go is that of the day before the one in which `before` lies.
    deleteDecisions: (before) => deleteDecisions(tables, budgets, odata`PartitionKey ge ${decisionDay(before - DAY)}`),
    deleteDecisionsOf: async function* (of) {
      yield* deleteDecisions(tables, budgets, logFilter(of), (call, row) => deleteId(tables.search, call, row));
      const filter = odata`PartitionKey eq ${subscriptionPartition(of.cloud, of.subscriptionId)}`;
      const search = { operation: 'look for rows of past hours', budget: budgets.search };
      const call = { operation: 'delete rows of past hours', budget: budgets.call };
      for await (const rows of readPieces(tables.once, search, { filter, select: KEYS }, PIECE)) {
        await deleteRows(tables.once, call, rows);
        yield 0;
      }
    },
  };
}

/** The copies first, for the log alone says where they are: what a crash leaves is found again. */
async function* deleteDecisions(
  tables: LogTables,
  budgets: Budgets,
  filter: string,
  deleteMore: (call: StoreCall, row: Row) => Promise<void> = async () => Promise.resolve(),
): AsyncGenerator<number> {
  const search = { operation: 'look for old decisions', budget: budgets.search };
  const call = { operation: 'delete old decisions', budget: budgets.call };
  const select = [...KEYS, 'cloud', 'subscriptionId', 'vmId'];
  for await (const rows of readPieces(tables.decisions, search, { filter, select }, PIECE)) {
    await forEachAtOnce(rows, async (row) => {
      await deleteCopies(tables, call, row);
      await deleteMore(call, row);
    });
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

/** A VM that was refused has no other row that would say that the search knows it. */
async function deleteId(search: TableClient, call: StoreCall, row: Row): Promise<void> {
  const one = { kind: 'vm', cloud: String(row['cloud']), id: String(row['vmId']) } as const;
  await deleteRow(search, call, { ...idKeys(one), version: null });
}
