import { CLOCK_SKEW } from '../contract/clocks.ts';
import type { Stored } from '../contract/stored.ts';
import type { DecisionRecord } from '../decisions/decisionRecord.ts';
import type { LogReader, Times } from './store.ts';

/**
 * Milliseconds that the projector stays behind the clock. By then a decision is written: its time is at most 30 seconds
 * before the write began, and may come from an instance whose clock is slow.
 */
export const LAG = CLOCK_SKEW + 60_000;
/** Decisions of one slice: what a run holds in memory, and what it repeats after a crash. */
const MAX_SLICE = 1_000;

/** Decisions and milliseconds of one run. The platform starts one each minute; what is left is the next run's. */
const MAX_DECISIONS = 20_000;
const MAX_RUN = 40_000;

/** What is derived from the log. Every method throws {@link StoreUnavailableError}. */
export interface LogView {
  /** Everything before this time (milliseconds since the epoch) is derived. `null`: nothing is. */
  readMark(): Promise<Stored<number> | null>;
  /**
   * Derives what follows from a slice, and moves the mark to its end, or less far.
   *
   * @param version of the mark that was read or written last; `null` if there is none
   * @returns the mark; `null` if another instance has moved it
   */
  write(slice: readonly DecisionRecord[], times: Times, version: string | null): Promise<Stored<number> | null>;
}

export interface ProjectionNeeds {
  readonly store: LogReader;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Projection {
  /** How many were read. */
  readonly decisions: number;
  /** Milliseconds of the log that are left for the next run; 0 if none. */
  readonly behind: number;
}

/**
 * Goes through the log, slice by slice from the oldest that is missing. Without a mark it begins at the first decision: so
 * a view is built anew.
 *
 * @throws {StoreUnavailableError} what was derived until then stays
 */
export async function projectLog({ store, now }: ProjectionNeeds, view: LogView): Promise<Projection> {
  const started = now();
  const target = started - LAG;
  let mark = await view.readMark();
  let from = mark?.value ?? 0;
  let [span, decisions] = [target - from, 0];
  while (from < target && decisions < MAX_DECISIONS && now() - started < MAX_RUN) {
    const until = Math.min(from + span, target);
    // What was decided in one millisecond cannot be divided.
    const slice = await store.readSlice({ from, until }, until - from === 1 ? Number.POSITIVE_INFINITY : MAX_SLICE);
    if (slice === null) {
      span = Math.ceil((until - from) / 2);
      continue;
    }
    mark = await view.write(slice, { from, until }, mark?.version ?? null);
    // Another instance goes on from where it is.
    if (mark === null) break;
    const end = mark.value;
    decisions += slice.filter(({ at }) => at < end).length;
    [from, span] = [end, span * 2];
  }
  return { decisions, behind: Math.max(0, target - from) };
}
