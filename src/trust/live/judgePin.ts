import { X509Certificate } from 'node:crypto';
import { LONGEST_CERTIFICATE } from './trustEntry.ts';
import type { TrustMaterial } from '../createTrust.ts';
import { createDomain, isDistrusted, mergeManifests } from '../createTrust.ts';
import { findLongestChain } from '../certificateChain.ts';
import { readNodeRoots } from '../nodeRoots.ts';
import { readPemBlocks } from '../pem.ts';
import { pinCertificate } from '../pin.ts';
import { parseCertificate, isSelfIssued } from '../../verifier/x509/certificate.ts';
import type { Certificate } from '../../verifier/x509/certificate.ts';
import { findIssuerFault, findValidityCode } from '../../verifier/x509/pathRules.ts';
import { findSignatureFault } from '../../verifier/x509/signatureAlgorithm.ts';
import { TrustedCertificates } from '../../verifier/x509/trustedCertificates.ts';
import { signerRules } from '../../verifier/signerRules.ts';

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
 * Judges a CA's certificate before it is pinned: read by two readers, a CA by the verifier's own rules, in its validity, and
 * under something that is trusted already.
 *
 * @param material of the running service
 * @param at milliseconds since the epoch
 */
export function judgePin(request: PinRequest, material: TrustMaterial, at: number): PinJudgement {
  const [der, ...others] = readPemBlocks(request.pem);
  if (der === undefined || der === null || others.length > 0)
    return no('Send one certificate as PEM, and nothing else.');
  if (der.length > LONGEST_CERTIFICATE) return no(`The certificate has more than ${LONGEST_CERTIFICATE / 1024} KiB.`);
  const certificate = readTwice(der);
  if (certificate === null) return no('Two readers do not find the same certificate in it.');
  const role = isSelfIssued(certificate) ? 'root' : 'intermediate';
  const fault = findFault(certificate, role, material, at);
  if (fault !== null) return no(fault);
  if (!request.newAnchor && !isVouchedFor(certificate, request.cloud, material, at)) return no(UNKNOWN[role]);
  return { ok: true, certificate, role };
}

const UNKNOWN = {
  root: 'No cloud has this root pinned, and Node.js does not bring it along. Compare its SHA-256 with what the CA and Microsoft publish; then pin it with newAnchor.',
  intermediate:
    'It does not verify under a pinned root or one that Node.js brings along. Pin its root first, or say newAnchor.',
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

function findFault(certificate: Certificate, role: 'root' | 'intermediate', material: TrustMaterial, at: number) {
  if (certificate.commonName === null) return 'The certificate’s subject has no common name.';
  const issuerFault = findIssuerFault(certificate, role === 'root', 0, RULES);
  if (issuerFault !== null) return `No document could be signed under it: ${issuerFault}.`;
  if (findValidityCode(certificate, at) !== null) return 'The certificate is not valid today.';
  if (role === 'root' && findSignatureFault(certificate, certificate) !== null) {
    return 'It names itself as its issuer, and did not sign itself.';
  }
  return isDistrusted(pinCertificate(certificate, role), material.distrusted)
    ? 'It is distrusted: take that back first.'
    : null;
}

/** Under a root that any cloud has pinned, or one of Node's; by way of the cloud's own intermediates. */
function isVouchedFor(certificate: Certificate, cloud: string, material: TrustMaterial, at: number): boolean {
  const domains = mergeManifests(material.manifests).map((manifest) => createDomain(manifest, material));
  const anchors = [...domains.flatMap((domain) => domain.certificates.anchors), ...readRoots()];
  if (isSelfIssued(certificate)) return anchors.some(({ sha256 }) => sha256 === certificate.sha256);
  const intermediates = domains.find(({ name }) => name === cloud)?.certificates.intermediates ?? [];
  const { distrusted = new Set() } = material;
  const trusted = new TrustedCertificates({ anchors, intermediates, distrusted });
  return findLongestChain(certificate, { trusted, rules: RULES, at }) !== null;
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
