import { X509Certificate } from 'node:crypto';
import { isSelfIssued, parseCertificate } from '../../verifier/x509/certificate.ts';
import type { Certificate } from '../../verifier/x509/certificate.ts';
import { findCaFailure, findLongestPath } from '../../verifier/x509/certificationPath.ts';
import type { PathFailure } from '../../verifier/x509/certificationPath.ts';
import { findSignatureFault } from '../../verifier/x509/signatureAlgorithm.ts';
import { TrustedCertificates } from '../../verifier/x509/trustedCertificates.ts';
import { signerRules } from '../../verifier/signerRules.ts';
import { createDomain, mergeManifests } from '../createTrust.ts';
import type { TrustMaterial } from '../createTrust.ts';
import { readNodeRoots } from '../nodeRoots.ts';
import { readPemBlocks } from '../pem.ts';
import { MAX_CERTIFICATE } from './trustEntry.ts';

/** A CA that an operator wants documents of one cloud to be signed under. */
export interface PinRequest {
  readonly cloud: string;
  readonly pem: string;
  /** The operator vouches for it: nothing that is trusted already leads to it. */
  readonly newAnchor: boolean;
}

export type PinJudgement =
  | { readonly ok: true; readonly certificate: Certificate; readonly role: 'root' | 'intermediate' }
  /** `reason` says what to do. */
  | { readonly ok: false; readonly reason: string };

const RULES = signerRules(true);

/**
 * Judges a CA's certificate before it is pinned: read by two readers, a CA by the verifier's own rules, valid today, and
 * under an anchor that is pinned for this cloud or is one of Node's roots. What another cloud trusts does not count.
 *
 * @param material of the running service
 * @param at milliseconds since the epoch
 */
export function judgePin({ pem, ...request }: PinRequest, material: TrustMaterial, at: number): PinJudgement {
  const [der, ...others] = readPemBlocks(pem);
  if (der === undefined || der === null || others.length > 0)
    return no('Send one certificate as PEM, and nothing else.');
  return judgeCertificate({ ...request, der }, material, at);
}

/** The same of a certificate’s octets. */
export function judgeCertificate(
  { der, ...request }: Omit<PinRequest, 'pem'> & { readonly der: Uint8Array },
  material: TrustMaterial,
  at: number,
): PinJudgement {
  if (der.length > MAX_CERTIFICATE) return no(`The certificate has more than ${MAX_CERTIFICATE / 1024} KiB.`);
  const certificate = readTwice(der);
  if (certificate === null) return no('Two readers do not find the same certificate in it.');
  const role = isSelfIssued(certificate) ? 'root' : 'intermediate';
  const trusted = createCandidates(request.cloud, material);
  const fault = findFault(certificate, role, { trusted, rules: RULES, at });
  if (fault !== null) return no(fault);
  const isVouchedFor = isPinned(certificate, request.cloud, material) || isCertified(certificate, role, trusted, at);
  if (!isVouchedFor && !request.newAnchor) return no(UNKNOWN[role]);
  return { ok: true, certificate, role };
}

const UNKNOWN = {
  root: 'This root is not pinned for this cloud, and is not one of Node.js’ roots. Compare its SHA-256 with what the CA and Microsoft publish; then pin it with newAnchor (--new-anchor).',
  intermediate:
    'It does not verify under a root that is pinned for this cloud or is one of Node.js’ roots. Pin its root first, or say newAnchor (--new-anchor).',
};

function no(reason: string): PinJudgement {
  return { ok: false, reason };
}

/**
 * Our own reader and OpenSSL's must agree before a certificate is trusted for good. (`trust sync` asks `@peculiar/x509`,
 * which would be a third of the deployed bundle.)
 */
function readTwice(der: Uint8Array): Certificate | null {
  try {
    const own = parseCertificate(der);
    const other = new X509Certificate(der);
    const key = other.publicKey.export({ type: 'spki', format: 'der' });
    const serial = Buffer.from(own.serial).toString('hex').replace(/^0+/, '');
    const isSame =
      Buffer.from(own.der).equals(other.raw) &&
      Buffer.from(own.spki).equals(key) &&
      serial === other.serialNumber.toLowerCase().replace(/^0+/, '') &&
      own.notBefore === other.validFromDate.getTime() &&
      own.notAfter === other.validToDate.getTime();
    return isSame ? own : null;
  } catch {
    return null;
  }
}

/** What a CA of the cloud may be certified by: the cloud's own certificates, and Node's roots beside its anchors. */
function createCandidates(cloud: string, material: TrustMaterial): TrustedCertificates {
  const manifest = mergeManifests(material.manifests).find((known) => known.cloud === cloud);
  const { anchors, intermediates } =
    manifest === undefined ? { anchors: [], intermediates: [] } : createDomain(manifest, material).certificates;
  const { distrusted = new Set() } = material;
  return new TrustedCertificates({ anchors: [...anchors, ...readRoots()], intermediates, distrusted });
}

/** One that our strict reader does not take is not trusted. */
function readRoots(): Certificate[] {
  return readNodeRoots().flatMap((der) => {
    try {
      return [parseCertificate(der)];
    } catch {
      return [];
    }
  });
}

function findFault(
  certificate: Certificate,
  role: 'root' | 'intermediate',
  search: Parameters<typeof findCaFailure>[2],
): string | null {
  if (certificate.commonName === null) return 'The certificate’s subject has no common name.';
  const failure = findCaFailure(certificate, role === 'root', search);
  if (failure !== null) return describeFailure(failure);
  return role === 'root' && findSignatureFault(certificate, certificate) !== null
    ? 'It names itself as its issuer, and did not sign itself.'
    : null;
}

function describeFailure({ code, detail }: PathFailure): string {
  switch (code) {
    case 'certificate_distrusted':
      return 'It is distrusted: take that back first.';
    case 'certificate_expired':
    case 'certificate_not_yet_valid':
      return 'The certificate is not valid today.';
    case 'issuer_unknown':
    case 'issuer_certificate_missing':
    case 'path_invalid':
      return `No document could be signed under it: ${detail}.`;
  }
}

/** A pin without its certificate gets one in this way. */
function isPinned({ sha256 }: Certificate, cloud: string, { manifests }: TrustMaterial): boolean {
  return manifests.some((known) => known.cloud === cloud && known.pins.some((pin) => pin.sha256 === sha256));
}

function isCertified(
  certificate: Certificate,
  role: 'root' | 'intermediate',
  trusted: TrustedCertificates,
  at: number,
): boolean {
  if (role === 'root') return trusted.anchors.some(({ sha256 }) => sha256 === certificate.sha256);
  return findLongestPath(certificate, { trusted, rules: RULES, at }).found;
}
