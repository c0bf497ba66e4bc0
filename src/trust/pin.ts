import type { Certificate } from '../verifier/x509/certificate.ts';

/**
 * What makes a certificate one of a cloud's CAs. A pin is a fact: the certificate itself comes from anywhere, because it
 * counts only when its SHA-256 is the pin's. Digests are lower-case hex, times milliseconds since the epoch, inclusive.
 */
export interface Pin {
  /** The subject's common name. */
  readonly name: string;
  /** A root is an anchor; an intermediate counts only under one. */
  readonly role: 'root' | 'intermediate';
  readonly sha256: string;
  readonly spkiSha256: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** No document is signed under it any more; kept for old ones. */
  readonly historic?: boolean;
}

/** How sure it is that the cloud signs documents under a CA: seen, stated by Microsoft, or inferred. */
type PinConfidence = 'A' | 'A-stmt' | 'B';

/** A pin of the repository, with where it comes from. */
export interface PublishedPin extends Pin {
  /** The issuer's common name. */
  readonly issuer: string;
  /** Such as `RSA 4096`. */
  readonly key: string;
  /** Lower-case hex; what an unknown issuer is recognised by. */
  readonly subjectKeyIdentifier: string;
  readonly confidence: PinConfidence;
  readonly historic: boolean;
  /** The day it was added, as `2026-11-23`. */
  readonly added: string;
  /** Where its CA publishes it, plain HTTP; the digest is what makes that safe. */
  readonly publishedAt: readonly string[];
  readonly note?: string;
}

/** A cloud's pins. Several manifests of one cloud are one: the operators' pins come beside those of the repository. */
export interface PinManifest<P extends Pin = Pin> {
  readonly cloud: string;
  /** The domain in whose name the cloud signs, lower-case. */
  readonly domain: string;
  readonly pins: readonly P[];
}

/** The facts that a pin states, taken from the certificate itself. */
export function pinCertificate(certificate: Certificate, role: Pin['role']): Pin {
  const { sha256, spkiSha256, notBefore, notAfter } = certificate;
  return { name: certificate.commonName ?? sha256, role, sha256, spkiSha256, notBefore, notAfter };
}

/**
 * Whether a certificate is the one that the pin describes: the digest decides, the rest guards against a pin that was
 * written down wrongly.
 *
 * @returns null, or the difference as a sentence
 */
export function findPinFault(pin: Pin, certificate: Certificate): string | null {
  if (certificate.sha256 !== pin.sha256) return 'its SHA-256 is not the pin’s';
  if (certificate.spkiSha256 !== pin.spkiSha256) return 'its key is not the one that the pin names';
  if (certificate.commonName !== pin.name) return 'its common name is not the pin’s';
  if (certificate.notBefore !== pin.notBefore || certificate.notAfter !== pin.notAfter) {
    return 'its validity is not the pin’s';
  }
  return certificate.keyFacts.type === 'rsa' ? null : 'its key is not RSA';
}

/** Past its last second (RFC 5280 section 4.1.2.5), which still belongs to it. */
export function isPinExpired(pin: Pin, at: number): boolean {
  return at >= pin.notAfter + 1000;
}

/** Whether documents may still be signed under it, so that its certificate has to be at hand. */
export function isPinCurrent(pin: Pin, at: number): boolean {
  return pin.historic !== true && !isPinExpired(pin, at);
}
