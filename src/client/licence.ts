import { TOKEN_TYPES, vmSubject } from '../contract/claims.ts';
import type { LicenceClaims } from '../contract/claims.ts';
import { ClientError } from './clientError.ts';
import { asLicenceClaims } from './licenceClaims.ts';
import { verifyToken } from './keySet.ts';
import type { KeySet } from './keySet.ts';
import { CLOCK_SKEW } from './standing.ts';

/** Whose licence it must be. */
export interface LicenceExpectation {
  readonly issuer: string;
  /** `publisher/product`, in any ASCII case: templates spell it freely, the licence has the offer's spelling. */
  readonly product: string;
  /** RFC 7638 thumbprint of our key. */
  readonly thumbprint: string;
  /** Lower-case UUID; absent where IMDS has not said it. */
  readonly vmId?: string;
}

/**
 * Verifies everything about a licence but its times.
 *
 * @throws {ClientError} `licence_malformed`, `licence_signature_invalid`, `licence_foreign`
 */
export async function verifyLicence(
  token: string,
  keySet: KeySet,
  expected: LicenceExpectation,
): Promise<LicenceClaims> {
  const signed = await verifyToken(token, TOKEN_TYPES.licence, keySet);
  if (!signed.verified) {
    throw new ClientError(signed.because === 'malformed' ? 'licence_malformed' : 'licence_signature_invalid');
  }
  const claims = asLicenceClaims(signed.token.claims);
  if (claims === undefined) throw new ClientError('licence_malformed');
  checkOurs(claims, expected);
  return claims;
}

function checkOurs(claims: LicenceClaims, expected: LicenceExpectation): void {
  if (claims.iss !== expected.issuer) throw new ClientError('licence_foreign', 'iss');
  if (!isSameProduct(claims.aud, expected.product)) throw new ClientError('licence_foreign', 'aud');
  if (claims.cnf?.jkt !== expected.thumbprint) throw new ClientError('licence_foreign', 'cnf');
  const vmId = expected.vmId ?? claims.azure.vmId;
  if (claims.sub !== vmSubject(vmId) || claims.azure.vmId !== vmId) throw new ClientError('licence_foreign', 'sub');
}

export function isSameProduct(one: string, other: string): boolean {
  return lowerAscii(one) === lowerAscii(other);
}

/** Only ASCII letters: no other letter may ever become one of them. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/**
 * The times of a licence that was issued just now, judged by the present clock alone.
 *
 * @param now milliseconds since the epoch
 * @throws {ClientError} `clock_wrong`
 */
export function checkFresh(claims: LicenceClaims, now: number): void {
  const latest = now + CLOCK_SKEW;
  if (claims.iat * 1000 > latest || claims.nbf * 1000 > latest) throw new ClientError('clock_wrong', 'clock behind');
  if (claims.exp * 1000 <= now) throw new ClientError('clock_wrong', 'clock ahead');
}
