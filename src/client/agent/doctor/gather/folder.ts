import { accessSync, constants, lstatSync, statfsSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { formatInstant } from '../../../../contract/instants.ts';
import { REAL_ADAPTERS } from '../../../adapters/real.ts';
import { systemErrorCode } from '../../../clientError.ts';
import { claimNumbersAmong, judgeClaim, readClaimFile } from '../../../folder/lockFiles.ts';
import type { NotLookedAt } from '../notLookedAt.ts';
import type { Circumstances } from './circumstances.ts';
import { listFiles, ownerOf } from './files.ts';
import type { FileSeen } from './files.ts';

/** The state folder and what lies in it, by name, owner and mode. Nothing of it is read. */
export interface FolderEvidence {
  readonly path: string;
  readonly now: string;
  /** Null where it is absent. */
  readonly folder: FileSeen | null;
  /** At most two levels. */
  readonly files: readonly FileSeen[];
  /** Who owns the folder for other programs: the agent's user; null where it is absent. */
  readonly agentUser: number | null;
  /** The system's code where this user cannot write into the folder. */
  readonly unwritable: string | null;
  /** Octets, and files, that there is room for; null where the file system does not say. */
  readonly room: { readonly octets: number; readonly files: number | null } | null;
  /** Who holds the lock. */
  readonly holder: { readonly pid: number; readonly since: string } | null;
}

export async function lookAtFolder({ agent }: Circumstances): Promise<FolderEvidence | NotLookedAt> {
  const path = agent.folder;
  const { files, failed } = listFiles(path);
  if (failed === 'EACCES') return { notLookedAt: 'This user may not read the state folder. Run the doctor as root.' };
  const folder = files.find(({ name }) => name === '') ?? null;
  return {
    ...{ path, now: formatInstant(Date.now()), folder },
    files: files.filter(({ name }) => name !== ''),
    agentUser: ownerOf(agent.configuration.runFolder),
    unwritable: folder === null ? null : findUnwritable(path),
    room: folder === null ? null : measureRoom(path),
    holder: folder === null ? null : await findHolder(path, files),
  };
}

function findUnwritable(path: string): string | null {
  try {
    accessSync(path, constants.W_OK);
    return null;
  } catch (error) {
    return systemErrorCode(error) ?? null;
  }
}

/** Of what a user may use: some is kept for root. */
function measureRoom(path: string): FolderEvidence['room'] {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(path);
    return { octets: bavail * bsize, files: files === 0 ? null : ffree };
  } catch {
    return null;
  }
}

/** The claim that counts is the highest one that is held. */
async function findHolder(folder: string, files: readonly FileSeen[]): Promise<FolderEvidence['holder']> {
  const place = { ...REAL_ADAPTERS, folder };
  const numbers = claimNumbersAmong(files.map(({ name }) => name)).toSorted((one, other) => other - one);
  for (const number of numbers) {
    const claim = (await judgeClaim(place, number)) === 'held' ? await readClaimFile(place, number) : undefined;
    const facts = lstatSync(join(folder, `lock.${number}`), { throwIfNoEntry: false });
    if (claim !== undefined && facts !== undefined) return { pid: claim.pid, since: formatInstant(madeAt(facts)) };
  }
  return null;
}

/** A file system without times of creation answers 0. */
function madeAt({ birthtimeMs, mtimeMs }: Stats): number {
  return Math.floor(birthtimeMs === 0 ? mtimeMs : birthtimeMs);
}
