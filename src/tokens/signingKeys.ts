import type { SigningKey } from './keySet.ts';
import type { Signer } from './signer.ts';

/** Whether the key with this RFC 7638 thumbprint may sign. */
export type MaySign = (kid: string) => boolean;

export const ANY_KEY: MaySign = () => true;

/** The service's signing keys, wherever they lie. Times are milliseconds since the epoch. */
export interface SigningKeys {
  /**
   * The key that signs at this time. Ask again for each token: keys rotate under a running service.
   *
   * @param choices the first of them that leaves a key decides; every key may sign unless given
   * @throws {SigningKeyUnavailableError}
   */
  readSigner(at: number, choices?: readonly MaySign[]): Promise<Signer>;
  /**
   * The keys to publish at this time.
   *
   * @throws {SigningKeyUnavailableError} they were never read, and cannot be read now
   */
  readPublished(at: number): Promise<PublishedKeys>;
}

export interface PublishedKeys {
  /** At most {@link MAX_KEYS}. */
  readonly keys: readonly SigningKey[];
  /** When they were read. */
  readonly asOf: number;
  /** Until when these are certain to hold every key in use: nobody may keep the key set for longer. */
  readonly goodUntil: number;
  /** What an operator should fix before it becomes an outage; each a sentence without a full stop. */
  readonly troubles: readonly string[];
}

/** Clients refuse a longer key set. */
export const MAX_KEYS = 32;
