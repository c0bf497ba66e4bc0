import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { poolName } from '../../catalogue/seatPool.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import type { SummedHours, UsageStore, VmHours } from '../../usage/store.ts';
import { ofPool } from './activationCleaning.ts';
import { summedRow, USAGE_ROWS, usageRow } from '../kit/keys.ts';
import { readOneRow, readPieces, replaceRows } from '../kit/rows.ts';
import type { Budgets } from '../kit/storeCall.ts';
import { readUsageRow, sumEntity } from './usageRow.ts';

/** Rows of one day that are summed at once: a transaction has at most 100, and the sum is one of them. */
const MAX_SUMMED = 99;
const PIECE = 1_000;
export const HOURS_A_DAY = 24;

export function usageSums(activations: TableClient, budgets: Budgets): Pick<UsageStore, 'sumHours'> {
  return {
    sumHours: async function* (pool, { cloud, subscriptionId }, kept) {
      const call = { operation: 'read the hours of VMs', budget: budgets.search };
      const rows = odata`RowKey ge ${USAGE_ROWS.from} and RowKey lt ${USAGE_ROWS.to}`;
      const own = odata`cloud eq ${cloud} and subscriptionId eq ${subscriptionId}`;
      const query = { filter: `${ofPool(pool)} and ${rows} and ${own}` };
      for await (const piece of readPieces(activations, call, query, PIECE)) {
        const hours = piece.map(readUsageRow).filter((row) => row.vmId !== null && !kept.has(row.vmId));
        for (const batch of batchByDay(hours as readonly VmHours[])) {
          await sumBatch(activations, budgets.call, pool, batch);
          yield batch.length;
        }
      }
    },
  };
}

/** Rows of one day and offer, which have one sum. */
function batchByDay(rows: readonly VmHours[]): readonly (readonly VmHours[])[] {
  const batches: VmHours[][] = [];
  for (const row of rows) {
    const fitting = batches.findLast(([first]) => first?.day === row.day && first.offer === row.offer);
    if (fitting !== undefined && fitting.length < MAX_SUMMED) fitting.push(row);
    else batches.push([row]);
  }
  return batches;
}

async function sumBatch(activations: TableClient, budget: number, pool: SeatPool, rows: readonly VmHours[]) {
  const [first] = rows;
  if (first === undefined) return;
  const partitionKey = poolName(pool);
  const read = { operation: 'read summed hours', budget };
  const row = await readOneRow(activations, read, partitionKey, summedRow(first.day, first));
  const before = row === null ? null : readUsageRow(row);
  const sum = { ...first, counts: addHours(before !== null && 'counts' in before ? before.counts : [], rows) };
  const write = { entity: sumEntity(partitionKey, sum), version: row === null ? null : String(row['etag']) };
  const removed = rows.map(({ day, vmId }) => ({ removed: { partitionKey, rowKey: usageRow(day, vmId) } }));
  const call = { operation: 'sum hours', budget };
  if ((await replaceRows(activations, call, write, removed)) === 'written') return;
  throw new StoreUnavailableError('The hours were changed at the same time: try again.');
}

function addHours(counts: SummedHours['counts'], rows: readonly VmHours[]): readonly number[] {
  return Array.from({ length: HOURS_A_DAY }, (_, hour) => {
    const set = rows.filter(({ hours }) => ((hours >> hour) & 1) === 1);
    return (counts[hour] ?? 0) + set.length;
  });
}
