import { hash } from 'node:crypto';
import type { Certificate } from '../verifier/x509/certificate.ts';
import { Trust } from '../verifier/x509/trust.ts';
import type { TrustDomain } from '../verifier/x509/trust.ts';
import { TrustedCertificates } from '../verifier/x509/trustedCertificates.ts';
import type { Pin, PinManifest } from './pin.ts';
import { findCertificate } from './pinnedCertificates.ts';
import type { CertificatesByDigest } from './pinnedCertificates.ts';

/** What trust is made of, and what its status is told from. */
export interface TrustMaterial {
  /** Of every cloud that is to be told apart, accepted or not. Several of one cloud are one. */
  readonly manifests: readonly PinManifest[];
  readonly certificates: CertificatesByDigest;
  /** SHA-256, lower-case hex, of leaves, of CA certificates or of SubjectPublicKeyInfos. Beats every pin. */
  readonly distrusted?: ReadonlySet<string>;
}

/** Manifests contradict each other: one cloud with two domains, or one domain of two clouds. */
export class TrustMaterialError extends Error {
  override readonly name = 'TrustMaterialError';
}

/**
 * Puts pins and certificates together. Pure: reading directories is the caller's part.
 *
 * @throws {TrustMaterialError}
 * @throws {EmptyTrustError} where no pinned root has its certificate at hand
 */
export function createTrust(material: TrustMaterial): Trust {
  const clouds = mergeManifests(material.manifests);
  const domains = clouds.map((cloud) => createDomain(cloud, material));
  return new Trust(domains, nameVersion(clouds, material.distrusted));
}

/**
 * One manifest a cloud, and a pin once in it.
 *
 * @throws {TrustMaterialError}
 */
export function mergeManifests(manifests: readonly PinManifest[]): readonly PinManifest[] {
  const merged = new Map<string, PinManifest>();
  for (const { cloud, domain, pins } of manifests) {
    const earlier = merged.get(cloud);
    if (earlier !== undefined && earlier.domain !== domain) {
      throw new TrustMaterialError(`pins of the cloud ${cloud} name two domains, ${earlier.domain} and ${domain}`);
    }
    merged.set(cloud, { cloud, domain, pins: mergePins([...(earlier?.pins ?? []), ...pins]) });
  }
  checkDomains([...merged.values()]);
  return [...merged.values()];
}

/** The first of two pins with one digest counts: what is in the repository is not overruled from outside. */
function mergePins(pins: readonly Pin[]): readonly Pin[] {
  const byDigest = new Map<string, Pin>();
  for (const pin of pins) if (!byDigest.has(pin.sha256)) byDigest.set(pin.sha256, pin);
  return [...byDigest.values()];
}

/** Of two clouds with one domain, or a domain inside another's, only one would ever be found. */
function checkDomains(clouds: readonly PinManifest[]): void {
  for (const inner of clouds) {
    const outer = clouds.find((cloud) => cloud !== inner && `.${inner.domain}`.endsWith(`.${cloud.domain}`));
    if (outer === undefined) continue;
    throw new TrustMaterialError(`the domain ${inner.domain} of ${inner.cloud} lies within that of ${outer.cloud}`);
  }
}

/** The TrustDomain of one cloud. */
export function createDomain({ cloud, domain, pins }: PinManifest, material: TrustMaterial): TrustDomain {
  const { certificates, distrusted = new Set<string>() } = material;
  const anchors: Certificate[] = [];
  const intermediates: Certificate[] = [];
  const missing: { commonName: string; sha256: string }[] = [];
  for (const pin of pins) {
    const certificate = findCertificate(pin, certificates);
    if (certificate !== null) (pin.role === 'root' ? anchors : intermediates).push(certificate);
    else if (!isDistrusted(pin, distrusted)) missing.push({ commonName: pin.name, sha256: pin.sha256 });
  }
  const rootKeys = findRootKeys(material.manifests);
  const trusted = new TrustedCertificates({ anchors, intermediates, missing, rootKeys, distrusted });
  return { name: cloud, domain, isPinned: true, certificates: trusted };
}

/** A key that is a root's for one cloud is a root's for all: its cross-certificates issue leaves of none. */
function findRootKeys(manifests: readonly PinManifest[]): ReadonlySet<string> {
  const roots = manifests.flatMap(({ pins }) => pins.filter(({ role }) => role === 'root'));
  return new Set(roots.map(({ spkiSha256 }) => spkiSha256));
}

/** Whether the certificate, or its key, is distrusted; the certificate need not be at hand for that. */
export function isDistrusted(
  pin: Pick<Pin, 'sha256' | 'spkiSha256'>,
  distrusted: ReadonlySet<string> = new Set(),
): boolean {
  return distrusted.has(pin.sha256) || distrusted.has(pin.spkiSha256);
}

const VERSION_LENGTH = 16;

/** Names a set of pins: the same whatever their order, and whichever certificates are at hand. */
export function nameVersion(clouds: readonly PinManifest[], distrusted: ReadonlySet<string> = new Set()): string {
  const pins = clouds.flatMap(({ cloud, domain, pins }) =>
    pins.map(({ role, sha256 }) => `${cloud} ${domain} ${role} ${sha256}`),
  );
  const lines = [...pins, ...[...distrusted].map((digest) => `distrusted ${digest}`)].sort();
  return hash('sha256', lines.join('\n'), 'hex').slice(0, VERSION_LENGTH);
}
