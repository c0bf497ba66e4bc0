import type { AttestationResult, Verification } from '../contract/attestation.ts';
import { formatInstant } from '../contract/instants.ts';

/** The JSON of `verify --json`: `{ accepted, code, checks, result }`. */
export function writeVerification(verification: Verification) {
  const { accepted, checks } = verification;
  return accepted
    ? { accepted, code: null, checks, result: writeResult(verification.result) }
    : { accepted, code: verification.code, checks, result: null };
}

/** Times as RFC 3339. */
export function writeResult({ createdOn, expiresOn, ...claims }: AttestationResult) {
  return { ...claims, createdOn: formatInstant(createdOn), expiresOn: formatInstant(expiresOn) };
}
