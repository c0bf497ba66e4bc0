import { verify } from 'node:crypto';
import { CHECK_NAMES, writePath } from '../contract/attestation.ts';
import type { AttestationResult, Check, CheckName, Verification } from '../contract/attestation.ts';
import { checkNonce, checkTimes } from './appraise.ts';
import type { EvidencePolicy } from './appraise.ts';
import { checkClaims, parseAttestedDocument } from './attestedDocument.ts';
import type { AttestedDocument } from './attestedDocument.ts';
import { base64Length, decodeBase64 } from '../contract/base64.ts';
import { ProfileError, parseSignedDocument } from './cms/signedData.ts';
import type { SignedDocument } from './cms/signedData.ts';
import { DerError, checkDer } from './der.ts';
import { EvidenceError, readPart } from './evidenceError.ts';
import { checkSecondReading } from './secondReader.ts';
import { certifySigner, checkCloud, identifySigner } from './signer.ts';
import type { Signer } from './signer.ts';
import type { Trust, VerifiedLeaf } from './x509/trust.ts';

export interface VerifyOptions {
  readonly trust: Trust;
  readonly policy: EvidencePolicy;
  /** Compared where given; else the nonce is only told. */
  readonly nonce?: string;
  /** The verification time: milliseconds since the epoch. */
  readonly at: number;
}

/** Genuine documents have 2.6 to 3.2 KB. */
export const MAX_DOCUMENT_OCTETS = 16 * 1024;

/** Genuine documents are 9 levels deep and have about 150 elements. */
export const DOCUMENT_LIMITS = { depth: 16, elements: 1024 };

/**
 * Verifies an attested document of Azure's Instance Metadata Service and appraises what it says. Pure: time, trust and
 * policy are parameters; nothing is read, fetched or kept but the cache of verified leaves in the trust object.
 *
 * @param evidence the document: its DER, or that in base64 (the `signature` of IMDS's answer)
 */
export function verifyEvidence(evidence: Uint8Array | string, options: VerifyOptions): Verification {
  const { trust, policy, nonce, at } = options;
  try {
    const octets = readDocument(evidence);
    const document = readSignedDocument(octets);
    const signer = identifySigner(document, trust, at);
    const cloud = checkCloud(signer, trust, policy.acceptedClouds);
    const leaf = certifySigner(signer, cloud, at);
    const content = authenticateContent(document, leaf);
    const reading = checkReading(octets, document, signer, leaf, trust);
    const claims = parseAttestedDocument(content);
    checkClaims(claims, policy.requiredClaims);
    const times = checkTimes(claims, leaf.certificate, policy, at);
    if (nonce !== undefined) checkNonce(claims, nonce);
    const result = createResult(claims, leaf, times);
    return { accepted: true, result, checks: listPassed(leaf, reading, nonce !== undefined) };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return { accepted: false, code: error.code, checks: listUntil(error) };
  }
}

/**
 * What a document says, true or not: nothing is verified. For callers that verify it at the time that it names, or show it
 * to people.
 *
 * @param evidence as of {@link verifyEvidence}
 * @returns null where it cannot be read
 */
export function readUnverified(evidence: Uint8Array | string): AttestedDocument | null {
  try {
    return parseAttestedDocument(readSignedDocument(readDocument(evidence)).content);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return null;
  }
}

/** The checks `size` and `encoding`. */
function readDocument(evidence: Uint8Array | string): Uint8Array {
  const isText = typeof evidence === 'string';
  const limit = isText ? base64Length(MAX_DOCUMENT_OCTETS) : MAX_DOCUMENT_OCTETS;
  if (evidence.length > limit) throw new EvidenceError('size', 'document_malformed', 'more than 16 KiB');
  const octets = isText ? decodeBase64(evidence) : evidence;
  if (octets === null) throw new EvidenceError('encoding', 'document_malformed', 'not canonical base64');
  if (octets.length > MAX_DOCUMENT_OCTETS) throw new EvidenceError('size', 'document_malformed', 'more than 16 KiB');
  readPart(ENCODING, () => {
    checkDer(octets, DOCUMENT_LIMITS);
  });
  return octets;
}

const ENCODING = { part: 'document', check: 'encoding', code: 'document_malformed', kind: DerError } as const;
const PROFILE = { part: 'document', check: 'profile', code: 'document_unsupported', kind: ProfileError } as const;

/** The check `profile`. */
function readSignedDocument(octets: Uint8Array): SignedDocument {
  return readPart(PROFILE, () => parseSignedDocument(octets));
}

/** The check `signature`: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2) over exactly the eContent octets. */
function authenticateContent({ content, signature }: SignedDocument, { certificate }: VerifiedLeaf): Uint8Array {
  if (!verify('sha256', content, certificate.publicKey(), signature)) {
    throw new EvidenceError(
      'signature',
      'signature_invalid',
      'the signature is not one of the signer over this content',
    );
  }
  return content;
}

/** The check `reading`: once for a leaf, which is then known to the trust object. */
function checkReading(
  octets: Uint8Array,
  document: SignedDocument,
  { known, certificate }: Signer,
  leaf: VerifiedLeaf,
  trust: Trust,
): string | undefined {
  if (known !== null) return undefined;
  checkSecondReading(octets, document, certificate);
  trust.verifiedLeaves.add(certificate.sha256, leaf);
  return 'pkijs and asn1js read the same';
}

function createResult(
  { vmId, subscriptionId, sku, licenseType, plan, nonce }: AttestedDocument,
  { domain, region }: VerifiedLeaf,
  { createdOn, expiresOn }: { createdOn: number; expiresOn: number },
): AttestationResult {
  return { cloud: domain.name, region, vmId, subscriptionId, sku, licenseType, plan, nonce, createdOn, expiresOn };
}

/** Facts that an operator wants to see of accepted evidence too. */
function listPassed(leaf: VerifiedLeaf, reading: string | undefined, hasNonce: boolean): readonly Check[] {
  const details: Partial<Record<CheckName, string>> = {
    signer: `SHA-256 ${leaf.certificate.sha256}`,
    cloud: leaf.region === null ? leaf.domain.name : `${leaf.domain.name}, region ${leaf.region}`,
    path: writePath(leaf.path.certificates.map(({ commonName }) => commonName)),
    reading: reading ?? 'this leaf was read twice when it was met first',
  };
  return CHECK_NAMES.map((name) => {
    const outcome = name === 'nonce' && !hasNonce ? 'skipped' : 'passed';
    const detail = details[name];
    return detail === undefined ? { name, outcome } : { name, outcome, detail };
  });
}

function listUntil({ check, detail, facts }: EvidenceError): readonly Check[] {
  const failed = CHECK_NAMES.indexOf(check);
  return CHECK_NAMES.map((name, index) => {
    if (index === failed) return { name, outcome: 'failed', detail, ...(facts !== undefined && { facts }) };
    return { name, outcome: index < failed ? 'passed' : 'not_reached' };
  });
}
