import type { Clocks } from '../adapters.ts';

/** Milliseconds. A timer does not run while the machine hibernates, so that a long one would end far too late. */
const MAX_TIMER = 600_000;

/** Milliseconds: the longest timer of whoever wants to know soon that the machine was suspended. */
const WATCHFUL_TIMER = 30_000;
/** Milliseconds that the machine must have been suspended; the clocks are read one after the other. */
const SUSPENSION = 5_000;

/**
 * Waits by the uptime, which includes the time that the machine is suspended. Does not keep the process alive.
 *
 * @param until uptime in milliseconds
 * @param watchful ends the wait, within half a minute, when the machine was suspended meanwhile
 */
export async function waitUntil(
  clocks: Clocks,
  until: number,
  signal: AbortSignal | undefined,
  watchful = false,
): Promise<void> {
  const options = { background: true, ...(signal === undefined ? {} : { signal }) };
  const before = suspendedFor(clocks);
  for (let left = until - clocks.uptime(); left > 0 && signal?.aborted !== true; left = until - clocks.uptime()) {
    await clocks.sleep(Math.min(left, watchful ? WATCHFUL_TIMER : MAX_TIMER), options);
    if (watchful && suspendedFor(clocks) - before > SUSPENSION) return;
  }
}

/** Milliseconds, and a constant: of the two clocks one stands while the machine is suspended. */
function suspendedFor(clocks: Clocks): number {
  return clocks.uptime() - clocks.monotonic();
}
