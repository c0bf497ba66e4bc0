import type { Certificate } from './certificate.ts';
import type { CertificationPath } from './certificationPath.ts';
import { LeafCache } from './leafCache.ts';
import type { TrustedCertificates } from './trustedCertificates.ts';

/** A DNS domain, and the certificates that may vouch for names in it. */
export interface TrustDomain {
  /** What results call it: a cloud's `azEnvironment` name. */
  readonly name: string;
  /** Lower-case ASCII, without a trailing dot. */
  readonly domain: string;
  /** Whether intermediates are pinned, so that an anchor alone does not vouch for a leaf. */
  readonly isPinned: boolean;
  readonly certificates: TrustedCertificates;
}

/** A leaf that passed every check once, and the path that it passed by. */
export interface VerifiedLeaf {
  readonly certificate: Certificate;
  readonly path: CertificationPath;
  readonly domain: TrustDomain;
  /** The label before the domain in the leaf's longer name; null where it has none. */
  readonly region: string | null;
}

/** The trust object was made from nothing: a configuration error, never a state in which anything is trusted. */
export class EmptyTrustError extends Error {
  override readonly name = 'EmptyTrustError';
}

/**
 * What a verifier trusts. Immutable: a new pin or a distrusted certificate makes a new object, so that no leaf that was
 * verified under the old one survives it.
 */
export class Trust {
  readonly domains: readonly TrustDomain[];
  /** Names the set of pins, for operators. */
  readonly version: string;
  readonly verifiedLeaves = new LeafCache<VerifiedLeaf>();

  /** @throws {EmptyTrustError} where no domain has an anchor */
  constructor(domains: readonly TrustDomain[], version: string) {
    if (!domains.some(({ certificates }) => certificates.anchors.length > 0)) {
      throw new EmptyTrustError(
        'no trust anchor for any cloud: sync the certificates of the pins, or name a directory with them',
      );
    }
    this.domains = Object.freeze([...domains]);
    this.version = version;
  }
}
