import { lstatSync, readdirSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { formatInstant } from '../../../../contract/instants.ts';
import { systemErrorCode } from '../../../clientError.ts';

/** One file by what the system says of it, never by what it holds. */
export interface FileSeen {
  /** Below the folder; empty for the folder itself. */
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly uid: number;
  readonly gid: number;
  /** The permission bits. */
  readonly mode: number;
  /** Octets. */
  readonly size: number;
  readonly modifiedAt: string;
}

const MAX_FILES = 300;

/** The folder, and what lies in it and in its folders. `failed` is the system's code where it cannot be read. */
export function listFiles(path: string): { readonly files: readonly FileSeen[]; readonly failed: string | null } {
  const root = lookAt(path, '');
  if (root?.kind !== 'folder') return { files: root === null ? [] : [root], failed: null };
  const first = listNames(path);
  if (typeof first === 'string') return { files: [root], failed: first };
  const top = first.flatMap((name) => lookAt(path, name) ?? []);
  const below = top.filter(({ kind }) => kind === 'folder').flatMap(({ name }) => listBelow(path, name));
  return { files: [root, ...top, ...below].slice(0, MAX_FILES), failed: null };
}

function listBelow(path: string, folder: string): readonly FileSeen[] {
  const names = listNames(join(path, folder));
  return typeof names === 'string' ? [] : names.flatMap((name) => lookAt(path, `${folder}/${name}`) ?? []);
}

/** @returns the system's code where it cannot be read */
function listNames(path: string): readonly string[] | string {
  try {
    return readdirSync(path).sort().slice(0, MAX_FILES);
  } catch (error) {
    return systemErrorCode(error) ?? 'EUNKNOWN';
  }
}

/** The owner's number; null where there is no such file. */
export function ownerOf(path: string): number | null {
  return lookAt(path, '')?.uid ?? null;
}

function lookAt(path: string, name: string): FileSeen | null {
  try {
    const stats = lstatSync(join(path, name));
    const { uid, gid, size, mtimeMs } = stats;
    const modifiedAt = formatInstant(Math.floor(mtimeMs));
    return { name, kind: kindOf(stats), uid, gid, mode: stats.mode & 0o7777, size, modifiedAt };
  } catch {
    return null;
  }
}

function kindOf(stats: Stats): FileSeen['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}
