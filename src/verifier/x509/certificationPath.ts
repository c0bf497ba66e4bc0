import { isEqualOctets } from '../der.ts';
import type { Certificate } from './certificate.ts';
import { isSelfIssued } from './certificate.ts';
import { NAME_COMPARISONS, findConstraintBreach } from './nameConstraints.ts';
import { countsAsIntermediate, findIssuerFault, findLeafFault, findValidityCode } from './pathRules.ts';
import type { PathRules, ValidityCode } from './pathRules.ts';
import { findSignatureFault } from './signatureAlgorithm.ts';
import { hasMatchingKeyIdentifier } from './trustedCertificates.ts';
import type { IssuerCandidate, TrustedCertificates } from './trustedCertificates.ts';

/** Leaf first, anchor last; valid from the latest `notBefore` to the earliest `notAfter` (milliseconds, inclusive). */
export interface CertificationPath {
  readonly certificates: readonly Certificate[];
  readonly notBefore: number;
  readonly notAfter: number;
}

export type PathCode =
  'issuer_unknown' | 'path_invalid' | ValidityCode | 'issuer_certificate_missing' | 'certificate_distrusted';

export interface PathFailure {
  readonly code: PathCode;
  readonly detail: string;
}

export type PathSearchResult =
  { readonly found: true; readonly path: CertificationPath } | { readonly found: false; readonly failure: PathFailure };

/**
 * Signatures that one search may check. webpki's figure; the longest chain of Azure's takes three, or six where every
 * cross-certificate is tried first in vain.
 */
export const SIGNATURE_CHECKS = 100;

/** Of many candidates' failures the one that says most about what to do is reported. */
const SPECIFICITY: Readonly<Record<PathCode, number>> = {
  issuer_unknown: 0,
  path_invalid: 1,
  certificate_not_yet_valid: 2,
  certificate_expired: 2,
  issuer_certificate_missing: 3,
  certificate_distrusted: 4,
};

/**
 * Searches a path from the leaf to an anchor that is valid at the time asked (RFC 5280 section 6; RFC 4158 on building).
 * Every trusted certificate of the issuer's name is tried, so that a CA's cross-certificate and its own root both count.
 *
 * @param at milliseconds since the epoch
 */
export function findPath(
  leaf: Certificate,
  { trusted, rules, at }: { trusted: TrustedCertificates; rules: PathRules; at: number },
): PathSearchResult {
  const search = new PathSearch(trusted, rules, at);
  const certificates = search.run(leaf);
  if (certificates === null) return { found: false, failure: search.failure };
  const notBefore = Math.max(...certificates.map((certificate) => certificate.notBefore));
  const notAfter = Math.min(...certificates.map((certificate) => certificate.notAfter));
  return { found: true, path: { certificates, notBefore, notAfter } };
}

class PathSearch {
  readonly #trusted: TrustedCertificates;
  readonly #rules: PathRules;
  readonly #at: number;
  readonly #budget = { signatures: SIGNATURE_CHECKS, comparisons: NAME_COMPARISONS };
  failure: PathFailure = { code: 'issuer_unknown', detail: 'no trusted CA has the name of the issuer' };

  constructor(trusted: TrustedCertificates, rules: PathRules, at: number) {
    this.#trusted = trusted;
    this.#rules = rules;
    this.#at = at;
  }

