import type { PublishedJwk } from '../contract/claims.ts';
import type { PublicJwk } from '../contract/wire.ts';
import { thumbprint } from './publicJwk.ts';

/** The body of `GET /.well-known/jwks.json`. */
export interface KeySet {
  readonly keys: readonly PublishedJwk[];
}

/**
 * Where a signing key stands in its rotation: published before use, in use, or published after use until the last
 * `graceUntil` of a licence under it has passed. Times in milliseconds since the epoch; null: when the settings say so.
 */
export type SigningKey = {
  /** Where whoever keeps it tells when it was made. */
  readonly createdAt?: number;
} & (
  | { readonly state: 'next'; readonly publicJwk: PublicJwk; readonly from: number | null }
  | { readonly state: 'current'; readonly publicJwk: PublicJwk }
  | { readonly state: 'retired'; readonly publicJwk: PublicJwk; readonly until: number | null }
);

/**
 * The key set as it is published at a time. Members are picked by name, and `kid` is computed: a private key handed in
 * by mistake leaves only its public half.
 *
 * @param at milliseconds since the epoch
 * @throws {TypeError} there is no key, more than one is current, or a key stands twice
 */
export function createKeySet(keys: readonly SigningKey[], at: number): KeySet {
  if (keys.length === 0) throw new TypeError('There is no signing key.');
  // None is current while the last one has expired; licences under it live on.
  if (keys.filter(({ state }) => state === 'current').length > 1) {
    throw new TypeError('Only one signing key can be current.');
  }
  const kept = keys.filter((key) => key.state !== 'retired' || key.until === null || at < key.until);
  const published = kept.map(({ publicJwk }) => publishKey(publicJwk));
  if (new Set(published.map(({ kid }) => kid)).size !== published.length) {
    throw new TypeError('A signing key stands twice in the rotation: name each key once, with one state.');
  }
  return { keys: published };
}

/** A signing key as it stands in a key set (RFC 7517 section 4). */
export function publishKey(publicJwk: PublicJwk): PublishedJwk {
  const { x, y } = publicJwk;
  return { kty: 'EC', crv: 'P-256', x, y, kid: thumbprint(publicJwk), alg: 'ES256', use: 'sig' };
}
