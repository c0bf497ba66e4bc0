import { join } from 'node:path';
import { EMULATOR_CLOUD } from '../contract/clouds.ts';
import { loadPins } from '../trust/azurePins.ts';
import { readCertificateDirectory } from '../trust/certificateDirectory.ts';
import type { TrustMaterial } from '../trust/createTrust.ts';
import { readNodeRoots } from '../trust/nodeRoots.ts';
import { LONGEST_ANSWER } from '../licensing/lease.ts';
import type { TrustStore } from '../trust/live/trustEntry.ts';
import { pinCertificate } from '../trust/pin.ts';
import type { PinManifest } from '../trust/pin.ts';
import { findPinnedCertificates } from '../trust/pinnedCertificates.ts';
import type { Certificate } from '../verifier/x509/certificate.ts';
import { isSelfIssued } from '../verifier/x509/certificate.ts';
import type { ServiceConfig } from './config.ts';
import { createLiveTrust } from '../trust/live/liveTrust.ts';
import type { LiveTrust } from '../trust/live/liveTrust.ts';
import { probePins } from '../trust/probePins.ts';
import type { PinsProbe } from '../trust/probePins.ts';

/** The deployment package has the synced certificates in this folder, beside the bundle. */
const PACKAGED_CERTIFICATES = join(import.meta.dirname, 'trust');

export interface ServiceTrust {
  readonly trust: LiveTrust;
  /** @param at milliseconds since the epoch */
  readonly probePins: (at: number) => PinsProbe;
}

/**
 * Trust of this instance: the pins of the repository with the certificates at hand, and what operators pin and distrust. A missing or expired certificate is
 * reported by the probe; only to have none at all stops the start.
 */
export async function createServiceTrust(
  config: ServiceConfig,
  store: Pick<TrustStore, 'listTrust'>,
): Promise<ServiceTrust> {
  const emulator = config.emulatorCertificates;
  const manifests: readonly PinManifest[] = emulator.length === 0 ? loadPins() : [...loadPins(), pinEmulator(emulator)];
  const sources = [...(await readSources(config)), ...emulator.map(({ der }) => der)];
  const material: TrustMaterial = { manifests, certificates: findPinnedCertificates(manifests, sources) };
  const trust = createLiveTrust({ base: material, store, longestAnswer: LONGEST_ANSWER });
  return { trust, probePins: (at) => probePins(trust.latest().material, config.ACCEPTED_CLOUDS, at) };
}

async function readSources({ TRUST_DIRECTORY }: ServiceConfig): Promise<readonly Uint8Array[]> {
  const packaged = await readCertificateDirectory(PACKAGED_CERTIFICATES, { mayBeAbsent: true });
  const named = TRUST_DIRECTORY === undefined ? [] : await readCertificateDirectory(TRUST_DIRECTORY);
  return [...packaged, ...readNodeRoots(), ...named];
}

/** Whatever the emulator's file holds is pinned: the configuration lets that cloud in on loopback addresses alone. */
function pinEmulator(certificates: readonly Certificate[]): PinManifest {
  const pins = certificates.map((certificate) =>
    pinCertificate(certificate, isSelfIssued(certificate) ? 'root' : 'intermediate'),
  );
  return { cloud: EMULATOR_CLOUD.name, domain: EMULATOR_CLOUD.domain, pins };
}
