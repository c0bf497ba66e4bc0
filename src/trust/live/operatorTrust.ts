import { hash } from 'node:crypto';
import type { Stored } from '../../contract/stored.ts';
import type { TrustEntry } from './trustEntry.ts';
import { createTrust } from '../createTrust.ts';
import type { TrustMaterial } from '../createTrust.ts';
import { findPinnedCertificates } from '../pinnedCertificates.ts';
import { pinCertificate } from '../pin.ts';
import type { PinManifest } from '../pin.ts';
import { parseCertificate } from '../../verifier/x509/certificate.ts';
import type { Trust } from '../../verifier/x509/trust.ts';

/** A Trust object, and what it was made of. */
export interface TrustMade {
  readonly trust: Trust;
  readonly material: TrustMaterial;
}

/**
 * The trust of the package with what operators added: pins come beside those of the repository, distrust beats them all. A
 * new object, so that no leaf that was verified under the old one survives in a cache.
 */
export function addOperatorTrust(base: TrustMaterial, entries: readonly TrustEntry[]): TrustMade {
  const material = addOperatorMaterial(base, entries);
  return { trust: createTrust(material), material };
}

/** What that trust is made of. */
export function addOperatorMaterial(base: TrustMaterial, entries: readonly TrustEntry[]): TrustMaterial {
  const pins = entries.filter((entry) => entry.kind === 'pin');
  const manifests = pins.flatMap((pin) => createManifest(base, pin));
  const certificates = new Map([
    ...findPinnedCertificates(
      manifests,
      pins.map(({ der }) => der),
    ),
    ...base.certificates,
  ]);
  const distrusted = new Set(entries.filter(({ kind }) => kind === 'distrust').map(({ sha256 }) => sha256));
  return { manifests: [...base.manifests, ...manifests], certificates, distrusted };
}

/** Nothing for a cloud that this version of the service does not know: its pins mean nothing here. */
function createManifest({ manifests }: TrustMaterial, entry: TrustEntry & { readonly kind: 'pin' }): PinManifest[] {
  const known = manifests.find(({ cloud }) => cloud === entry.cloud);
  if (known === undefined || hash('sha256', entry.der, 'hex') !== entry.sha256) return [];
  const pin = pinCertificate(parseCertificate(entry.der), entry.role);
  return [{ cloud: known.cloud, domain: known.domain, pins: [pin] }];
}

/** Tells two states of the store's rows apart. */
export function nameRows(rows: readonly Stored<TrustEntry>[]): string {
  return rows
    .map(({ value, version }) => `${value.kind} ${value.sha256} ${version}`)
    .sort()
    .join('\n');
}
