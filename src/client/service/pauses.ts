import type { Run } from '../run.ts';

/** Milliseconds. */
const FIRST = 1000;
const FIRST_WHEN_BUSY = 4000;
const MAX = 30_000;

/** What a failed attempt says about the next one. */
export interface PauseAdvice {
  /** The service answered 429. */
  readonly busy: boolean;
  /** Milliseconds: `Retry-After`. */
  readonly retryAfter: number | undefined;
}

/**
 * The pauses between attempts at the service: the larger of what it asks for and an own one that doubles, times a random
 * number between 1 and 2, so that callers who were told the same time do not come back at the same time.
 */
export class Pauses {
  readonly #run: Run;
  #own = FIRST;

  constructor(run: Run) {
    this.#run = run;
  }

  /** @returns milliseconds, or undefined where the pause would not end within the patience, or the caller has none */
  next({ busy, retryAfter = 0 }: PauseAdvice): number | undefined {
    if (busy) this.#own = Math.max(this.#own, FIRST_WHEN_BUSY);
    const least = Math.max(retryAfter, this.#own);
    this.#own = Math.min(this.#own * 2, MAX);
    const { request, session, timeLeft } = this.#run;
    // A time that the service named is kept with less jitter where the patience ends soon: it is a place in a queue.
    const spread = retryAfter > 0 ? Math.min(least, timeLeft - least) : least;
    const pause = least + session.settings.adapters.random() * spread;
    return request.patientWithService !== false && least < timeLeft && pause < timeLeft ? pause : undefined;
  }
}
