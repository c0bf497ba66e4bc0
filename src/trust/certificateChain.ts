import { SIGNATURE_CHECKS } from '../verifier/x509/certificationPath.ts';
import { isSelfIssued } from '../verifier/x509/certificate.ts';
import type { Certificate } from '../verifier/x509/certificate.ts';
import { findIssuerFault, findPurposeFault, findValidityCode } from '../verifier/x509/pathRules.ts';
import type { PathRules } from '../verifier/x509/pathRules.ts';
import { findSignatureFault } from '../verifier/x509/signatureAlgorithm.ts';
import type { TrustedCertificates } from '../verifier/x509/trustedCertificates.ts';

/** CA certificates from one that issues leaves to an anchor, and the last instant at which all of them are valid. */
export interface CertificateChain {
  readonly certificates: readonly Certificate[];
  /** Milliseconds since the epoch, inclusive. */
  readonly until: number;
}

interface Search {
  readonly trusted: TrustedCertificates;
  readonly rules: PathRules;
  readonly at: number;
}

/**
 * The chain from an intermediate to an anchor that stays valid longest, as the verifier would find it for a leaf below:
 * the same rules, and nothing distrusted. Name constraints are left out: what they allow depends on the leaf.
 *
 * @returns null where there is none at that time
 */
export function findLongestChain(intermediate: Certificate, search: Search): CertificateChain | null {
  if (!isUsable(intermediate, false, 0, search)) return null;
  let longest: CertificateChain | null = null;
  for (const certificates of chainsAbove([intermediate], countIntermediate(intermediate), search, {
    signatures: SIGNATURE_CHECKS,
  })) {
    const until = Math.min(...certificates.map(({ notAfter }) => notAfter));
    if (longest === null || until > longest.until) longest = { certificates, until };
  }
  return longest;
}

/** @param below how many intermediates that are not self-issued the path has so far */
function* chainsAbove(
  path: readonly Certificate[],
  below: number,
  search: Search,
  left: { signatures: number },
): Generator<readonly Certificate[]> {
  const last = path.at(-1);
  const { maximumIntermediates, purposes, nameMatching } = search.rules;
  if (last === undefined || below > maximumIntermediates || findPurposeFault(path, purposes) !== null) return;
  for (const { certificate, isAnchor } of search.trusted.findIssuers(last, nameMatching)) {
    if (isOnPath(path, certificate) || !isUsable(certificate, isAnchor, below, search) || left.signatures <= 0)
      continue;
    left.signatures--;
    if (findSignatureFault(last, certificate) !== null) continue;
    const longer = [...path, certificate];
    if (isAnchor) yield longer;
    else yield* chainsAbove(longer, below + countIntermediate(certificate), search, left);
  }
}

/** Self-issued certificates are not counted (RFC 5280 section 6.1.4 (l)). */
function countIntermediate(certificate: Certificate): 0 | 1 {
  return isSelfIssued(certificate) ? 0 : 1;
}

function isOnPath(path: readonly Certificate[], { spkiSha256, commonName }: Certificate): boolean {
  return path.some((earlier) => earlier.spkiSha256 === spkiSha256 && earlier.commonName === commonName);
}

function isUsable(certificate: Certificate, isAnchor: boolean, below: number, { trusted, rules, at }: Search): boolean {
  if (trusted.isDistrusted(certificate) || findValidityCode(certificate, at) !== null) return false;
  return findIssuerFault(certificate, isAnchor, below, rules) === null;
}
