import { isEqualOctets } from '../der.ts';
import type { Certificate } from './certificate.ts';
import type { DistinguishedName } from './name.ts';
import { prepareName } from './nameMatching.ts';

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

type CandidateIndex = ReadonlyMap<string, readonly IssuerCandidate[]>;

export interface TrustedCertificatesInput {
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  readonly missing?: readonly MissingCertificate[];
  /** SHA-256, lower-case hex, of the SubjectPublicKeyInfos of roots beside the anchors: those not at hand. */
  readonly rootKeys?: ReadonlySet<string>;
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
  readonly #rootKeys: ReadonlySet<string>;
  readonly #candidates: readonly IssuerCandidate[];
  readonly #bySubject: CandidateIndex;
  /** Made when it is first asked for: names are compared by their octets where Azure's chains are concerned. */
  #byPreparedSubject: CandidateIndex | undefined;

  constructor({ anchors, intermediates, missing = [], rootKeys, distrusted = new Set() }: TrustedCertificatesInput) {
    this.anchors = [...anchors];
    this.intermediates = [...intermediates];
    this.missing = [...missing];
    this.distrusted = new Set(distrusted);
    this.#rootKeys = new Set([...anchors.map(({ spkiSha256 }) => spkiSha256), ...(rootKeys ?? [])]);
    this.#candidates = [
      ...this.anchors.map((certificate) => ({ certificate, isAnchor: true })),
      ...this.intermediates.map((certificate) => ({ certificate, isAnchor: false })),
    ];
    this.#bySubject = groupByKey(this.#candidates, ({ certificate }) => nameKey(certificate.subject));
  }

  /** Every trusted certificate whose subject is the certificate's issuer; those that its key identifier names come first. */
  findIssuers(certificate: Certificate, matching: NameMatching): readonly IssuerCandidate[] {
    const candidates = matching === 'exact' ? this.#findExact(certificate) : this.#findPrepared(certificate);
    return RANKS.flatMap((rank) => candidates.filter((candidate) => rankOf(certificate, candidate) === rank));
  }

  #findExact({ issuer }: Certificate): readonly IssuerCandidate[] {
    return this.#bySubject.get(nameKey(issuer)) ?? [];
  }

  #findPrepared({ issuerName }: Certificate): readonly IssuerCandidate[] {
    this.#byPreparedSubject ??= groupByKey(this.#candidates, ({ certificate }) => preparedKey(certificate.subjectName));
    return this.#byPreparedSubject.get(preparedKey(issuerName)) ?? [];
  }

  /** The missing certificate that, by its name, would have issued this one. */
  findMissingIssuer({ issuerCommonName }: Certificate): MissingCertificate | undefined {
    return this.missing.find(({ commonName }) => commonName === issuerCommonName);
  }

  /** Whether it is a root, or the cross-certificate of one: a step of a path, and never the issuer of a leaf. */
  isRoot({ spkiSha256 }: Certificate): boolean {
    return this.#rootKeys.has(spkiSha256);
  }

  isDistrusted({ sha256, spkiSha256 }: Certificate): boolean {
    return this.distrusted.has(sha256) || this.distrusted.has(spkiSha256);
  }
}

/** As `Map.groupBy`, which Node 20 does not have. */
function groupByKey(
  candidates: readonly IssuerCandidate[],
  keyOf: (candidate: IssuerCandidate) => string,
): ReadonlyMap<string, readonly IssuerCandidate[]> {
  const groups = new Map<string, IssuerCandidate[]>();
  for (const candidate of candidates) {
    const key = keyOf(candidate);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [candidate]);
    else group.push(candidate);
  }
  return groups;
}

function preparedKey(name: DistinguishedName): string {
  return JSON.stringify(prepareName(name));
}

function nameKey(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString('latin1');
}

const RANKS = [0, 1, 2, 3];

/** The key that is named comes before others, and an anchor, which ends the search, before an intermediate. */
function rankOf(certificate: Certificate, { certificate: issuer, isAnchor }: IssuerCandidate): number {
  return (hasMatchingKeyIdentifier(certificate, issuer) ? 0 : 2) + (isAnchor ? 0 : 1);
}

/** False only where both identifiers are there and differ: a hint for the order of the search, and for what to report. */
export function hasMatchingKeyIdentifier(certificate: Certificate, issuer: Certificate): boolean {
  const wanted = certificate.extensions.authorityKeyIdentifier?.keyIdentifier ?? null;
  const offered = issuer.extensions.subjectKeyIdentifier?.keyIdentifier;
  return wanted === null || offered === undefined || isEqualOctets(wanted, offered);
}
