import { TOKEN_TYPES, vmSubject } from '../../contract/claims.ts';
import { ClientError } from '../clientError.ts';
import type { KeySet, SignedTerms } from '../trust/keySet.ts';
import { verifyToken } from '../tokens/verifyToken.ts';
import { readLicenceClaims } from './licenceClaims.ts';
import type { LicenceClaims } from './licenceClaims.ts';

/** Whose licence it must be. */
export interface LicenceExpectation {
  readonly issuer: string;
  /** `publisher/product`, in any ASCII case: templates spell it freely, the licence has the offer's spelling. */
  readonly product: string;
  /** Lower-case UUID. */
  readonly vmId: string;
}

/**
 * Verifies everything about a licence but the possession of its key and where its times stand now.
 *
 * @throws {ClientError} `licence_malformed`, `licence_key_unknown`, `licence_signature_invalid`, `licence_foreign`,
 * `product_mismatch`, `licence_terms_invalid`
 */
export function verifyLicence(token: string, keySet: KeySet, expected: LicenceExpectation): LicenceClaims {
  const signed = verifyToken(token, TOKEN_TYPES.licence, keySet.keys);
  if (!signed.verified) throw new ClientError(FAULTS[signed.because]);
  const claims = readLicenceClaims(signed.token.claims);
  if (claims === undefined) throw new ClientError('licence_malformed');
  checkOurs(claims, expected);
  if (keySet.signed !== undefined) checkTerms(claims, keySet.signed);
  return claims;
}

const FAULTS = {
  malformed: 'licence_malformed',
  unknown_key: 'licence_key_unknown',
  signature: 'licence_signature_invalid',
} as const;

function checkOurs({ iss, aud, sub, cnf, azure }: LicenceClaims, expected: LicenceExpectation): void {
  if (iss !== expected.issuer) throw new ClientError('licence_foreign', 'iss');
  if (!isSameProduct(aud, expected.product)) {
    throw new ClientError('product_mismatch', `licensed: ${aud}, option: ${expected.product}`);
  }
  const { vmId } = expected;
  if (sub !== vmSubject(vmId) || azure.vmId !== vmId) throw new ClientError('licence_foreign', 'sub');
  if (cnf === undefined) throw new ClientError('licence_foreign', 'cnf');
}

/** What bounds a stolen signing key: the root says how long a licence may last, and until when its set may be used. */
function checkTerms({ iat, exp, licence }: LicenceClaims, set: SignedTerms): void {
  const { renewAfter, graceUntil } = licence;
  if (iat > set.exp) throw new ClientError('licence_terms_invalid', 'issued after the end of the key set');
  if (renewAfter > exp || exp > graceUntil) throw new ClientError('licence_terms_invalid', 'order of the times');
  if (graceUntil - iat > set.life) throw new ClientError('licence_terms_invalid', 'longer than the key set allows');
}

export function isSameProduct(one: string, other: string): boolean {
  return lowerAscii(one) === lowerAscii(other);
}

/** Only ASCII letters: no other letter may ever become one of them. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
