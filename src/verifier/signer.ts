import { hash } from 'node:crypto';
import type { CheckFacts } from '../contract/attestation.ts';
import type { SignedDocument } from './cms/signedData.ts';
import { DerError, isEqualOctets } from './der.ts';
import { EvidenceError, readPart } from './evidenceError.ts';
import { identifyCloud } from './clouds.ts';
import { signerRules } from './signerRules.ts';
import { parseCertificate } from './x509/certificate.ts';
import type { Certificate } from './x509/certificate.ts';
import { describeValidity } from './x509/pathRules.ts';
import { findPath } from './x509/certificationPath.ts';
import type { PathFailure } from './x509/certificationPath.ts';
import type { Trust, TrustDomain, VerifiedLeaf } from './x509/trust.ts';

/** The one certificate in the document, which the SignerInfo names; every later check hangs on it. */
export interface Signer {
  readonly certificate: Certificate;
  /** How it passed before, where that still holds at the time asked. */
  readonly known: VerifiedLeaf | null;
}

/**
 * Finds the signer's certificate. One that was verified before, under the same trust, is not parsed again; the name in the
 * SignerInfo is compared all the same.
 *
 * @throws {EvidenceError} `signer_unexpected`; `document_malformed` where the certificate is not readable
 */
export function identifySigner(document: SignedDocument, trust: Trust, at: number): Signer {
  const [der, ...others] = document.certificates;
  if (der === undefined || others.length > 0) {
    throw new EvidenceError('signer', 'signer_unexpected', 'not exactly one certificate in the document');
  }
  const digest = hash('sha256', der, 'hex');
  const known = trust.verifiedLeaves.get(digest);
  const holds = known !== undefined && at >= known.path.notBefore && at < known.path.notAfter + 1000;
  const certificate = known?.certificate ?? readLeaf(der);
  const isNamed =
    isEqualOctets(certificate.issuer, document.signerIssuer) &&
    isEqualOctets(certificate.serial, document.signerSerial);
  if (!isNamed) {
    throw new EvidenceError('signer', 'signer_unexpected', 'the certificate is not the one that the SignerInfo names');
  }
  return { certificate, known: holds ? known : null };
}

const LEAF = { part: 'certificate', check: 'encoding', code: 'document_malformed', kind: DerError } as const;

/** A copy outside Node’s pool, whose 64 KiB would stay with it: the certificate outlives the document in the cache. */
function readLeaf(der: Uint8Array): Certificate {
  return readPart(LEAF, () => parseCertificate(new Uint8Array(der)));
}

/**
 * Finds the cloud by the signer's names.
 *
 * @throws {EvidenceError} `signer_unexpected`, or `cloud_not_accepted` for a known cloud that is not accepted
 */
export function checkCloud(
  signer: Signer,
  trust: Trust,
  acceptedClouds: readonly string[],
): { domain: TrustDomain; region: string | null } {
  const names = signer.certificate.extensions.subjectAltName?.names ?? [];
  const { domain, region } = signer.known ?? identifyCloud(names, trust.domains);
  if (!acceptedClouds.includes(domain.name)) {
    const facts = { code: 'cloud_not_accepted', cloud: domain.name } as const;
    throw new EvidenceError('cloud', facts.code, `${domain.name} is not among the accepted clouds`, facts);
  }
  return { domain, region };
}

/**
 * Searches the path from the signer to an anchor of its cloud.
 *
 * @throws {EvidenceError} with the code of the most specific failure
 */
export function certifySigner(
  { certificate, known }: Signer,
  { domain, region }: { domain: TrustDomain; region: string | null },
  at: number,
): VerifiedLeaf {
  if (known !== null) return known;
  const search = findPath(certificate, { trusted: domain.certificates, rules: signerRules(domain.isPinned), at });
  if (!search.found) fail(search.failure, { certificate, cloud: domain.name, at });
  return { certificate, path: search.path, domain, region };
}

interface Signing {
  readonly certificate: Certificate;
  readonly cloud: string;
  readonly at: number;
}

function fail(failure: PathFailure, signing: Signing): never {
  const facts = listFacts(failure, signing);
  const { code, detail } = failure;
  const words = facts?.code === 'issuer_unknown' ? describeUnknown(detail, facts) : detail;
  throw new EvidenceError('path', code, words, facts);
}

function listFacts(failure: PathFailure, { certificate: leaf, cloud, at }: Signing): CheckFacts | undefined {
  switch (failure.code) {
    case 'path_invalid':
      return undefined;
    case 'issuer_unknown': {
      const { issuerCommonName: issuer, extensions } = leaf;
      const keyIdentifier = extensions.authorityKeyIdentifier?.keyIdentifier ?? null;
      const hex = keyIdentifier === null ? null : Buffer.from(keyIdentifier.subarray(0, 32)).toString('hex');
      return { code: failure.code, cloud, issuer, keyIdentifier: hex };
    }
    case 'issuer_certificate_missing': {
      const { commonName: name, sha256 } = failure.certificate;
      return { code: failure.code, cloud, name, sha256 };
    }
    case 'certificate_distrusted': {
      const { commonName: name, sha256 } = failure.certificate;
      return { code: failure.code, cloud, name, sha256 };
    }
    case 'certificate_expired':
    case 'certificate_not_yet_valid':
      return describeValidity(failure.code, failure.certificate, at);
  }
}

/** An unknown issuer is how a change of Azure's CAs looks: its name and key identifier are what an operator looks up. */
function describeUnknown(
  detail: string,
  { issuer, keyIdentifier }: Extract<CheckFacts, { code: 'issuer_unknown' }>,
): string {
  return `${detail}: "${issuer ?? ''}", key identifier ${keyIdentifier ?? 'none'}`;
}
