import type { Clocks } from '../adapters.ts';

/** Milliseconds. A timer does not run while the machine hibernates, so that a long one would end far too late. */
const MAX_TIMER = 600_000;

/** Milliseconds: the longest timer of whoever wants to know soon that the machine was suspended. */
const WATCHFUL_TIMER = 30_000;
/** Milliseconds that the machine must have been suspended; the clocks are read one after the other. */
const SUSPENSION = 5_000;
/** Milliseconds by which the wall clock must have been set: what was said to come at a time comes at another one then. */
const CLOCK_STEP = 300_000;

/** Milliseconds by which clocks differ: constants, while the machine is awake and nobody sets its clock. */
export interface Differences {
  /** Of two clocks one stands while the machine is suspended. */
  readonly suspended: number;
  readonly wall: number;
}

export function differencesOf(clocks: Clocks): Differences {
  const uptime = clocks.uptime();
  return { suspended: uptime - clocks.monotonic(), wall: clocks.now() - uptime };
}

/**
 * Waits by the uptime, which includes the time that the machine is suspended. Does not keep the process alive.
 *
 * @param until uptime in milliseconds
 * @param before ends the wait, within half a minute, when the machine was suspended or its clock was set since then
 */
export async function waitUntil(
  clocks: Clocks,
  until: number,
  signal: AbortSignal | undefined,
  before?: Differences,
): Promise<void> {
  const options = { background: true, ...(signal === undefined ? {} : { signal }) };
  const longest = before === undefined ? MAX_TIMER : WATCHFUL_TIMER;
  for (let left = until - clocks.uptime(); left > 0 && signal?.aborted !== true; left = until - clocks.uptime()) {
    if (before !== undefined && isBroken(before, differencesOf(clocks))) return;
    await clocks.sleep(Math.min(left, longest), options);
  }
}

function isBroken(before: Differences, now: Differences): boolean {
  return now.suspended - before.suspended > SUSPENSION || Math.abs(now.wall - before.wall) > CLOCK_STEP;
}
