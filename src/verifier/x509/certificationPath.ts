import { isEqualOctets } from '../der.ts';
import type { Certificate } from './certificate.ts';
import { isSelfIssued } from './certificate.ts';
import { NAME_COMPARISONS, findConstraintBreach, listNames } from './constraintBreach.ts';
import type { ComparedName } from './constraintBreach.ts';
import { findIssuerFault, findLeafFault, findPurposeFault, findValidityCode } from './pathRules.ts';
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

/**
 * Candidates that one search may look at, most of which cost no signature: a hundred times the signatures, which is above
 * all public roots and intermediates together (about 2,000).
 */
export const CANDIDATES = 10_000;

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
  const top = search.run(leaf);
  if (top === null) return { found: false, failure: search.failure };
  const certificates = listCertificates(top);
  const notBefore = Math.max(...certificates.map((certificate) => certificate.notBefore));
  const notAfter = Math.min(...certificates.map((certificate) => certificate.notAfter));
  return { found: true, path: { certificates, notBefore, notAfter } };
}

/** A path from the leaf up to one certificate. */
interface Step {
  readonly certificate: Certificate;
  /** Null at the leaf. */
  readonly below: Step | null;
  /** Intermediates so far that are not self-issued, this one with them. */
  readonly intermediates: number;
}

/** Leaf first. */
function listCertificates(top: Step): Certificate[] {
  const certificates: Certificate[] = [];
  for (let step: Step | null = top; step !== null; step = step.below) certificates.unshift(step.certificate);
  return certificates;
}

class PathSearch {
  readonly #trusted: TrustedCertificates;
  readonly #rules: PathRules;
  readonly #at: number;
  readonly #budget = { signatures: SIGNATURE_CHECKS, candidates: CANDIDATES, comparisons: NAME_COMPARISONS };
  readonly #names = new Map<Certificate, readonly ComparedName[]>();
  failure: PathFailure = { code: 'issuer_unknown', detail: 'no trusted CA has the name of the issuer' };

  constructor(trusted: TrustedCertificates, rules: PathRules, at: number) {
    this.#trusted = trusted;
    this.#rules = rules;
    this.#at = at;
  }

  run(leaf: Certificate): Step | null {
    if (this.#trusted.isDistrusted(leaf)) return this.#fail('certificate_distrusted', 'the leaf is distrusted');
    const candidates = this.#trusted.findIssuers(leaf, this.#rules.nameMatching);
    // Of a leaf from an unknown issuer nothing else is worth saying.
    if (candidates.length === 0) return this.#missIssuer(leaf);
    const validity = findValidityCode(leaf, this.#at);
    if (validity !== null) return this.#fail(validity, 'the leaf');
    const fault = findLeafFault(leaf, this.#rules);
    if (fault !== null) return this.#fail('path_invalid', fault);
    return this.#extend({ certificate: leaf, below: null, intermediates: 0 }, candidates);
  }

  /** Depth first. */
  #extend(step: Step, candidates: readonly IssuerCandidate[]): Step | null {
    let isRefuted = false;
    for (const candidate of candidates) {
      if (this.#budget.signatures <= 0 || --this.#budget.candidates < 0) {
        return this.#fail('path_invalid', 'too many certificates to try');
      }
      const { certificate, isAnchor } = candidate;
      if (isOnPath(step, certificate)) continue;
      const verdict = this.#judge(step, candidate);
      isRefuted ||= verdict === 'other_key';
      if (verdict !== 'issuer') continue;
      const counts = isAnchor || isSelfIssued(certificate) ? 0 : 1;
      const next = { certificate, below: step, intermediates: step.intermediates + counts };
      const complete = isAnchor ? this.#complete(next) : this.#continue(next);
      if (complete !== null) return complete;
    }
    // A CA has one key: where that of a form at hand did not make the signature, no missing form's did.
    return isRefuted ? null : this.#missIssuer(step.certificate);
  }

  #continue(step: Step): Step | null {
    if (step.intermediates > this.#rules.maximumIntermediates) {
      return this.#fail('path_invalid', 'too many intermediates');
    }
    return this.#extend(step, this.#trusted.findIssuers(step.certificate, this.#rules.nameMatching));
  }

  #missIssuer(certificate: Certificate): null {
    const missing = this.#trusted.findMissingIssuer(certificate);
    if (missing === undefined) return null;
    return this.#fail('issuer_certificate_missing', `${missing.commonName}, SHA-256 ${missing.sha256}`);
  }

  /** Cheap checks first; the signature last. */
  #judge(step: Step, { certificate: issuer, isAnchor }: IssuerCandidate): 'issuer' | 'other_key' | 'refused' {
    const who = issuer.commonName ?? 'an issuer';
    if (this.#trusted.isDistrusted(issuer)) return this.#refuse('certificate_distrusted', who);
    const validity = findValidityCode(issuer, this.#at);
    if (validity !== null) return this.#refuse(validity, who);
    const fault = this.#findFault(step, issuer, isAnchor);
    if (fault !== null) return this.#refuse('path_invalid', fault);
    this.#budget.signatures--;
    const signatureFault = findSignatureFault(step.certificate, issuer);
    if (signatureFault === null) return 'issuer';
    // Another key under a known name, and said to be another: an issuer that is not known.
    if (hasMatchingKeyIdentifier(step.certificate, issuer)) this.#fail('path_invalid', signatureFault);
    return 'other_key';
  }

  #findFault(step: Step, issuer: Certificate, isAnchor: boolean): string | null {
    const fault = findIssuerFault(issuer, isAnchor, step.intermediates, this.#rules);
    if (fault !== null) return fault;
    if (!isAnchor) return findPurposeFault([...listCertificates(step), issuer], this.#rules.purposes);
    return step.below === null && !this.#rules.allowsDirectIssue
      ? 'the anchor issued the leaf itself, without a pinned intermediate'
      : null;
  }

  /** The constraints of each CA hold for everything below it, self-issued intermediates excepted (section 6.1.3 (b)). */
  #complete(top: Step): Step | null {
    const path = listCertificates(top);
    for (const [index, { extensions }] of path.entries()) {
      const constraints = extensions.nameConstraints?.constraints;
      if (constraints === undefined) continue;
      for (const [below, certificate] of path.slice(0, index).entries()) {
        if (below > 0 && isSelfIssued(certificate)) continue;
        const breach = findConstraintBreach(constraints, this.#namesOf(certificate), this.#budget);
        if (breach !== null) return this.#fail('path_invalid', `${breach} (RFC 5280 section 6.1.3)`);
      }
    }
    return top;
  }

  /** Many paths may lead through one certificate. */
  #namesOf(certificate: Certificate): readonly ComparedName[] {
    const { subjectName: subject, extensions } = certificate;
    const names = this.#names.get(certificate) ?? listNames({ subject, names: extensions.subjectAltName?.names ?? [] });
    this.#names.set(certificate, names);
    return names;
  }

  #refuse(code: PathCode, detail: string): 'refused' {
    this.#fail(code, detail);
    return 'refused';
  }

  #fail(code: PathCode, detail: string): null {
    if (SPECIFICITY[code] > SPECIFICITY[this.failure.code]) this.failure = { code, detail };
    return null;
  }
}

/** The same subject with the same key again would be a loop, whatever certificate says so. */
function isOnPath(top: Step, { subject, spki }: Certificate): boolean {
  for (let step: Step | null = top; step !== null; step = step.below) {
    const { certificate } = step;
    if (isEqualOctets(certificate.spki, spki) && isEqualOctets(certificate.subject, subject)) return true;
  }
  return false;
}
