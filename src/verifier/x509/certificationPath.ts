import { isEqualOctets } from '../der.ts';
import type { Certificate } from './certificate.ts';
import { isSelfIssued } from './certificate.ts';
import { NAME_COMPARISONS, findConstraintBreach, listNames } from './constraintBreach.ts';
import type { ComparedName } from './constraintBreach.ts';
import { findIssuerFault, findLeafFault, findPurposeFault, findValidityCode } from './pathRules.ts';
import type { PathRules, ValidityCode } from './pathRules.ts';
import { findSignatureFault } from './signatureAlgorithm.ts';
import { hasMatchingKeyIdentifier } from './trustedCertificates.ts';
import type { IssuerCandidate, MissingCertificate, TrustedCertificates } from './trustedCertificates.ts';

/** Lowest certificate first, anchor last; valid from the latest `notBefore` to the earliest `notAfter` (milliseconds, inclusive). */
export interface CertificationPath {
  readonly certificates: readonly Certificate[];
  readonly notBefore: number;
  readonly notAfter: number;
}

export type PathCode =
  'issuer_unknown' | 'path_invalid' | ValidityCode | 'issuer_certificate_missing' | 'certificate_distrusted';

/** `certificate` is the one that the search failed on. */
export type PathFailure = { readonly detail: string } & (
  | { readonly code: 'issuer_unknown' | 'path_invalid' }
  | { readonly code: ValidityCode | 'certificate_distrusted'; readonly certificate: Certificate }
  | { readonly code: 'issuer_certificate_missing'; readonly certificate: MissingCertificate }
);

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

const ISSUER_UNKNOWN: PathFailure = { code: 'issuer_unknown', detail: 'no trusted CA has the name of the issuer' };

/** Of many candidates' failures the one that says most about what to do is reported. */
const SPECIFICITY: Readonly<Record<PathCode, number>> = {
  issuer_unknown: 0,
  path_invalid: 1,
  certificate_not_yet_valid: 2,
  certificate_expired: 2,
  issuer_certificate_missing: 3,
  certificate_distrusted: 4,
};

export interface PathSearchOptions {
  readonly trusted: TrustedCertificates;
  readonly rules: PathRules;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Searches a path from the leaf to an anchor that is valid at the time asked (RFC 5280 section 6; RFC 4158 on building).
 * Every trusted certificate of the issuer's name is tried, so that a CA's cross-certificate and its own root both count.
 */
export function findPath(leaf: Certificate, options: PathSearchOptions): PathSearchResult {
  const search = new PathSearch(options);
  // Paths are searched as they are taken: the search ends at the first.
  const [path] = search.pathsFromLeaf(leaf);
  return path === undefined ? { found: false, failure: search.failure } : { found: true, path };
}

/**
 * Searches, for a CA that issues leaves, the path to an anchor that stays valid longest: what a leaf below it could be
 * certified by. What name constraints allow to the leaf is left open.
 */
export function findLongestPath(ca: Certificate, options: PathSearchOptions): PathSearchResult {
  const search = new PathSearch(options);
  const [first, ...others] = search.pathsFromCa(ca);
  if (first === undefined) return { found: false, failure: search.failure };
  return { found: true, path: others.reduce((best, path) => (path.notAfter > best.notAfter ? path : best), first) };
}

/** All paths from a CA that issues leaves to an anchor, as {@link findLongestPath} finds them. */
export function listPaths(ca: Certificate, options: PathSearchOptions): readonly CertificationPath[] {
  return [...new PathSearch(options).pathsFromCa(ca)];
}

/** Why no path may lead over this CA, whatever issued it; null where one may. */
export function findCaFailure(ca: Certificate, isAnchor: boolean, options: PathSearchOptions): PathFailure | null {
  return new PathSearch(options).findFailure(null, { certificate: ca, isAnchor });
}

/** A path from the lowest certificate up to this one. */
interface Step {
  readonly certificate: Certificate;
  /** Null at the lowest: the leaf, or the CA that the search begins with. */
  readonly below: Step | null;
  /** Intermediates so far that are not self-issued, this one with them. */
  readonly intermediates: number;
}

/** Lowest first. */
function listCertificates(top: Step | null): Certificate[] {
  const certificates: Certificate[] = [];
  for (let step = top; step !== null; step = step.below) certificates.unshift(step.certificate);
  return certificates;
}

class PathSearch {
  readonly #trusted: TrustedCertificates;
  readonly #rules: PathRules;
  readonly #at: number;
  readonly #budget = { signatures: SIGNATURE_CHECKS, candidates: CANDIDATES, comparisons: NAME_COMPARISONS };
  readonly #names = new Map<Certificate, readonly ComparedName[]>();
  failure: PathFailure = ISSUER_UNKNOWN;
  /** Which of the path's certificates is the leaf; null where the search began with a CA. */
  #leaf: Certificate | null = null;

