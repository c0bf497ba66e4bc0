import type { KeyObject } from 'node:crypto';
import type { PublicJwk } from '../../contract/wire.ts';
import { ClientError } from '../clientError.ts';
import { asObject, member } from '../members.ts';
import type { JsonObject } from '../members.ts';
import { importPublicKey, publicJwkOf, thumbprintOf } from '../tokens/es256.ts';
import type { VerificationKeys } from '../tokens/verifyToken.ts';

/** Public keys in the form of RFC 7517. */
export interface JwkSet {
  readonly keys: readonly PublicJwk[];
}

/** A key set that may verify licences and denials. */
export interface KeySet {
  readonly keys: VerificationKeys;
  /** How it is kept beside a licence; null where the vendor ships it. */
  readonly kept: KeptKeySet;
  /** Of a set that a root key has signed. */
  readonly signed?: SignedTerms;
}

/** A compact JWS by a root key, or on first use the keys alone. */
export type KeptKeySet = string | JwkSet | null;

/** Seconds, as in the token. */
export interface SignedTerms {
  readonly iat: number;
  readonly exp: number;
  /** The most from a licence's `iat` to its `graceUntil`. */
  readonly life: number;
}

const MAX_KEYS = 32;

/**
 * Reads the usable keys of a JWK set (RFC 7517 section 5). Keys of other kinds and keys that are not on their curve are
 * skipped, so that a service can publish others for later clients.
 *
 * @param skipped thumbprints of keys that sign no licences: the roots
 * @throws {ClientError} `key_set_unusable`: not a key set, a private or secret key in it, or no usable key
 */
export function readKeys(set: JsonObject, skipped: readonly string[] = []): { keys: VerificationKeys; jwks: JwkSet } {
  const list = member(set, 'keys');
  if (!Array.isArray(list) || list.length > MAX_KEYS) throw new ClientError('key_set_unusable');
  const entries = list.map(readKey).filter((entry) => entry !== undefined);
  const usable = entries.filter(({ thumbprint }) => !skipped.includes(thumbprint));
  if (usable.length === 0) throw new ClientError('key_set_unusable');
  return {
    keys: new Map(usable.map(({ thumbprint, key }) => [thumbprint, key])),
    jwks: { keys: usable.map(({ jwk }) => jwk) },
  };
}

/** @throws {ClientError} `key_set_unusable` */
export function readUnsignedKeySet(value: unknown): KeySet {
  const { keys, jwks } = readKeys(asObject(value) ?? {});
  return { keys, kept: jwks };
}

function readKey(value: unknown): { jwk: PublicJwk; thumbprint: string; key: KeyObject } | undefined {
  const object = asObject(value);
  if (object === undefined || Object.hasOwn(object, 'd') || Object.hasOwn(object, 'k')) {
    throw new ClientError('key_set_unusable');
  }
  const jwk = isForSignatures(object) ? publicJwkOf(object) : undefined;
  const key = jwk === undefined ? undefined : importPublicKey(jwk);
  return jwk === undefined || key === undefined ? undefined : { jwk, thumbprint: thumbprintOf(jwk), key };
}

function isForSignatures(object: JsonObject): boolean {
  const mayBe = (name: string, expected: string): boolean =>
    !Object.hasOwn(object, name) || member(object, name) === expected;
  return mayBe('use', 'sig') && mayBe('alg', 'ES256');
}
