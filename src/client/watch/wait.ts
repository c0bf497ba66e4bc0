import type { Clocks } from '../adapters.ts';

/** Milliseconds. A timer does not run while the machine hibernates, so that a long one would end far too late. */
const MAX_TIMER = 600_000;

/**
 * Waits by the uptime, which goes on while the machine is suspended. Does not keep the process alive.
 *
 * @param until uptime in milliseconds
 */
export async function waitUntil(clocks: Clocks, until: number, signal: AbortSignal | undefined): Promise<void> {
  const options = { background: true, ...(signal === undefined ? {} : { signal }) };
  for (let left = until - clocks.uptime(); left > 0 && signal?.aborted !== true; left = until - clocks.uptime()) {
    await clocks.sleep(Math.min(left, MAX_TIMER), options);
  }
}
