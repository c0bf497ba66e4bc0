import { open } from 'node:fs/promises';

/** Octets. */
const MAX_TEXT = 32 * 1024;

/** The beginning of a file; undefined where there is none, or this user may not read it. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(MAX_TEXT), position: null });
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}
