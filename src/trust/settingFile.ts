import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { decodeText } from '../contract/decodeText.ts';
import { parsePlainJson } from '../contract/plainJson.ts';
import { JsonError } from '../contract/strictJson.ts';

/** A file that a setting names cannot be used. The message names the file and says what to do, and carries no part of it. */
export class SettingFileError extends Error {
  override readonly name = 'SettingFileError';
}

/** Octets; a bundle of all public roots has about 250 KB. */
const MAX_SETTING_FILE = 1024 * 1024;

/**
 * The text of a file that a setting names: keys or certificates, PEM or JSON, in UTF-8 or UTF-16, with a byte order mark or
 * without one. The blanks around it are taken away, and its lines end with line feeds. JSON that has a key twice is refused.
 *
 * @throws {SettingFileError}
 */
export function readSettingFile(path: string): string {
  const text = decodeText(readOctets(path));
  if (text === null) throw new SettingFileError(`${path} is neither UTF-8 nor UTF-16. Save it as UTF-8.`);
  const lines = text.trim().replace(/\r\n?/g, '\n');
  if (lines.startsWith('{')) refuseTwice(lines, path);
  return lines;
}

/** Bounded while it is read: a pipe or a device has no size. */
function readOctets(path: string): Uint8Array {
  const octets = Buffer.alloc(MAX_SETTING_FILE + 1);
  let length = 0;
  try {
    const file = openSync(path, 'r');
    try {
      let read: number;
      do {
        read = readSync(file, octets, { offset: length });
        length += read;
      } while (read > 0 && length < octets.length);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (!isPlace(path)) throw new SettingFileError(NO_PLACE);
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new SettingFileError(`${path} cannot be read (${code}). Check the path, its owner and its mode.`);
  }
  if (length > MAX_SETTING_FILE) throw new SettingFileError(`${path} is larger than 1 MiB. Check the path.`);
  return octets.subarray(0, length);
}

const NO_PLACE =
  'It does not name a file of a folder that is there. Write the path of the file into it, not what the file has.';

/** Somebody may have put the key where its path belongs: a path is repeated only if there is a folder of its name. */
function isPlace(path: string): boolean {
  const folder = dirname(path);
  return !/^[./]*$/.test(folder) && existsSync(folder);
}

/** What is not JSON is left to whoever reads it as a key. */
function refuseTwice(text: string, path: string): void {
  try {
    parsePlainJson(text);
  } catch (error) {
    if (error instanceof JsonError && error.key !== null) {
      throw new SettingFileError(`${path} cannot be read as JSON: ${error.message}. Remove one of the two.`);
    }
  }
}
