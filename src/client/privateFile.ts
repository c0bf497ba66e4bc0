import { randomUUID } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from './clientError.ts';

/**
 * Files that belong to one user alone: mode 0600, in a folder of mode 0700. They appear whole or not at all: written under
 * another name, flushed, then moved.
 */

/** @returns the text, or undefined where there is no such file. @throws where it is longer than `maximum` octets */
export async function readPrivateFile(path: string, maximum: number): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > maximum) throw new RangeError('the file is too long');
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Puts the text in the place of whatever was there. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  await throughTemporary(path, text, (temporary) => rename(temporary, path));
}

/** @returns whether this call made the file; false where another process had made it before */
export async function createPrivateFile(path: string, text: string): Promise<boolean> {
  try {
    // A link, unlike a rename, never replaces: of two processes that start together one wins, and both use its file.
    await throughTemporary(path, text, (temporary) => link(temporary, path));
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

export async function deletePrivateFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

async function throughTemporary(path: string, text: string, move: (temporary: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFlushed(temporary, text);
    await move(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeFlushed(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
