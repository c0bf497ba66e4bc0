import { createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** r ‖ s, as RFC 7518 section 3.4 wants it, and not DER. */
const FORM = { dsaEncoding: 'ieee-p1363' } as const;

/** A key on P-256 that node:crypto signs or verifies with in that form. */
export type Es256Key = KeyObject & typeof FORM;

/**
 * The form stands on the key itself. Given as an object around the key, it would make Node try that object as a key first, twice,
 * and each try throws and catches an error: a third of what a signature costs.
 */
export function asEs256Key(key: KeyObject): Es256Key {
  return Object.assign(key, FORM);
}

/** Octets of a coordinate or of the private value on P-256 (RFC 7518 section 6.2). */
export const COORDINATE_LENGTH = 32;

/** SubjectPublicKeyInfo of an uncompressed point on P-256 (RFC 5480), up to the point's coordinates. */
const BEFORE_POINT = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex').toString('base64');

/**
 * As PEM, which node:crypto takes as it is: as a JWK it would try four objects as keys before, each with an error.
 *
 * @throws {Error} a coordinate has not 32 octets, or is not below the field’s prime, or the point is off the curve
 */
export function readPoint(x: Uint8Array, y: Uint8Array): Es256Key {
  // OpenSSL takes no notice of what stands after a point.
  if (x.length !== COORDINATE_LENGTH || y.length !== COORDINATE_LENGTH) throw new TypeError('Not a point on P-256.');
  const point = Buffer.concat([x, y]).toString('base64');
  return asEs256Key(createPublicKey(`-----BEGIN PUBLIC KEY-----\n${BEFORE_POINT}${point}\n-----END PUBLIC KEY-----`));
}

/** @returns 64 octets */
export function signEs256(key: Es256Key, input: Uint8Array): Buffer {
  return sign('sha256', input, key);
}

export function verifyEs256(key: Es256Key, input: Uint8Array, signature: Uint8Array): boolean {
  return verify('sha256', input, key, signature);
}
