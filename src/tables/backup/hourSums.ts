import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import type { BackupLine } from '../../backup/records.ts';
import type { KeptLine, KeptLines } from '../../backup/store.ts';
import type { SummedHours, VmHours } from '../../usage/store.ts';
import { summedRow, USAGE_ROWS, usageRange } from '../kit/keys.ts';
import { readPieces } from '../kit/rows.ts';
import type { StoreCall } from '../kit/storeCall.ts';
import { readUsageRow } from '../seats/usageRow.ts';
import { HOURS_A_DAY } from '../seats/usageSums.ts';

/** Some lines of one pool, `'end'` where there are none any more. */
export type ReadInPool = (
  activations: TableClient,
  call: StoreCall,
  pool: string,
  after: readonly string[],
) => Promise<KeptLines>;

const PIECE = 1_000;
/** Days that are summed at once, unless one has more rows by itself. */
const MAX_ROWS = 5_000;

type Sum = Extract<BackupLine, { readonly kind: 'hours' }>;

/**
 * The ledger of a pool, summed by day, subscription and offer: a backup names no VM there. A place within the pool is the
 * first row of a day, and the sum of that day that was read last.
 */
export const readSums: ReadInPool = async (activations, call, pool, [day = USAGE_ROWS.from, last = '']) => {
  const range = odata`PartitionKey eq ${pool} and RowKey ge ${day} and RowKey lt ${USAGE_ROWS.to}`;
  const sums = new Map<string, Sum>();
  let [count, newest] = [0, -1];
  let isWhole = true;
  for await (const rows of readPieces(activations, call, { filter: range }, PIECE)) {
    for (const row of rows.map(readUsageRow)) {
      // Rows are in the order of days: the day before is complete.
      if (row.day !== newest && count >= MAX_ROWS) isWhole = false;
      if (!isWhole) break;
      [newest, count] = [row.day, count + 1];
      add(sums, pool, row);
    }
    if (!isWhole) break;
  }
  const all = [...sums].sort(([one], [other]) => (one < other ? -1 : 1));
  const lines = all.filter(([key]) => key > last).map(([key, line]) => keep(pool, key, line));
  if (lines.length === 0 && isWhole) return { lines, next: 'end' };
  return { lines, next: [pool, firstRowOf(newest + 1)] };
};

function keep(pool: string, key: string, line: Sum): KeptLine {
  return { line, place: [pool, firstRowOf(line.day), key] };
}

function firstRowOf(day: number): string {
  return usageRange({ from: day, until: day }, { after: null, last: null }).from;
}

function add(sums: Map<string, Sum>, pool: string, row: VmHours | SummedHours): void {
  const { day, cloud, subscriptionId, licenceId, offer } = row;
  const key = summedRow(day, row);
  const before = sums.get(key)?.counts ?? [];
  const counts = Array.from({ length: HOURS_A_DAY }, (_, hour) => (before[hour] ?? 0) + countOf(row, hour));
  sums.set(key, { kind: 'hours', pool, day, cloud, subscriptionId, licenceId, offer, counts });
}

function countOf(row: VmHours | SummedHours, hour: number): number {
  return 'counts' in row ? (row.counts[hour] ?? 0) : (row.hours >> hour) & 1;
}
