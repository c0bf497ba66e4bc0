import type { CountedHour, LogReader, StatisticsMark, StatisticsStore } from '../../src/views/store.ts';
import type { CatalogueStore } from '../../src/catalogue/store.ts';
import type { DecisionRecord } from '../../src/decisions/decisionRecord.ts';
import { statisticsRow } from '../../src/tables/kit/keys.ts';
import { MemoryRows } from './memoryRows.ts';

const MARK = 'mark';

/** Rows that one page of a query has. */
const PAGE = 3;

/**
 * A log and its statistics in memory, without issues. Transactions hold as in the real store, and nothing else does: a query takes its pages
 * one after another, and `step` is awaited between any two things.
 */
export function createMemoryStatistics(
  log: readonly DecisionRecord[],
  step: () => Promise<void> = async () => Promise.resolve(),
): Omit<StatisticsStore, 'deleteStatistics'> &
  LogReader &
  Pick<CatalogueStore, 'readLicence'> & { deleteMark(): void } {
  const hours = new MemoryRows<CountedHour>();
  const marks = new MemoryRows<StatisticsMark>();
  const put = (row: CountedHour) => hours.put(statisticsRow(row.hour, row.slices.until), row);
  const scan = (from: number, until?: number) => scanHours({ hours, marks, step }, from, until);
  return {
    deleteMark: () => {
      marks.rows.delete(MARK);
    },
    readLicence: () => Promise.resolve(null),
    readSlice: async ({ from, until }, limit) => {
      await step();
      const slice = log.filter(({ at }) => at >= from && at < until);
      return slice.length > limit ? null : slice;
    },
    readStatisticsMark: async () => {
      await step();
      return marks.rows.get(MARK) ?? null;
    },
    writeStatistics: async ({ times: slices, hours: counted }, mark, version) => {
      await step();
      if (marks.judge(MARK, version) !== 'written') return null;
      for (const hour of counted) put({ ...hour, slices });
      return { value: mark, version: marks.put(MARK, mark) };
    },
    clearStatistics: async (version) => {
      await step();
      if (marks.judge(MARK, version) !== 'written') return null;
      const old = [...hours.rows.keys()].slice(0, PAGE);
      for (const key of old) hours.rows.delete(key);
      const mark = { until: 0, foldedUntil: 0 };
      return { value: mark, version: marks.put(MARK, mark), isEmpty: old.length === 0 };
    },
    writeStatisticsMark: async (mark, version) => {
      await step();
      if (marks.judge(MARK, version) !== 'written') return null;
      return { value: mark, version: marks.put(MARK, mark) };
    },
    readCountedHours: async ({ from, until }) => (await scan(from, until)).found,
    readStatistics: async (from) => {
      const { found, mark } = await scan(from);
      return { hours: found.map(({ value }) => value), mark, issues: [] };
    },
    foldHours: async (rows, sum) => {
      await step();
      const keys = rows.map(({ value }) => statisticsRow(value.hour, value.slices.until));
      if (keys.some((key, index) => hours.rows.get(key)?.version !== rows[index]?.version)) return;
      for (const key of keys.slice(0, -1)) hours.rows.delete(key);
      put(sum);
    },
  };
}

interface Rows {
  readonly hours: MemoryRows<CountedHour>;
  readonly marks: MemoryRows<StatisticsMark>;
  readonly step: () => Promise<void>;
}

/** In the order of the keys, page by page: what comes in before the place at which it is, is not seen. */
async function scanHours({ hours, marks, step }: Rows, from: number, until = Number.POSITIVE_INFINITY) {
  const found: { readonly value: CountedHour; readonly version: string }[] = [];
  let after = '';
  for (;;) {
    await step();
    const page = [...hours.rows]
      .filter(([key, { value }]) => key > after && value.hour >= from && value.hour < until)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .slice(0, PAGE);
    const mark = marks.rows.get(MARK)?.value ?? null;
    found.push(...page.map(([, row]) => row));
    if (page.length < PAGE) return { found, mark };
    after = page.at(-1)?.[0] ?? after;
  }
}
