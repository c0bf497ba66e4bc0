import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { DerError } from '../../verifier/der.ts';
import { parseCertificate } from '../../verifier/x509/certificate.ts';
import type { Certificate } from '../../verifier/x509/certificate.ts';
import { findPath } from '../../verifier/x509/certificationPath.ts';
import type { PathCode } from '../../verifier/x509/certificationPath.ts';
import type { PathRules } from '../../verifier/x509/pathRules.ts';
import { TrustedCertificates } from '../../verifier/x509/trustedCertificates.ts';
import type { LimboCase, PeerName } from './limboSuite.ts';

export type CaseCode = PathCode | 'certificate_malformed' | 'name_mismatch' | 'timed_out';

/** `code` is null where the path is accepted; `detail` is for people. */
export interface CaseVerdict {
  readonly accepted: boolean;
  readonly code: CaseCode | null;
  readonly detail?: string;
}

/** More than any public CA's hierarchy has; self-issued certificates are not counted. */
const MAX_INTERMEDIATES = 16;

/**
 * Validates the path of one case by RFC 5280's rules, with the case's own purposes and depth; then its peer names by node's
 * rule for them.
 *
 * @param now milliseconds since the epoch, for cases without a time of their own
 */
export function judgeCase(limboCase: LimboCase, now: number): CaseVerdict {
  const certificates = readCertificates(limboCase);
  if (certificates === null) return reject('certificate_malformed', 'a certificate of the case is not readable');
  const { leaf, anchors, intermediates } = certificates;
  const trusted = new TrustedCertificates({ anchors, intermediates });
  const search = findPath(leaf, { trusted, rules: rulesOf(limboCase), at: limboCase.validationTime ?? now });
  if (!search.found) return reject(search.failure.code, search.failure.detail);
  return judgeNames(leaf, limboCase.peerNames);
}

function reject(code: CaseCode, detail: string): CaseVerdict {
  return { accepted: false, code, detail };
}

function readCertificates(limboCase: LimboCase) {
  try {
    return {
      leaf: readPem(limboCase.peerCertificate),
      anchors: limboCase.trustedCerts.map(readPem),
      intermediates: limboCase.untrustedIntermediates.map(readPem),
    };
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

const PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/;

/** @throws {DerError} */
function readPem(pem: string): Certificate {
  const body = PEM.exec(pem)?.[1];
  if (body === undefined) throw new DerError('not a PEM block of a certificate');
  return parseCertificate(Buffer.from(body, 'base64'));
}

/** RFC 5280 and nothing beside it; of the leaf only what the case asks for. */
function rulesOf({ maximumChainDepth, purposes, peerNames }: LimboCase): PathRules {
  return {
    nameMatching: 'prepared',
    maximumIntermediates: maximumChainDepth ?? MAX_INTERMEDIATES,
    allowsDirectIssue: true,
    requiresKeyIdentifiers: true,
    purposes,
    findKeyFault: () => null,
    findLeafFault: ({ extensions: { basicConstraints, extendedKeyUsage } }) => {
      if (peerNames.length > 0 && basicConstraints?.ca === true) return 'the peer’s certificate is that of a CA';
      const isAllowed = purposes.every((purpose) => extendedKeyUsage?.purposes.includes(purpose));
      return isAllowed ? null : 'the leaf’s extended key usage does not allow the purpose';
    },
  };
}

/** Node's own rule: the alternative names alone, and no wildcard for a part of a label. */
function judgeNames(leaf: Certificate, peerNames: readonly PeerName[]): CaseVerdict {
  if (peerNames.length === 0) return { accepted: true, code: null };
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(leaf.der);
  } catch {
    return reject('certificate_malformed', 'node:crypto cannot read the leaf');
  }
  const missing = peerNames.find((name) => !hasName(certificate, name));
  return missing === undefined
    ? { accepted: true, code: null }
    : reject('name_mismatch', 'the leaf lacks a name that is expected');
}

function hasName(certificate: X509Certificate, { kind, value }: PeerName): boolean {
  switch (kind) {
    case 'DNS':
      // Some suites write an address here; a DNS name it is not.
      return isIP(value) === 0 ? hasHost(certificate, value) : certificate.checkIP(value) !== undefined;
    case 'IP':
      return certificate.checkIP(value) !== undefined;
    case 'RFC822':
      return certificate.checkEmail(value, { subject: 'never' }) !== undefined;
    default:
      return false;
  }
}

function hasHost(certificate: X509Certificate, host: string): boolean {
  return certificate.checkHost(host, { subject: 'never', partialWildcards: false }) !== undefined;
}
