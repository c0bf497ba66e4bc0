import { EvidenceError } from './evidenceError.ts';
import type { CheckFacts } from '../contract/attestation.ts';
import type { AttestedDocument, RequiredClaim } from './attestedDocument.ts';
import type { Certificate } from './x509/certificate.ts';
import { describeValidity, findValidityCode } from './x509/pathRules.ts';

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
    const facts = { code: 'claim_missing', claim: 'timeStamp' } as const;
    throw new EvidenceError('content', facts.code, 'timeStamp lacks createdOn or expiresOn', facts);
  }
  if (expiresOn <= createdOn) failMalformed('expiresOn is not after createdOn');
  if (expiresOn - createdOn > MAX_LIFETIME) failMalformed('a lifetime of more than 24 hours');
  if (createdOn > at + clockSkew) {
    fail('createdOn lies in the future', { code: 'document_not_yet_valid', createdOn, at });
  }
  if (expiresOn < at - clockSkew) fail('expiresOn has passed', { code: 'document_expired', expiresOn, at });
  if (maximumAge !== null && at - createdOn > maximumAge + clockSkew) {
    const detail = `created more than ${maximumAge / 1000} seconds ago`;
    fail(detail, { code: 'document_too_old', createdOn, at, maximumAge });
  }
  const code = findValidityCode(certificate, createdOn);
  if (code !== null) fail('the leaf was not valid at createdOn', describeValidity(code, certificate, createdOn));
  return { createdOn, expiresOn };
}

/** @throws {EvidenceError} `nonce_mismatch` */
export function checkNonce(document: AttestedDocument, nonce: string): void {
  // Neither value is a secret here: the nonce stands in the document and in the caller's own challenge.
  if (document.nonce !== nonce) throw new EvidenceError('nonce', 'nonce_mismatch', 'not the nonce that was asked for');
}

function fail(detail: string, facts: CheckFacts): never {
  throw new EvidenceError('time', facts.code, detail, facts);
}

function failMalformed(detail: string): never {
  throw new EvidenceError('time', 'document_malformed', detail);
}
