import { join, resolve } from 'node:path';
import { loadPins } from '../trust/azurePins.ts';
import { readCertificateDirectory } from '../trust/certificateDirectory.ts';
import { createTrust } from '../trust/createTrust.ts';
import type { TrustMaterial } from '../trust/createTrust.ts';
import { readNodeRoots } from '../trust/nodeRoots.ts';
import { findPinnedCertificates } from '../trust/pinnedCertificates.ts';
import type { Trust } from '../verifier/x509/trust.ts';
import type { Io } from './command.ts';

/** Where `trust sync` puts certificates, and where every command looks for them. */
export const SYNCED_DIRECTORY = join(import.meta.dirname, '..', '..', '.work', 'trust');

/** The pins of Azure's clouds with the certificates of the synced directory, Node's roots and one more directory. */
export async function readDefaultMaterial(io: Io, directory: string | undefined): Promise<TrustMaterial> {
  const manifests = loadPins();
  const named = directory === undefined ? [] : await readCertificateDirectory(resolve(io.directory, directory));
  const synced = await readCertificateDirectory(SYNCED_DIRECTORY, { mayBeAbsent: true });
  return { manifests, certificates: findPinnedCertificates(manifests, [...synced, ...readNodeRoots(), ...named]) };
}

export async function readDefaultTrust(io: Io, directory: string | undefined): Promise<Trust> {
  return createTrust(await readDefaultMaterial(io, directory));
}
