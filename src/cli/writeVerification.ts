import type { AttestationResult, Check, CheckFacts, Verification } from '../contract/attestation.ts';
import { formatInstant } from '../contract/instants.ts';

/** The JSON of `verify --json`: `{ accepted, code, checks, result }`. */
export function writeVerification(verification: Verification) {
  const { accepted } = verification;
  const checks = verification.checks.map(writeCheck);
  return accepted
    ? { accepted, code: null, checks, result: writeResult(verification.result) }
    : { accepted, code: verification.code, checks, result: null };
}

/** Times as RFC 3339. */
export function writeResult({ createdOn, expiresOn, ...claims }: AttestationResult) {
  return { ...claims, createdOn: formatInstant(createdOn), expiresOn: formatInstant(expiresOn) };
}

function writeCheck({ facts, ...check }: Check) {
  return facts === undefined ? check : { ...check, facts: writeFacts(facts) };
}

const TIMES = ['at', 'createdOn', 'expiresOn', 'notBefore', 'notAfter'];

function writeFacts(facts: CheckFacts): Readonly<Record<string, string | number | null>> {
  const written = Object.entries<string | number | null>({ ...facts }).map(
    ([name, value]) =>
      [name, typeof value === 'number' && TIMES.includes(name) ? formatInstant(value) : value] as const,
  );
  return Object.fromEntries(written);
}
