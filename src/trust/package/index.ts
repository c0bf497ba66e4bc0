import type { AttestationResult, Check, CheckFacts, Verification } from '../../contract/attestation.ts';
import { CLOCK_SKEW } from '../../contract/clocks.ts';
import { AZURE_CLOUDS } from '../../contract/clouds.ts';
import type { EvidenceCode } from '../../contract/codes.ts';
import { verifyEvidence as verify } from '../../verifier/verifyEvidence.ts';
import type { Trust as PinnedTrust } from '../../verifier/x509/trust.ts';
import { loadPins } from '../azurePins.ts';
import { createTrust as createPinnedTrust } from '../createTrust.ts';
import { readNodeRoots } from '../nodeRoots.ts';
import { readCertificateOctets, readPemBlocks } from '../pem.ts';
import { findCertificate, findPinnedCertificates } from '../pinnedCertificates.ts';
import type { CertificatesByDigest } from '../pinnedCertificates.ts';

export type { AttestationResult, Check, CheckFacts, EvidenceCode, Verification };

/** A cloud of Azure, by its `azEnvironment` name. `AzureGermanCloud` was closed in 2021. */
export type CloudName = 'AzurePublicCloud' | 'AzureUSGovernmentCloud' | 'AzureChinaCloud' | 'AzureGermanCloud';

/** PEM, which may hold many certificates, or DER of one. */
export type Certificates = string | Uint8Array;

export interface TrustOptions {
  /**
   * CA certificates from any source. They count only when their SHA-256 is pinned in this package: anything else is skipped.
   * None by default.
   */
  readonly certificates?: Certificates | readonly Certificates[];
  /** The clouds whose documents are accepted. All by default. */
  readonly clouds?: readonly CloudName[];
  /** Whether the pinned roots are taken from those of Node.js too. True by default. */
  readonly nodeRoots?: boolean;
}

