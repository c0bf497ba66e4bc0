import { addCounts, countDecisions, HOUR, NO_COUNTS } from './countDecisions.ts';
import type { HourCounts } from './countDecisions.ts';
import type { CountedHour, IssuesCounted, LogReader, StatisticsStore, Times } from './store.ts';

/** Decisions that are read from the log where they are not counted yet. The projector is some minutes behind. */
const MAX_TAIL = 5_000;

/** Milliseconds: what is older is asked for without the mark, which a reader of the present gets with the same call. */
const PRESENT = HOUR;

export type StatisticsReader = LogReader &
  Pick<StatisticsStore, 'readStatistics' | 'readStatisticsMark' | 'readCountedHours'>;

export interface Statistics {
  /** By the beginning of the hour, in milliseconds since the epoch; without the hours that have nothing. */
  readonly hours: ReadonlyMap<number, HourCounts>;
  /** Everything until then is counted, in milliseconds since the epoch: the present, unless the projector is far behind. */
  readonly asOf: number;
}

/**
 * What was decided in some hours: what is counted already, and what the log has beyond it.
 *
 * @param hours whole ones
 * @param now milliseconds since the epoch
 * @throws {StoreUnavailableError}
 */
export async function readStatistics(store: StatisticsReader, hours: Times, now: number): Promise<Statistics> {
  const counted = hours.until > now - PRESENT ? await store.readStatistics(hours.from) : await readPast(store, hours);
  // What is there while everything is counted anew will be deleted.
  const rows = (counted.mark?.until ?? 0) === 0 ? [] : dropFolded(counted.hours);
  // Each row says how far its slice went: what is there, the mark may not know yet.
  const mark = rows.reduce((latest, { slices }) => Math.max(latest, slices.until), counted.mark?.until ?? 0);
  const seen = new Set(rows.flatMap((row) => row.seen));
  const tail = await readTail(store, { from: Math.max(hours.from, mark), until: hours.until });
  const fresh = tail === null ? [] : countDecisions(tail, seen);
  const all = [...rows, ...fresh, ...counted.issues.map(asHour)].filter(
    ({ hour }) => hour >= hours.from && hour < hours.until,
  );
  return { hours: sumByHour(all), asOf: tail === null ? mark : Math.min(now, hours.until) };
}

async function readPast(store: StatisticsReader, hours: Times) {
  const mark = await store.readStatisticsMark();
  const rows = await store.readCountedHours(hours);
  return { hours: rows.map(({ value }) => value), mark: mark?.value ?? null, issues: [] };
}

async function readTail(store: LogReader, times: Times) {
  return times.from >= times.until ? [] : store.readSlice(times, MAX_TAIL);
}

/** Rows that were folded while they were read come before the row that they were folded into, which has them too. */
function dropFolded(rows: readonly CountedHour[]): readonly CountedHour[] {
  const kept: CountedHour[] = [];
  for (const row of rows) {
    let last = kept.at(-1);
    while (last?.hour === row.hour && last.slices.from >= row.slices.from) {
      kept.pop();
      last = kept.at(-1);
    }
    kept.push(row);
  }
  return kept;
}

interface OfHour {
  readonly hour: number;
  readonly counts: HourCounts;
}

function asHour({ hour, issues }: IssuesCounted): OfHour {
  return { hour, counts: { ...NO_COUNTS, issues } };
}

function sumByHour(all: readonly OfHour[]): ReadonlyMap<number, HourCounts> {
  const hours = new Map<number, HourCounts>();
  for (const { hour, counts } of all) hours.set(hour, addCounts([hours.get(hour) ?? NO_COUNTS, counts]));
  return hours;
}

/** Whole hours or days that hold these times. @param period milliseconds */
export function roundTimes({ from, until }: Times, period: number): Times {
  return { from: Math.floor(from / period) * period, until: Math.ceil(until / period) * period };
}
