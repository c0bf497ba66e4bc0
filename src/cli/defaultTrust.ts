import { resolve } from 'node:path';
import { createTrust } from '../trust/createTrust.ts';
import type { TrustMaterial } from '../trust/createTrust.ts';
import { readTrustMaterial } from '../trust/readMaterial.ts';
import type { Trust } from '../verifier/x509/trust.ts';
import type { Io } from './command.ts';
import { findSyncedDirectory } from './syncedDirectory.ts';

/** The pins of Azure's clouds with the certificates of the synced directory, Node's roots and one more directory. */
export function readDefaultMaterial(io: Io, directory: string | undefined): Promise<TrustMaterial> {
  const path = findSyncedDirectory(io.env);
  const synced = path === null ? [] : [{ path, mayBeAbsent: true }];
  const named = directory === undefined ? [] : [{ path: resolve(io.directory, directory) }];
  return readTrustMaterial({ directories: [...synced, ...named] });
}

export async function readDefaultTrust(io: Io, directory: string | undefined): Promise<Trust> {
  return createTrust(await readDefaultMaterial(io, directory));
}
