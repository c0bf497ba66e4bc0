import { isEqualOctets } from '../der.ts';
import type { Certificate } from './certificate.ts';
import { isSameName } from './nameMatching.ts';

/** A CA that is trusted by its digest, but whose certificate is not at hand. */
export interface MissingCertificate {
  readonly commonName: string;
  readonly sha256: string;
}

/** A certificate that may have issued another one, as far as names say. */
export interface IssuerCandidate {
  readonly certificate: Certificate;
  readonly isAnchor: boolean;
}

export interface TrustedCertificatesInput {
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  readonly missing?: readonly MissingCertificate[];
  /** SHA-256, lower-case hex, of certificates (leaves too) or of SubjectPublicKeyInfos that must not be on any path. */
  readonly distrusted?: ReadonlySet<string>;
}

/** How an issuer's name is compared with a subject's: octet by octet, or by RFC 5280 section 7.1. */
export type NameMatching = 'exact' | 'prepared';

/**
 * The certificates that may stand above a leaf. Immutable: a change of what is trusted makes a new one. Only these take
 * part in path building; what a stranger sends along never does.
 */
export class TrustedCertificates {
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  readonly missing: readonly MissingCertificate[];
  readonly distrusted: ReadonlySet<string>;
  readonly #bySubject = new Map<string, IssuerCandidate[]>();

  constructor({ anchors, intermediates, missing = [], distrusted = new Set() }: TrustedCertificatesInput) {
    this.anchors = [...anchors];
    this.intermediates = [...intermediates];
    this.missing = [...missing];
    this.distrusted = new Set(distrusted);
    for (const certificate of this.anchors) this.#index({ certificate, isAnchor: true });
    for (const certificate of this.intermediates) this.#index({ certificate, isAnchor: false });
  }

  #index(candidate: IssuerCandidate): void {
    const key = nameKey(candidate.certificate.subject);
    this.#bySubject.set(key, [...(this.#bySubject.get(key) ?? []), candidate]);
  }

  /** Every trusted certificate whose subject is the certificate's issuer; those that its key identifier names come first. */
  findIssuers(certificate: Certificate, matching: NameMatching): readonly IssuerCandidate[] {
    const candidates =
      matching === 'exact' ? (this.#bySubject.get(nameKey(certificate.issuer)) ?? []) : this.#findPrepared(certificate);
    return candidates.toSorted((left, right) => order(certificate, left) - order(certificate, right));
  }

  #findPrepared({ issuerName }: Certificate): readonly IssuerCandidate[] {
    const all = [...this.#bySubject.values()].flat();
    return all.filter((candidate) => isSameName(candidate.certificate.subjectName, issuerName));
  }

  /** The missing certificate that, by its name, would have issued this one. */
  findMissingIssuer({ issuerCommonName }: Certificate): MissingCertificate | undefined {
    return this.missing.find(({ commonName }) => commonName === issuerCommonName);
  }

  isDistrusted({ sha256, spkiSha256 }: Certificate): boolean {
    return this.distrusted.has(sha256) || this.distrusted.has(spkiSha256);
  }
}

function nameKey(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString('latin1');
}

function order(certificate: Certificate, { certificate: issuer, isAnchor }: IssuerCandidate): number {
  return (hasMatchingKeyIdentifier(certificate, issuer) ? 0 : 2) + (isAnchor ? 0 : 1);
}

/** False only where both identifiers are there and differ: a hint for the order of the search, and for what to report. */
export function hasMatchingKeyIdentifier(certificate: Certificate, issuer: Certificate): boolean {
  const wanted = certificate.extensions.authorityKeyIdentifier?.keyIdentifier ?? null;
  const offered = issuer.extensions.subjectKeyIdentifier?.keyIdentifier;
  return wanted === null || offered === undefined || isEqualOctets(wanted, offered);
}
