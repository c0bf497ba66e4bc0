/** Addresses remembered at a time; the one seen longest ago is forgotten first, which can only favour it. */
const CAPACITY = 10_000;

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Token buckets by client address, in the memory of one instance: cheap protection, not an exact quota. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param perSecond requests a second that one address may make for long; twice as many at once */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#burst = perSecond * 2;
  }

  /**
   * @param at milliseconds since the epoch
   * @returns 0 where the request may go on, else the seconds to wait
   */
  take(address: string, at: number): number {
    const bucket = this.#buckets.get(address) ?? { tokens: this.#burst, filledAt: at };
    const elapsed = Math.max(at - bucket.filledAt, 0) / 1000;
    const tokens = Math.min(bucket.tokens + elapsed * this.#perSecond, this.#burst);
    const isGranted = tokens >= 1;
    this.#remember(address, { tokens: isGranted ? tokens - 1 : tokens, filledAt: at });
    return isGranted ? 0 : Math.ceil((1 - tokens) / this.#perSecond);
  }

  #remember(address: string, bucket: Bucket): void {
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (this.#buckets.size <= CAPACITY) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