  constructor({ trusted, rules, at }: PathSearchOptions) {
    this.#trusted = trusted;
    this.#rules = rules;
    this.#at = at;
  }

  *pathsFromLeaf(leaf: Certificate): Generator<CertificationPath> {
    this.#leaf = leaf;
    const candidates = this.#trusted.findIssuers(leaf, this.#rules.nameMatching);
    const failure = this.#findLeafFailure(leaf, candidates);
    if (failure !== null) this.#fail(failure);
    else yield* this.#extend({ certificate: leaf, below: null, intermediates: 0 }, candidates);
  }

  *pathsFromCa(ca: Certificate): Generator<CertificationPath> {
    const failure = this.findFailure(null, { certificate: ca, isAnchor: false });
    if (failure !== null) this.#fail(failure);
    else yield* this.#continue({ certificate: ca, below: null, intermediates: isSelfIssued(ca) ? 0 : 1 });
  }

  #findLeafFailure(leaf: Certificate, candidates: readonly IssuerCandidate[]): PathFailure | null {
    if (this.#trusted.isDistrusted(leaf)) {
      return { code: 'certificate_distrusted', detail: 'the leaf is distrusted', certificate: leaf };
    }
    // Of a leaf from an unknown issuer nothing else is worth saying.
    if (candidates.length === 0) return this.#findMissing(leaf) ?? ISSUER_UNKNOWN;
    const validity = findValidityCode(leaf, this.#at);
    if (validity !== null) return { code: validity, detail: 'the leaf', certificate: leaf };
    const fault = findLeafFault(leaf, this.#rules);
    return fault === null ? null : { code: 'path_invalid', detail: fault };
  }

  /** Depth first. */
  *#extend(step: Step, candidates: readonly IssuerCandidate[]): Generator<CertificationPath> {
    let isRefuted = false;
    for (const candidate of candidates) {
      if (this.#budget.signatures <= 0 || --this.#budget.candidates < 0) {
        this.#fail({ code: 'path_invalid', detail: 'too many certificates to try' });
        return;
      }
      const { certificate, isAnchor } = candidate;
      if (isOnPath(step, certificate)) continue;
      const verdict = this.#judge(step, candidate);
      isRefuted ||= verdict === 'other_key';
      if (verdict !== 'issuer') continue;
      const counts = isAnchor || isSelfIssued(certificate) ? 0 : 1;
      const next = { certificate, below: step, intermediates: step.intermediates + counts };
      yield* isAnchor ? this.#complete(next) : this.#continue(next);
    }
    // A CA has one key: where that of a form at hand did not make the signature, no missing form's did.
    const missing = isRefuted ? null : this.#findMissing(step.certificate);
    if (missing !== null) this.#fail(missing);
  }

  *#continue(step: Step): Generator<CertificationPath> {
    if (step.intermediates > this.#rules.maximumIntermediates) {
      this.#fail({ code: 'path_invalid', detail: 'too many intermediates' });
    } else yield* this.#extend(step, this.#trusted.findIssuers(step.certificate, this.#rules.nameMatching));
  }

