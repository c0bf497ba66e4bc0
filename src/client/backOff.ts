import type { Surroundings } from './surroundings.ts';

const FIRST = 250;
const LONGEST = 10_000;

/** Exponential back-off with full jitter: each pause is anything between nothing and twice what the last one might have been. */
export class BackOff {
  readonly #surroundings: Surroundings;
  #ceiling = FIRST;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /**
   * Draws the next pause.
   *
   * @param deadline by the monotonic clock, in milliseconds
   * @param least what the other side asked for (`Retry-After`), in milliseconds
   * @returns milliseconds to sleep, or undefined where that would end after the deadline
   */
  next(deadline: number, least = 0): number | undefined {
    const pause = least + this.#surroundings.random() * this.#ceiling;
    this.#ceiling = Math.min(this.#ceiling * 2, LONGEST);
    return this.#surroundings.monotonic() + pause > deadline ? undefined : pause;
  }
}
