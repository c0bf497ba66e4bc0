import type { Run } from '../check/run.ts';

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
    const pause = Math.max(retryAfter, this.#own) * (1 + this.#run.session.settings.adapters.random());
    this.#own = Math.min(this.#own * 2, MAX);
    return this.#run.request.patientWithService !== false && pause < this.#run.timeLeft ? pause : undefined;
  }
}
