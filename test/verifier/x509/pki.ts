import { issueCertificate } from '../../../src/emulator/authority/issueCertificate.ts';
import type { CertificateDescription, IssuedCertificate } from '../../../src/emulator/authority/issueCertificate.ts';
import { parseCertificate } from '../../../src/verifier/x509/certificate.ts';
import type { Certificate } from '../../../src/verifier/x509/certificate.ts';
import { findPath } from '../../../src/verifier/x509/certificationPath.ts';
import type { PathSearchResult } from '../../../src/verifier/x509/certificationPath.ts';
import type { PathRules } from '../../../src/verifier/x509/pathRules.ts';
import { TrustedCertificates } from '../../../src/verifier/x509/trustedCertificates.ts';
import type { TrustedCertificatesInput } from '../../../src/verifier/x509/trustedCertificates.ts';
import { runKeys } from '../../support/runKeys.ts';

/** A small public key infrastructure for the path rules: P-256, because its keys and signatures cost next to nothing. */

const YEAR = 365 * 24 * 60 * 60 * 1000;

/** Everything is valid from a year before to a year after. */
export const AT = Date.UTC(2026, 6, 1);
export const NOT_BEFORE = AT - YEAR;
export const NOT_AFTER = AT + YEAR;

const keys = runKeys('path');

/** The P-256 key of that label, the same one whenever it is asked for. */
export const keyOf = (label: string) => keys(label, 'p-256');

export type Change = Partial<CertificateDescription>;

/** A CA under its own key, or under another's. */
export async function issueCa(
  label: string,
  issuer?: IssuedCertificate,
  change: Change = {},
): Promise<IssuedCertificate> {
  return issueCertificate({
    subject: `CN=${label}`,
    keys: await keyOf(label),
    ...(issuer === undefined ? {} : { issuer }),
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    keyUsage: ['keyCertSign', 'cRLSign'],
    basicConstraints: { ca: true },
    ...change,
  });
}

export async function issueLeaf(issuer: IssuedCertificate, change: Change = {}): Promise<IssuedCertificate> {
  return issueCertificate({
    subject: 'CN=leaf.example',
    keys: await keyOf('leaf'),
    issuer,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    keyUsage: ['digitalSignature'],
    names: [{ type: 'dns', value: 'leaf.example' }],
    ...change,
  });
}

export const parseIssued = ({ der }: IssuedCertificate): Certificate => parseCertificate(der);

export const rules = (change: Partial<PathRules> = {}): PathRules => ({
  nameMatching: 'exact',
  maximumIntermediates: 8,
  allowsDirectIssue: true,
  requiresKeyIdentifiers: true,
  purposes: [],
  findKeyFault: () => null,
  findLeafFault: () => null,
  ...change,
});

interface Search extends Omit<TrustedCertificatesInput, 'anchors' | 'intermediates'> {
  readonly anchors: readonly IssuedCertificate[];
  readonly intermediates?: readonly IssuedCertificate[];
  readonly rules?: Partial<PathRules>;
  readonly at?: number;
}

export function search(
  leaf: IssuedCertificate,
  { anchors, intermediates = [], at = AT, ...more }: Search,
): PathSearchResult {
  const trusted = new TrustedCertificates({
    ...more,
    anchors: anchors.map(parseIssued),
    intermediates: intermediates.map(parseIssued),
  });
  return findPath(parseIssued(leaf), { trusted, rules: rules(more.rules), at });
}

/** Common names from leaf to anchor, or the failure as `code: detail`. */
export function tell(result: PathSearchResult): string {
  if (!result.found) return `${result.failure.code}: ${result.failure.detail}`;
  return result.path.certificates.map(({ commonName }) => commonName ?? '').join(' < ');
}
