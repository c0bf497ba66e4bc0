import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import type { BackupLine } from '../../backup/records.ts';
import type { KeptLine, KeptLines, ReadPlace } from '../../backup/store.ts';
import { parsePoolName } from '../../catalogue/seatPool.ts';
import type { SummedHours, VmHours } from '../../usage/store.ts';
import { summedRow, USAGE_ROWS, usageRange } from '../kit/keys.ts';
import { readPieces } from '../kit/rows.ts';
import type { Row } from '../kit/rows.ts';
import type { StoreCall } from '../kit/storeCall.ts';
import { readUsageRow } from '../seats/usageRow.ts';
import { HOURS_A_DAY } from '../seats/usageSums.ts';

const PIECE = 1_000;
/** Rows that are summed at once, unless a day has more by itself. */
const MAX_ROWS = 5_000;
/** Sums after which a reading ends: a part has room for fewer, and what it has no room for is read again. */
const ENOUGH = 1_000;

type Sum = Extract<BackupLine, { readonly kind: 'hours' }>;

/**
 * The ledger of all pools, one after the other, summed by day, subscription and offer: a backup names no VM there. All of its
 * rows have to be read, so that a query over many pools at once costs nothing. A place is the first row of a day of a pool, and
 * the sum of that day that was read last.
 */
export async function readSums(activations: TableClient, call: StoreCall, after: ReadPlace): Promise<KeptLines> {
  const [first = '', , last = ''] = after ?? [];
  const lines: KeptLine[] = [];
  let open: Day = { pool: '', day: -1, sums: new Map() };
  const close = () => {
    for (const [key, sum] of [...open.sums].sort(([one], [other]) => (one < other ? -1 : 1)))
      if (open.pool !== first || key > last) lines.push(keep(key, sum));
  };
  let count = 0;
  for await (const row of readLedger(activations, call, after)) {
    const [pool, hours] = [String(row['partitionKey']), readUsageRow(row)];
    const { day } = hours;
    // Rows are in the order of pools and days: the day before is complete.
    if (pool !== open.pool || day !== open.day) {
      close();
      open = { pool, day, sums: new Map() };
      if (count >= MAX_ROWS || lines.length >= ENOUGH) return { lines, next: [pool, firstRowOf(day)] };
    }
    count += 1;
    add(open.sums, pool, hours);
  }
  close();
  return { lines, next: 'end' };
}

/** The sums of a day of a pool that is being read. */
interface Day {
  readonly pool: string;
  readonly day: number;
  readonly sums: Map<string, Sum>;
}

/** Two queries that the store finds by its keys: the rest of the pool where reading goes on, and all pools after it. */
async function* readLedger(activations: TableClient, call: StoreCall, after: ReadPlace): AsyncGenerator<Row> {
  const [pool = '', from = USAGE_ROWS.from] = after ?? [];
  const filters = [
    ...(after === null ? [] : [odata`PartitionKey eq ${pool} and RowKey ge ${from} and RowKey lt ${USAGE_ROWS.to}`]),
    odata`PartitionKey gt ${pool} and RowKey ge ${USAGE_ROWS.from} and RowKey lt ${USAGE_ROWS.to}`,
  ];
  for (const filter of filters)
    for await (const rows of readPieces(activations, call, { filter }, PIECE))
      yield* rows.filter((row) => parsePoolName(String(row['partitionKey'])) !== null);
}

function keep(key: string, line: Sum): KeptLine {
  return { line, place: [line.pool, firstRowOf(line.day), key] };
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
