import { hash } from 'node:crypto';
import { parseCertificate } from '../verifier/x509/certificate.ts';
import type { Certificate } from '../verifier/x509/certificate.ts';
import { findPinFault } from './pin.ts';
import type { Pin, PinManifest } from './pin.ts';

/** Certificates at hand, by their SHA-256 in lower-case hex. */
export type CertificatesByDigest = ReadonlyMap<string, Certificate>;

/**
 * Finds the pins' certificates among those of any source. A certificate counts only when its SHA-256 is a pin's; the
 * others are not even parsed.
 *
 * @param sources DER of certificates, or of anything at all
 */
export function findPinnedCertificates(
  manifests: readonly PinManifest[],
  sources: Iterable<Uint8Array>,
): CertificatesByDigest {
  const wanted = new Set(manifests.flatMap(({ pins }) => pins.map(({ sha256 }) => sha256)));
  const found = new Map<string, Certificate>();
  for (const der of sources) {
    const digest = hash('sha256', der, 'hex');
    if (!wanted.delete(digest)) continue;
    const certificate = tryParse(der);
    if (certificate !== null) found.set(digest, certificate);
  }
  return found;
}

/** Null where the pin is of something that our reader does not take for a certificate: it is not at hand then. */
function tryParse(der: Uint8Array): Certificate | null {
  try {
    return parseCertificate(der);
  } catch {
    return null;
  }
}

/** The pin's certificate; null where it is not at hand, or is otherwise than the pin says. */
export function findCertificate(pin: Pin, certificates: CertificatesByDigest): Certificate | null {
  const certificate = certificates.get(pin.sha256);
  return certificate !== undefined && findPinFault(pin, certificate) === null ? certificate : null;
}
