import { EMULATOR_CLOUD } from '../contract/clouds.ts';
import { isSelfIssued } from '../verifier/x509/certificate.ts';
import type { Certificate } from '../verifier/x509/certificate.ts';
import { loadPins } from './azurePins.ts';
import { readCertificateDirectory } from './certificateFiles.ts';
import type { TrustMaterial } from './createTrust.ts';
import { readNodeRoots } from './nodeRoots.ts';
import { pinCertificate } from './pin.ts';
import type { PinManifest } from './pin.ts';
import { findPinnedCertificates } from './pinnedCertificates.ts';

export interface MaterialSources {
  /** Folders of certificate files. */
  readonly directories: readonly { readonly path: string; readonly mayBeAbsent?: boolean }[];
  /** The emulator's CA certificates: its cloud goes beside Azure's where there are any. */
  readonly emulator?: readonly Certificate[];
}

/**
 * Azure's pins, and their certificates as far as the folders and the roots that are bundled with Node.js have them.
 *
 * @throws {CertificateDirectoryError}
 */
export async function readTrustMaterial({ directories, emulator = [] }: MaterialSources): Promise<TrustMaterial> {
  const manifests: readonly PinManifest[] = emulator.length === 0 ? loadPins() : [...loadPins(), pinEmulator(emulator)];
  const read = directories.map(({ path, ...options }) => readCertificateDirectory(path, options));
  const sources = [...(await Promise.all(read)).flat(), ...readNodeRoots(), ...emulator.map(({ der }) => der)];
  return { manifests, certificates: findPinnedCertificates(manifests, sources) };
}

/** Every certificate is pinned: the configuration accepts that cloud on loopback addresses alone. */
function pinEmulator(certificates: readonly Certificate[]): PinManifest {
  const pins = certificates.map((certificate) =>
    pinCertificate(certificate, isSelfIssued(certificate) ? 'root' : 'intermediate'),
  );
  return { cloud: EMULATOR_CLOUD.name, domain: EMULATOR_CLOUD.domain, pins };
}
