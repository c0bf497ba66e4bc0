import type { Surroundings } from './surroundings.ts';

/** IMDS answers five requests a second; a little more than a second, because what left evenly may arrive in a bunch. */
const REQUESTS = 5;
const WINDOW = 1100;

/** Holds requests back so that no more than five start in any second. */
export class Pace {
  readonly #surroundings: Surroundings;
  #starts: readonly number[] = [];

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Waits for the next request's turn. Requests are made one after another. */
  async turn(): Promise<void> {
    const fifthLast = this.#starts.at(-REQUESTS);
    if (fifthLast !== undefined) {
      const wait = fifthLast + WINDOW - this.#surroundings.monotonic();
      if (wait > 0) await this.#surroundings.sleep(wait);
    }
    this.#starts = [...this.#starts, this.#surroundings.monotonic()].slice(-REQUESTS);
  }
}
