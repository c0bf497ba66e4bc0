import { hash } from 'node:crypto';
import type { PublicJwk } from '../contract/wire.ts';
import { decodeBase64Url } from '../contract/base64.ts';
import { isObject } from './canonicalJson.ts';
import { COORDINATE_LENGTH, readPoint } from './es256.ts';
import type { Es256Key } from './es256.ts';

/**
 * Reads a client's public key: `kty`, `crv`, `x`, `y` and nothing else, so a private key sent by mistake is refused.
 * The coordinates are canonical base64url of 32 octets each and name a point on P-256.
 *
 * @returns the key, or null for anything else
 */
export function parsePublicJwk(value: unknown): PublicJwk | null {
  if (!isObject(value) || Object.hasOwn(value, 'd')) return null;
  const { kty, crv, x, y } = value;
  if (kty !== 'EC' || crv !== 'P-256' || !isCoordinate(x) || !isCoordinate(y)) return null;
  const jwk = { kty, crv, x, y } as const;
  const key = readKey(jwk);
  if (key === null) return null;
  KEYS.set(jwk, key);
  return jwk;
}

/** What was read of keys, for as long as they are held: OpenSSL takes as long to read a key as to sign with it. */
const KEYS = new WeakMap<PublicJwk, Es256Key>();

/**
 * The key to verify with; the very one that was read where {@link parsePublicJwk} returned this object.
 *
 * @throws {TypeError} it is no point on P-256
 */
export function publicKeyOf(jwk: PublicJwk): Es256Key {
  const key = KEYS.get(jwk) ?? readKey(jwk);
  if (key === null) throw new TypeError('The key is not a point on P-256.');
  KEYS.set(jwk, key);
  return key;
}

/** RFC 7638: base64url of SHA-256 over the required members in lexicographic order; 43 characters. */
export function thumbprint({ crv, kty, x, y }: PublicJwk): string {
  return hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');
}

/** Whether the text can be an RFC 7638 thumbprint by SHA-256. */
export function isThumbprint(value: unknown): value is string {
  return typeof value === 'string' && decodeBase64Url(value)?.length === 32;
}

function isCoordinate(value: unknown): value is string {
  return typeof value === 'string' && value.length === 43 && decodeBase64Url(value)?.length === COORDINATE_LENGTH;
}

function readKey({ x, y }: PublicJwk): Es256Key | null {
  try {
    return readPoint(Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url'));
  } catch {
    return null;
  }
}
