import type { OverviewJson } from '../../contract/operators/overview.ts';
import { isGrant } from '../text/codes.ts';

type Decisions = OverviewJson['decisions'];

/** How many fills there are for grants, and for refusals. */
export const FILLS = 4;

export interface CountedCode {
  readonly code: string;
  readonly isGrant: boolean;
  /** Which of the fills; the codes with the fewest decisions share the last one. */
  readonly fill: number;
  readonly total: number;
}

export interface Bar {
  /** Milliseconds since the epoch: where the hour or day begins, and ends. */
  readonly from: number;
  readonly until: number;
  /** Of each code that was counted in it. */
  readonly counts: ReadonlyMap<string, number>;
  readonly granted: number;
  readonly refused: number;
}

export interface Bars {
  /** One for each hour or day, also for those in which nothing was decided. */
  readonly bars: readonly Bar[];
  /** Grants first, and of each kind those with the most decisions first. */
  readonly codes: readonly CountedCode[];
}

const HOUR = 3_600_000;
const LENGTHS = { hour: HOUR, day: 24 * HOUR } as const;

/** Decisions as the bars of a chart. */
export function arrangeBars({ by, from, until, items }: Decisions): Bars {
  const length = LENGTHS[by];
  const [start, end] = [Date.parse(from), Date.parse(until)];
  const bars = Array.from({ length: Math.max(0, Math.ceil((end - start) / length)) }, (_, index) =>
    readBar(items, start + index * length, length),
  );
  const totals = new Map<string, number>();
  for (const { code, count } of items) totals.set(code, (totals.get(code) ?? 0) + count);
  const ordered = [...totals].sort(([, left], [, right]) => right - left);
  const codesOf = (wanted: boolean) =>
    ordered
      .filter(([code]) => isGrant(code) === wanted)
      .map(([code, total], rank) => ({ code, total, isGrant: wanted, fill: Math.min(rank, FILLS - 1) }));
  return { bars, codes: [...codesOf(true), ...codesOf(false)] };
}

function readBar(items: Decisions['items'], from: number, length: number): Bar {
  const counts = new Map<string, number>();
  const sums = { granted: 0, refused: 0 };
  for (const { at, code, count } of items) {
    const time = Date.parse(at);
    if (time < from || time >= from + length) continue;
    counts.set(code, (counts.get(code) ?? 0) + count);
    sums[isGrant(code) ? 'granted' : 'refused'] += count;
  }
  return { from, until: from + length, counts, ...sums };
}
