import { EvidenceError } from './evidenceError.ts';
import type { AttestedDocument, RequiredClaim } from './attestedDocument.ts';
import type { Certificate } from './x509/certificate.ts';
import { findValidityCode } from './x509/pathRules.ts';

/** What a caller asks of evidence beside its being authentic (RFC 9334 section 8.5: the appraisal policy). */
export interface EvidencePolicy {
  /** Names of the clouds whose evidence counts. */
  readonly acceptedClouds: readonly string[];
  readonly requiredClaims: readonly RequiredClaim[];
  /** Milliseconds since `createdOn`; null where the document's own expiry is enough. */
  readonly maximumAge: number | null;
  /** Milliseconds that clocks may differ. */
  readonly clockSkew: number;
}

/** Genuine documents live for six hours. */
const MAX_LIFETIME = 24 * 60 * 60 * 1000;

/**
 * Judges the document's times. The signer's certificate must have been valid when the document was made, too.
 *
 * @param at milliseconds since the epoch
 * @returns the times, which are now known to be there
 * @throws {EvidenceError}
 */
export function checkTimes(
  document: AttestedDocument,
  certificate: Certificate,
  { maximumAge, clockSkew }: EvidencePolicy,
  at: number,
): { createdOn: number; expiresOn: number } {
  const { createdOn, expiresOn } = document;
  if (createdOn === null || expiresOn === null) {
    throw new EvidenceError('content', 'claim_missing', 'timeStamp lacks createdOn or expiresOn');
  }
  if (expiresOn <= createdOn) fail('document_malformed', 'expiresOn is not after createdOn');
  if (expiresOn - createdOn > MAX_LIFETIME) fail('document_malformed', 'a lifetime of more than 24 hours');
  if (createdOn > at + clockSkew) fail('document_not_yet_valid', 'createdOn lies in the future');
  if (expiresOn < at - clockSkew) fail('document_expired', 'expiresOn has passed');
  if (maximumAge !== null && at - createdOn > maximumAge + clockSkew) {
    fail('document_too_old', `created more than ${maximumAge / 1000} seconds ago`);
  }
  const validity = findValidityCode(certificate, createdOn);
  if (validity !== null) fail(validity, 'the leaf was not valid at createdOn');
  return { createdOn, expiresOn };
}

/** @throws {EvidenceError} `nonce_mismatch` */
export function checkNonce(document: AttestedDocument, nonce: string): void {
  // Neither value is a secret here: the nonce stands in the document and in the caller's own challenge.
  if (document.nonce !== nonce) throw new EvidenceError('nonce', 'nonce_mismatch', 'not the nonce that was asked for');
}

function fail(
  code:
    | 'document_malformed'
    | 'document_not_yet_valid'
    | 'document_expired'
    | 'document_too_old'
    | 'certificate_expired'
    | 'certificate_not_yet_valid',
  detail: string,
): never {
  throw new EvidenceError('time', code, detail);
}
