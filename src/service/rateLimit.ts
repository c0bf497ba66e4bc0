/** Callers remembered at a time; the one seen longest ago is forgotten first, which can only favour it. */
const CAPACITY = 10_000;

/** Milliseconds by which a request may come after a younger one; a time that lies further back is a clock set back. */
const MOST_OVERTAKEN = 30_000;

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Token buckets by caller, in the memory of one instance: cheap protection, not an exact quota. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  /**
   * @param perSecond requests a second that one caller may make for long
   * @param burst how many at once; twice as many as in a second, unless given
   */
  constructor(perSecond: number, burst = perSecond * 2) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /**
   * @param at milliseconds since the epoch
   * @returns 0 where the request may go on, else the seconds to wait
   */
  take(caller: string, at: number): number {
    const bucket = this.#buckets.get(caller) ?? { tokens: this.#burst, filledAt: at };
    const elapsed = Math.max(at - bucket.filledAt, 0) / 1000;
    const isOvertaken = at < bucket.filledAt && bucket.filledAt - at < MOST_OVERTAKEN;
    const filledAt = isOvertaken ? bucket.filledAt : at;
    const tokens = Math.min(bucket.tokens + elapsed * this.#perSecond, this.#burst);
    const isGranted = tokens >= 1;
    this.#remember(caller, { tokens: isGranted ? tokens - 1 : tokens, filledAt });
    return isGranted ? 0 : Math.ceil((1 - tokens) / this.#perSecond);
  }

  #remember(caller: string, bucket: Bucket): void {
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    if (this.#buckets.size <= CAPACITY) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
