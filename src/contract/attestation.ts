import type { EvidenceCode } from './codes.ts';

/**
 * The checks of the verifier, in the order in which they run. What passed and what was not reached follow from the one
 * that failed.
 */
export const CHECK_NAMES = [
  'size',
  'encoding',
  'profile',
  'signer',
  'cloud',
  'path',
  'signature',
  'reading',
  'content',
  'time',
  'nonce',
] as const;

export type CheckName = (typeof CHECK_NAMES)[number];

export type CheckOutcome = 'passed' | 'failed' | 'skipped' | 'not_reached';

/** A certificate that a check failed on. Digests are SHA-256 in lower-case hexadecimal. */
export interface CertificateFacts {
  /** The subject's common name. */
  readonly name: string | null;
  readonly sha256: string;
}

interface ValidityFacts extends CertificateFacts {
  readonly notBefore: number;
  readonly notAfter: number;
  /** The time at which it was to be valid: the verification time, or the document's `createdOn`. */
  readonly at: number;
}

/** The facts of a failed check, by its code. Times are milliseconds since the epoch, durations milliseconds. */
interface FactsByCode {
  readonly cloud_not_accepted: { readonly cloud: string };
  /** Everything here is the sender's own word: anybody can make such a document. */
  readonly issuer_unknown: {
    readonly cloud: string;
    /** The issuer's common name. */
    readonly issuer: string | null;
    /** Lower-case hexadecimal, at most 32 octets. */
    readonly keyIdentifier: string | null;
  };
  /** The pin whose certificate is not at hand. */
  readonly issuer_certificate_missing: CertificateFacts & { readonly cloud: string };
  readonly certificate_distrusted: CertificateFacts & { readonly cloud: string };
  readonly certificate_expired: ValidityFacts;
  readonly certificate_not_yet_valid: ValidityFacts;
  readonly claim_missing: { readonly claim: string };
  readonly readings_differ: { readonly difference: string };
  readonly document_not_yet_valid: { readonly createdOn: number; readonly at: number };
  readonly document_expired: { readonly expiresOn: number; readonly at: number };
  readonly document_too_old: { readonly createdOn: number; readonly at: number; readonly maximumAge: number };
}

/** What a program needs of a failed check; `code` tells which fields there are. Other codes have no facts. */
export type CheckFacts = {
  readonly [Code in keyof FactsByCode]: { readonly code: Code } & FactsByCode[Code];
}[keyof FactsByCode];

/** One check and how it ended. `detail` is for people, `facts` for programs; neither carries octets of the document. */
export interface Check {
  readonly name: CheckName;
  readonly outcome: CheckOutcome;
  readonly detail?: string;
  /** Of the check that failed. */
  readonly facts?: CheckFacts;
}

/** The Marketplace plan as Azure attested it; `""` where the document says so, `null` where it says nothing. */
export interface AttestedPlan {
  readonly publisher: string | null;
  readonly product: string | null;
  readonly name: string | null;
}

/**
 * What verified evidence says (RFC 9334: the Attestation Result). A claim that the document does not hold is `null`,
 * never `""`; `""` is Azure's own word (the `sku` of a custom image). Times are milliseconds since the epoch.
 */
export interface AttestationResult {
  /** The cloud's `azEnvironment` name, or the name that the trust object gives it. */
  readonly cloud: string;
  /** The label before the cloud's domain in the signer's longer name; `null` where there is none. */
  readonly region: string | null;
  /** Lower-case UUID. */
  readonly vmId: string | null;
  /** Lower-case UUID. */
  readonly subscriptionId: string | null;
  readonly sku: string | null;
  readonly licenseType: string | null;
  readonly plan: AttestedPlan | null;
  readonly nonce: string | null;
  readonly createdOn: number;
  readonly expiresOn: number;
}

/** The verifier's answer: a value either way, with every check and its outcome. */
export type Verification =
  | { readonly accepted: true; readonly result: AttestationResult; readonly checks: readonly Check[] }
  | { readonly accepted: false; readonly code: EvidenceCode; readonly checks: readonly Check[] };

/** Between the names of a certification path, in the detail of the check `path`. */
const BELOW = ' < ';

/** @param names common names, from the leaf's to the anchor's */
export function writePath(names: readonly (string | null)[]): string {
  return names.map((name) => name ?? 'without a common name').join(BELOW);
}

/** The common name of the CA that issued the leaf's certificate; `null` where the checks do not say it. */
export function readIssuer(checks: readonly Check[]): string | null {
  const path = checks.find(({ name, outcome }) => name === 'path' && outcome === 'passed');
  return path?.detail?.split(BELOW)[1] ?? null;
}

/** Verified evidence with the claims that a licence cannot do without. */
export interface AttestedVm extends AttestationResult {
  readonly vmId: string;
  readonly subscriptionId: string;
  readonly sku: string;
}

/** @throws {TypeError} the evidence lacks one of these claims: the verification policy must require them */
export function attestedVm(result: AttestationResult): AttestedVm {
  const { vmId, subscriptionId, sku } = result;
  if (vmId === null || subscriptionId === null || sku === null) {
    throw new TypeError('A licence needs evidence with vmId, subscriptionId and sku: require these claims.');
  }
  return { ...result, vmId, subscriptionId, sku };
}
