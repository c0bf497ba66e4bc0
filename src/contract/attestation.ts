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

/** One check and how it ended. `detail` is for people; it never carries octets of the document. */
export interface Check {
  readonly name: CheckName;
  readonly outcome: CheckOutcome;
  readonly detail?: string;
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
