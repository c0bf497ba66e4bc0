import { LockSeeker } from '../folder/lock.ts';
import type { Run } from '../run.ts';

/** Milliseconds, times a random number between 1 and 2. */
const POLL = 100;

/**
 * Takes the folder's lock, and waits for it as long as the patience lasts.
 *
 * @param limitPatience is called before the first wait: with a licence in hand the wait is short
 * @returns false where another process still holds it; true also where the folder cannot be written and has none
 * @throws {Stopped}
 */
export async function takeLock(run: Run, limitPatience: () => Promise<void>): Promise<boolean> {
  const { memory, settings } = run.session;
  const { adapters, folder } = settings;
  const seeker = new LockSeeker({ folder, ...adapters }, memory.generation);
  for (let tries = 1; ; tries++) {
    const attempt = await seeker.attempt();
    if (attempt.outcome !== 'busy') {
      if (attempt.outcome === 'held') run.lock = attempt.lock;
      else run.lockFault = attempt.code;
      return true;
    }
    if (tries === 1) {
      run.report({ step: 'lock', waiting: true });
      await limitPatience();
    }
    const pause = POLL * (1 + adapters.random());
    if (pause >= run.timeLeft) return false;
    await run.pause(pause);
  }
}
