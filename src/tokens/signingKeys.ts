import type { SigningKey } from './keySet.ts';
import type { Signer } from './signer.ts';

/** The service's signing keys, wherever they lie. Times are milliseconds since the epoch. */
export interface SigningKeys {
  /**
   * The key that signs at this time. Ask anew for each token: keys rotate under a running service.
   *
   * @throws {SigningKeyUnavailableError}
   */
  readSigner(at: number): Promise<Signer>;
  /**
   * The keys to publish at this time.
   *
   * @throws {SigningKeyUnavailableError} they were never read, and cannot be read now
   */
  readPublished(at: number): Promise<PublishedKeys>;
}

export interface PublishedKeys {
  /** At most {@link MOST_KEYS}. */
  readonly keys: readonly SigningKey[];
  /** Until when these are certain to hold every key in use: nobody may keep the key set for longer. */
  readonly goodUntil: number;
  /** What an operator should mend before it becomes an outage; each a sentence without a full stop. */
  readonly troubles: readonly string[];
}

/** Clients refuse a longer key set. */
export const MOST_KEYS = 32;