/** A pinned CA certificate that was not among those given. Times are milliseconds since the epoch. */
export interface MissingCertificate {
  readonly cloud: string;
  /** The subject's common name. */
  readonly name: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** What documents are verified against. Immutable; create it once, and keep it: it remembers the signers that it verified. */
export interface Trust {
  readonly clouds: readonly string[];
  /**
   * Documents signed under these CAs are rejected as `issuer_certificate_missing`. Pins that only documents of the past need
   * are not listed; a pin that has expired is.
   */
  readonly missing: readonly MissingCertificate[];
}

/** Claims that a document can lack: whoever asks IMDS picks the version of the document. */
export type RequiredClaim = 'vmId' | 'subscriptionId' | 'sku' | 'plan' | 'nonce' | 'timeStamp';

/** What is asked of a document beside its being authentic. */
export interface Policy {
  /** The clouds of `trust` by default. */
  readonly acceptedClouds?: readonly string[];
  /** `vmId` and `timeStamp` by default. */
  readonly requiredClaims?: readonly RequiredClaim[];
  /** Milliseconds since the document was created; null, the default: as long as the document says, which is six hours. */
  readonly maximumAge?: number | null;
  /** Milliseconds that clocks may differ. 120,000 by default. */
  readonly clockSkew?: number;
}

export interface VerifyOptions {
  readonly trust: Trust;
  readonly policy?: Policy;
  /** The nonce that the document must carry. Where it is left out the nonce is not compared. */
  readonly nonce?: string;
  /** The verification time in milliseconds since the epoch, such as `Date.now()`. */
  readonly at: number;
}

const created = new WeakMap<Trust, PinnedTrust>();

/**
 * Puts the pins of Azure's clouds and certificates together. Synchronous; reads no file and makes no request.
 *
 * @throws {TypeError} for a cloud that does not exist, or certificates that are neither text nor octets
 * @throws {Error} named `EmptyTrustError` where no pinned root is at hand
 */
export function createTrust({ certificates = [], clouds, nodeRoots = true }: TrustOptions = {}): Trust {
  const accepted = clouds ?? Object.keys(AZURE_CLOUDS);
  const unknown = accepted.find((name) => !Object.hasOwn(AZURE_CLOUDS, name));
  if (unknown !== undefined || accepted.length === 0) {
    throw new TypeError(`clouds must name one or more of ${Object.keys(AZURE_CLOUDS).join(', ')}`);
  }
  const given = typeof certificates === 'string' || certificates instanceof Uint8Array ? [certificates] : certificates;
  const sources = [...given.flatMap(readCertificates), ...(nodeRoots ? readNodeRoots() : [])];
  const manifests = loadPins();
  const found = findPinnedCertificates(manifests, sources);
  const trust = Object.freeze({ clouds: Object.freeze([...accepted]), missing: listMissing(accepted, found) });
  created.set(trust, createPinnedTrust({ manifests, certificates: found }));
  return trust;
}

function readCertificates(source: Certificates): readonly Uint8Array[] {
  if (typeof source === 'string') return readPemBlocks(source).filter((block) => block !== null);
  if (source instanceof Uint8Array) return readCertificateOctets(source);
  throw new TypeError('certificates must be PEM text, a Uint8Array, or an array of them');
}

function listMissing(accepted: readonly string[], found: CertificatesByDigest): readonly MissingCertificate[] {
  const missing = loadPins().flatMap(({ cloud, pins }) =>
    pins
      .filter((pin) => accepted.includes(cloud) && !pin.historic && findCertificate(pin, found) === null)
      .map(({ name, sha256, notBefore, notAfter }) => Object.freeze({ cloud, name, sha256, notBefore, notAfter })),
  );
  return Object.freeze(missing);
}

/**
 * Verifies an attested document and appraises what it says. Synchronous and pure: it reads no clock, no file, no network.
 *
 * @param evidence the document: the `signature` of IMDS's answer (base64), or its DER. Anything else is rejected as
 *   `document_malformed`, so a value from a request can be passed as it came
 * @throws {TypeError} for options that would weaken a check without a word, such as a nonce that is `undefined`
 */
export function verifyEvidence(evidence: unknown, options: VerifyOptions): Verification {
  const { at, policy = {} } = options;
  const trust = created.get(options.trust);
  if (trust === undefined) throw new TypeError('trust must come from createTrust');
  if (!Number.isFinite(at)) throw new TypeError('at must be a time in milliseconds since the epoch');
  const checked = completePolicy(policy, options.trust.clouds);
  const document = typeof evidence === 'string' || evidence instanceof Uint8Array ? evidence : '';
  return verify(document, { trust, policy: checked, at, ...readNonce(options) });
}

/** A nonce that was lost on its way must not switch off its own check. */
function readNonce(options: VerifyOptions): { readonly nonce?: string } {
  if (!('nonce' in options)) return {};
  if (typeof options.nonce !== 'string' || options.nonce === '') {
    throw new TypeError('nonce must be a text that is not empty; leave it out to compare none');
  }
  return { nonce: options.nonce };
}

const CLAIMS: readonly string[] = ['vmId', 'subscriptionId', 'sku', 'plan', 'nonce', 'timeStamp'];

function completePolicy(policy: Policy, clouds: readonly string[]) {
  const { acceptedClouds = clouds, requiredClaims = ['vmId', 'timeStamp'] as const } = policy;
  const { maximumAge = null, clockSkew = CLOCK_SKEW } = policy;
  if (maximumAge !== null && !(maximumAge >= 0)) throw new TypeError('policy.maximumAge must be milliseconds or null');
  if (!(clockSkew >= 0 && clockSkew < Infinity)) throw new TypeError('policy.clockSkew must be milliseconds');
  const unknown = requiredClaims.find((claim) => !CLAIMS.includes(claim));
  if (unknown !== undefined) throw new TypeError(`policy.requiredClaims may name ${CLAIMS.join(', ')}`);
  return { acceptedClouds, requiredClaims, maximumAge, clockSkew };
}
