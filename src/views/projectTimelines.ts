import { CLOCK_SKEW } from '../contract/clocks.ts';
import type { TimelineStore } from './store.ts';

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

export interface ProjectionNeeds {
  readonly store: Pick<TimelineStore, 'readWatermark' | 'writeWatermark' | 'readSlice' | 'copyIntoTimelines'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Projection {
  /** How many were copied. */
  readonly decisions: number;
  /** Milliseconds of the log that are left for the next run; 0 if none. */
  readonly behind: number;
}

/**
 * Copies decisions from the log into the timelines, slice by slice from the oldest that is missing. The watermark follows
 * only after all rows of a slice are written. A crash before that, or a second instance at the same time, writes the same
 * rows again, which changes nothing. Without a watermark, everything is copied: so timelines are built anew.
 *
 * @throws {StoreUnavailableError} what was copied until then stays
 */
export async function projectTimelines({ store, now }: ProjectionNeeds): Promise<Projection> {
  const started = now();
  const target = started - LAG;
  const mark = await store.readWatermark();
  let [from, version] = [mark?.value ?? 0, mark?.version ?? null];
  let [span, decisions] = [target - from, 0];
  while (from < target && decisions < MAX_DECISIONS && now() - started < MAX_RUN) {
    const until = Math.min(from + span, target);
    // What was decided in one millisecond cannot be divided.
    const slice = await store.readSlice({ from, until }, until - from === 1 ? Number.POSITIVE_INFINITY : MAX_SLICE);
    if (slice === null) {
      span = Math.ceil((until - from) / 2);
      continue;
    }
    await store.copyIntoTimelines(slice);
    const written = await store.writeWatermark(until, version);
    // Another instance goes on from where it is.
    if (written.outcome !== 'written') break;
    [from, version, span] = [until, written.version, span * 2];
    decisions += slice.length;
  }
  return { decisions, behind: Math.max(0, target - from) };
}