  #findMissing(certificate: Certificate): PathFailure | null {
    const missing = this.#trusted.findMissingIssuer(certificate);
    if (missing === undefined) return null;
    const detail = `${missing.commonName}, SHA-256 ${missing.sha256}`;
    return { code: 'issuer_certificate_missing', detail, certificate: missing };
  }

  /** Cheap checks first; the signature last. */
  #judge(step: Step, candidate: IssuerCandidate): 'issuer' | 'other_key' | 'refused' {
    const failure = this.findFailure(step, candidate);
    if (failure !== null) {
      this.#fail(failure);
      return 'refused';
    }
    this.#budget.signatures--;
    const { certificate: issuer } = candidate;
    const signatureFault = findSignatureFault(step.certificate, issuer);
    if (signatureFault === null) return 'issuer';
    // Another key under a known name, and said to be another: an issuer that is not known.
    if (hasMatchingKeyIdentifier(step.certificate, issuer))
      this.#fail({ code: 'path_invalid', detail: signatureFault });
    return 'other_key';
  }

  /**
   * All that can be said of a CA before signatures.
   *
   * @param step what it may have issued; null where that is still to come
   */
  findFailure(step: Step | null, { certificate: issuer, isAnchor }: IssuerCandidate): PathFailure | null {
    const detail = issuer.commonName ?? 'an issuer';
    if (this.#trusted.isDistrusted(issuer)) return { code: 'certificate_distrusted', detail, certificate: issuer };
    const validity = findValidityCode(issuer, this.#at);
    if (validity !== null) return { code: validity, detail, certificate: issuer };
    const fault = this.#findFault(step, issuer, isAnchor);
    return fault === null ? null : { code: 'path_invalid', detail: fault };
  }

  #findFault(step: Step | null, issuer: Certificate, isAnchor: boolean): string | null {
    const fault = findIssuerFault(issuer, isAnchor, step?.intermediates ?? 0, this.#rules);
    if (fault !== null) return fault;
    const purposeFault = isAnchor ? null : findPurposeFault([...listCertificates(step), issuer], this.#rules.purposes);
    if (purposeFault !== null) return purposeFault;
    const isLeaf = step !== null && step.certificate === this.#leaf;
    return isLeaf && !this.#rules.allowsDirectIssue && (isAnchor || this.#trusted.isRoot(issuer))
      ? 'a root issued the leaf itself: the issuer must be pinned as an issuing CA'
      : null;
  }

  /** The constraints of each CA hold for everything below it, self-issued intermediates excepted (section 6.1.3 (b)). */
  *#complete(top: Step): Generator<CertificationPath> {
    const certificates = listCertificates(top);
    const breach = this.#findBreach(certificates);
    if (breach !== null) {
      this.#fail({ code: 'path_invalid', detail: `${breach} (RFC 5280 section 6.1.3)` });
      return;
    }
    const notBefore = Math.max(...certificates.map((certificate) => certificate.notBefore));
    const notAfter = Math.min(...certificates.map((certificate) => certificate.notAfter));
    yield { certificates, notBefore, notAfter };
  }

  #findBreach(path: readonly Certificate[]): string | null {
    for (const [index, { extensions }] of path.entries()) {
      const constraints = extensions.nameConstraints?.constraints;
      if (constraints === undefined) continue;
      for (const certificate of path.slice(0, index)) {
        if (certificate !== this.#leaf && isSelfIssued(certificate)) continue;
        const breach = findConstraintBreach(constraints, this.#namesOf(certificate), this.#budget);
        if (breach !== null) return breach;
      }
    }
    return null;
  }

  /** Many paths may lead through one certificate. */
  #namesOf(certificate: Certificate): readonly ComparedName[] {
    const { subjectName: subject, extensions } = certificate;
    const names = this.#names.get(certificate) ?? listNames({ subject, names: extensions.subjectAltName?.names ?? [] });
    this.#names.set(certificate, names);
    return names;
  }

  #fail(failure: PathFailure): void {
    if (SPECIFICITY[failure.code] > SPECIFICITY[this.failure.code]) this.failure = failure;
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
