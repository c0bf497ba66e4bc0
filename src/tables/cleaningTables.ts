import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { dayOf } from '../contract/dayHours.ts';
import type { DecisionStore } from '../decisions/store.ts';
import type { RequestStore } from '../http/requestStore.ts';
import type { ActivationStore, SeatStore } from '../seats/store.ts';
import type { UsageStore } from '../usage/store.ts';
import type { StatisticsStore } from '../views/store.ts';
import { deleteActivations, ofPool } from './seats/activationCleaning.ts';
import { hourKey, STATISTICS_PARTITION, usageRange } from './kit/keys.ts';
import { listPools } from './seats/poolScan.ts';
import { deleteRows, readPieces } from './kit/rows.ts';
import type { Budgets } from './kit/storeCall.ts';

/** Rows looked at in one piece of work. */
const PIECE = 500;
const KEYS = ['partitionKey', 'rowKey'];

type CleaningTables = Pick<DecisionStore, 'deleteRepeats'> &
  Pick<RequestStore, 'deleteRequests'> &
  Pick<ActivationStore, 'deleteActivations'> &
  Pick<UsageStore, 'deleteUsage'> &
  Pick<StatisticsStore, 'deleteStatistics'>;

export function cleaningTables(
  tables: Readonly<Record<'once' | 'requests' | 'activations' | 'statistics', TableClient>>,
  seats: SeatStore & Pick<ActivationStore, 'deleteActivation'>,
  budgets: Budgets,
): CleaningTables {
  const deleteOld = async function* (table: TableClient, kind: string, filter: string): AsyncGenerator<number> {
    const search = { operation: `look for old ${kind}`, budget: budgets.search };
    const call = { operation: `delete old ${kind}`, budget: budgets.call };
    for await (const rows of readPieces(table, search, { filter, select: KEYS }, PIECE)) {
      await deleteRows(table, call, rows);
      yield rows.length;
    }
  };
  const deleteUsage = async function* (before: number): AsyncGenerator<number> {
    for await (const pool of listPools(tables.activations, budgets.search)) {
      yield* deleteOld(tables.activations, 'hours', `${ofPool(pool)} and ${hoursBefore(before)}`);
    }
  };
  return {
    deleteRepeats: (before) => deleteOld(tables.once, 'rows of past hours', odata`RowKey lt ${hourKey(before)}`),
    deleteRequests: (before) => deleteOld(tables.requests, 'requests', odata`at lt ${new Date(before)}`),
    deleteActivations: (before) => deleteActivations(tables.activations, seats, budgets, before),
    deleteUsage,
    deleteStatistics: (before) => deleteOld(tables.statistics, 'statistics', hoursOfStatistics(before)),
  };
}

/** Whole days: that in which `before` lies is kept. */
function hoursBefore(before: number): string {
  const { from, to } = usageRange({ from: 0, until: dayOf(before) }, { after: null, last: null });
  return odata`RowKey gt ${from} and RowKey lt ${to}`;
}

function hoursOfStatistics(before: number): string {
  return odata`PartitionKey eq ${STATISTICS_PARTITION} and RowKey lt ${hourKey(before)}`;
}
