/** Callers of one kind remembered at a time; the one seen longest ago is forgotten first, which can only favour it. */
const CAPACITY = 10_000;

/** Milliseconds by which a request may come after a younger one; a time that lies further back is a clock set back. */
const MAX_OVERTAKEN = 30_000;

/** Requests, and seconds: sums of fractions are wrong by less, and a wait that was told is not missed by so little. */
const ROUNDING = 1e-6;

/** How often a caller may send a request. */
export interface Rate {
  /** Requests a second over a long time. */
  readonly perSecond: number;
  /** Requests at once. */
  readonly burst: number;
  /**
   * Seconds: the longest wait that a refused request is told. With 0 there is no queue: each refused request is told
   * when the next one may go on. That is right where all requests are of one sender.
   */
  readonly longestQueue: number;
}

/** Somebody for whom a request counts. `name` is unique among those of its kind within one {@link RateLimit}. */
export interface Caller {
  /** One of few. Callers of one kind, however many, make those of no other kind forgotten. */
  readonly kind: string;
  readonly name: string;
  readonly rate: Rate;
}

interface Bucket {
  readonly tokens: number;
  /** Refused requests that were promised a time to come. */
  readonly queue: number;
  /** Milliseconds since the epoch. */
  readonly filledAt: number;
}

/**
 * Token buckets by caller, in the memory of one instance: cheap protection, not an exact quota.
 *
 * Many VMs share one address, and all of them may start at the same time. So a refused request gets a place in a queue,
 * and its wait is its place divided by the rate: the n-th refused at one time is told n / rate seconds. Nobody can tell
 * those who come back from those who come for the first time, so that everybody has the same chance at a token. A
 * request that goes on while there is a queue has taken a time that was promised to another: the queue grows by one.
 */
export class RateLimit {
  readonly #kinds = new Map<string, Buckets>();

  /**
   * Counts a request for all of these callers, or for none where one of them has to wait.
   *
   * @param at milliseconds since the epoch
   * @returns 0 where the request may go on, else the whole seconds to wait
   */
  take(callers: readonly Caller[], at: number): number {
    const filled = callers.map((caller) => ({ ...caller, bucket: this.#refill(caller, at) }));
    const isGranted = filled.every(({ bucket }) => hasToken(bucket));
    const waits = filled.map(({ kind, name, rate, bucket }) => {
      if (!isGranted && hasToken(bucket)) return 0;
      const next = isGranted ? grant(bucket, rate) : enqueue(bucket, rate);
      this.#bucketsOf(kind).remember(name, next);
      return isGranted ? 0 : waitOf(next, rate);
    });
    return Math.max(0, ...waits);
  }

  /** As {@link take}, without counting anything. */
  peek(caller: Caller, at: number): number {
    const bucket = this.#refill(caller, at);
    return hasToken(bucket) ? 0 : waitOf(bucket, caller.rate);
  }

  #refill({ kind, name, rate }: Caller, at: number): Bucket {
    return refill(this.#bucketsOf(kind).find(name), rate, at);
  }

  #bucketsOf(kind: string): Buckets {
    const known = this.#kinds.get(kind) ?? new Buckets();
    this.#kinds.set(kind, known);
    return known;
  }
}

/** Those of one kind, by the callers' names. */
class Buckets {
  readonly #byName = new Map<string, Bucket>();

  find(name: string): Bucket | undefined {
    return this.#byName.get(name);
  }

  remember(name: string, bucket: Bucket): void {
    this.#byName.delete(name);
    this.#byName.set(name, bucket);
    if (this.#byName.size <= CAPACITY) return;
    const [oldest] = this.#byName.keys();
    if (oldest !== undefined) this.#byName.delete(oldest);
  }
}

function refill(known: Bucket | undefined, { perSecond, burst }: Rate, at: number): Bucket {
  if (known === undefined) return { tokens: burst, queue: 0, filledAt: at };
  const passed = (Math.max(at - known.filledAt, 0) / 1000) * perSecond;
  const isOvertaken = at < known.filledAt && known.filledAt - at < MAX_OVERTAKEN;
  return {
    tokens: Math.min(known.tokens + passed, burst),
    queue: Math.max(known.queue - passed, 0),
    filledAt: isOvertaken ? known.filledAt : at,
  };
}

function hasToken({ tokens }: Bucket): boolean {
  return tokens >= 1 - ROUNDING;
}

function grant({ tokens, queue, filledAt }: Bucket, rate: Rate): Bucket {
  return { tokens: tokens - 1, queue: queue > 0 ? boundQueue(queue + 1, rate) : 0, filledAt };
}

/** The first in the queue gets the token that is being filled. */
function enqueue({ tokens, queue, filledAt }: Bucket, rate: Rate): Bucket {
  return { tokens, queue: boundQueue(queue > 0 ? queue + 1 : 1 - tokens, rate), filledAt };
}

function boundQueue(queue: number, { perSecond, longestQueue }: Rate): number {
  return Math.min(queue, longestQueue * perSecond);
}

function waitOf({ tokens, queue }: Bucket, { perSecond }: Rate): number {
  return Math.max(1, Math.ceil(Math.max(queue, 1 - tokens) / perSecond - ROUNDING));
}