  run(leaf: Certificate): readonly Certificate[] | null {
    if (this.#trusted.isDistrusted(leaf)) return this.#fail('certificate_distrusted', 'the leaf is distrusted');
    const candidates = this.#findIssuers(leaf);
    // Of a leaf from an unknown issuer nothing else is worth saying.
    if (candidates.length === 0) return null;
    const validity = findValidityCode(leaf, this.#at);
    if (validity !== null) return this.#fail(validity, 'the leaf');
    const fault = findLeafFault(leaf, this.#rules);
    if (fault !== null) return this.#fail('path_invalid', fault);
    return this.#extend([leaf], candidates, 0);
  }

  /** Depth first. `below` counts the intermediates so far that are not self-issued. */
  #extend(
    path: readonly Certificate[],
    candidates: readonly IssuerCandidate[],
    below: number,
  ): readonly Certificate[] | null {
    for (const candidate of candidates) {
      const { certificate, isAnchor } = candidate;
      if (this.#budget.signatures <= 0) return this.#fail('path_invalid', 'too many certificates to try');
      if (isOnPath(path, certificate) || !this.#isIssuer(path, candidate, below)) continue;
      const longer = [...path, certificate];
      const complete = isAnchor ? this.#complete(longer) : this.#continue(longer, below);
      if (complete !== null) return complete;
    }
    return null;
  }

  #continue(path: readonly Certificate[], below: number): readonly Certificate[] | null {
    const last = path[path.length - 1];
    if (last === undefined) return null;
    const count = below + countsAsIntermediate(last);
    if (count > this.#rules.maximumIntermediates) return this.#fail('path_invalid', 'too many intermediates');
    return this.#extend(path, this.#findIssuers(last), count);
  }

  #findIssuers(certificate: Certificate): readonly IssuerCandidate[] {
    const candidates = this.#trusted.findIssuers(certificate, this.#rules.nameMatching);
    const missing = this.#trusted.findMissingIssuer(certificate);
    if (missing !== undefined) {
      this.#fail('issuer_certificate_missing', `${missing.commonName}, SHA-256 ${missing.sha256}`);
    }
    return candidates;
  }

  /** Cheap checks first; the signature last. */
  #isIssuer(path: readonly Certificate[], { certificate: issuer, isAnchor }: IssuerCandidate, below: number): boolean {
    const child = path[path.length - 1];
    if (child === undefined) return false;
    const who = issuer.commonName ?? 'an issuer';
    if (this.#trusted.isDistrusted(issuer)) return this.#refuse('certificate_distrusted', who);
    const validity = findValidityCode(issuer, this.#at);
    if (validity !== null) return this.#refuse(validity, who);
    const fault = findIssuerFault(issuer, isAnchor, below, this.#rules);
    if (fault !== null) return this.#refuse('path_invalid', fault);
    if (isAnchor && path.length === 1 && !this.#rules.allowsDirectIssue) {
      return this.#refuse('path_invalid', 'the anchor issued the leaf itself, without a pinned intermediate');
    }
    this.#budget.signatures--;
    const signatureFault = findSignatureFault(child, issuer);
    if (signatureFault === null) return true;
    // Another key under a known name, and said to be another: an issuer that is not known.
    if (!hasMatchingKeyIdentifier(child, issuer)) return false;
    return this.#refuse('path_invalid', signatureFault);
  }

  /** The constraints of each CA hold for everything below it, self-issued intermediates excepted (section 6.1.3 (b)). */
  #complete(path: readonly Certificate[]): readonly Certificate[] | null {
    for (const [index, ca] of path.entries()) {
      const constraints = ca.extensions.nameConstraints?.constraints;
      if (constraints === undefined) continue;
      for (const [below, certificate] of path.slice(0, index).entries()) {
        if (below > 0 && isSelfIssued(certificate)) continue;
        const names = { subject: certificate.subjectName, names: certificate.extensions.subjectAltName?.names ?? [] };
        const breach = findConstraintBreach(constraints, names, this.#budget);
        if (breach !== null) return this.#fail('path_invalid', `${breach} (RFC 5280 section 6.1.3)`);
      }
    }
    return path;
  }

  #refuse(code: PathCode, detail: string): false {
    this.#fail(code, detail);
    return false;
  }

  #fail(code: PathCode, detail: string): null {
    if (SPECIFICITY[code] > SPECIFICITY[this.failure.code]) this.failure = { code, detail };
    return null;
  }
}

/** The same subject with the same key again would be a loop, whatever certificate says so. */
function isOnPath(path: readonly Certificate[], { subject, spki }: Certificate): boolean {
  return path.some((earlier) => isEqualOctets(earlier.spki, spki) && isEqualOctets(earlier.subject, subject));
}
