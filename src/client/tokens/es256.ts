import { createPublicKey, hash, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { PublicJwk } from '../../contract/wire.ts';
import { member } from '../members.ts';
import type { JsonObject } from '../members.ts';

/** ES256 (RFC 7518 section 3.4) with Node's own OpenSSL, and the keys for it. */

export const SIGNATURE_OCTETS = 64;
const COORDINATE = /^[A-Za-z0-9_-]{43}$/;

/**
 * The four members that make a P-256 key; others are left out. What is hashed to a thumbprint and what is imported is then
 * the same.
 *
 * @returns undefined where the object is no P-256 key, or a coordinate is not canonical base64url
 */
export function publicJwkOf(object: JsonObject): PublicJwk | undefined {
  if (member(object, 'kty') !== 'EC' || member(object, 'crv') !== 'P-256') return undefined;
  const x = member(object, 'x');
  const y = member(object, 'y');
  return isCoordinate(x) && isCoordinate(y) ? { kty: 'EC', crv: 'P-256', x, y } : undefined;
}

/** 32 octets. Two texts for one number would be two thumbprints for one key. */
export function isCoordinate(value: unknown): value is string {
  if (typeof value !== 'string' || !COORDINATE.test(value)) return false;
  return Buffer.from(value, 'base64url').toString('base64url') === value;
}

/** RFC 7638: SHA-256 over the required members in lexicographic order. */
export function thumbprintOf({ crv, kty, x, y }: PublicJwk): string {
  return hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');
}

/** @returns undefined where the point is not on the curve */
export function importPublicKey(jwk: PublicJwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** @param signature r and s, 32 octets each */
export function verifyEs256(key: KeyObject, octets: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_OCTETS) return false;
  return verify('sha256', octets, { key, dsaEncoding: 'ieee-p1363' }, signature);
}
