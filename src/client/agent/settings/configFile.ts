import { decodeText } from '../../../contract/decodeText.ts';
import { parsePlainJson } from '../../../contract/plainJson.ts';
import { JsonError } from '../../../contract/strictJson.ts';
import type { FileFacts } from '../../adapters.ts';
import { REAL_FILES } from '../../adapters/files.ts';
import { ClientError, systemErrorCode } from '../../clientError.ts';
import { asObject } from '../../members.ts';
import type { JsonObject } from '../../members.ts';

/** Octets: a key set and 64 certificates have room. */
const MAX_FILE = 512 * 1024;
const WRITABLE_BY_OTHERS = 0o022;

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
  readonly members: JsonObject;
}

/**
 * Reads agent.json: its owner and mode are judged first, for it says whom to believe.
 *
 * @param owners users who may own it; undefined where files have no such owner (Windows)
 * @returns undefined where there is no such file
 * @throws {ClientError} `options_invalid`, with the place
 */
export async function readConfigFile(
  path: string,
  owners: readonly number[] | undefined,
): Promise<ConfigFile | undefined> {
  const octets = await readOctets(path, owners);
  if (octets === undefined) return undefined;
  const text = decodeText(octets);
  if (text === null) throw new ClientError('options_invalid', `${path}: neither UTF-8 nor UTF-16`);
  return { path, text, members: parseMembers(path, text) };
}

async function readOctets(path: string, owners: readonly number[] | undefined): Promise<Uint8Array | undefined> {
  try {
    return await REAL_FILES.read(path, MAX_FILE, (facts) => {
      const fault = judge(facts, owners);
      if (fault !== undefined) throw new ClientError('options_invalid', `${path}: ${fault}`);
    });
  } catch (error) {
    if (error instanceof ClientError) throw error;
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    throw new ClientError('options_invalid', `${path}: ${explain(code)}`);
  }
}

function explain(code = 'unreadable'): string {
  if (code === 'ELOOP') return 'it is a symbolic link; put the file itself there';
  return code === 'EFBIG' ? `it is larger than ${MAX_FILE / 1024} KiB` : `it cannot be read, ${code}`;
}

function judge({ kind, uid, mode }: FileFacts, owners: readonly number[] | undefined): string | undefined {
  if (kind !== 'file') return 'it is not a regular file';
  if (owners === undefined) return undefined;
  if (!owners.includes(uid)) return `user ${uid} owns it; make root its owner (chown root)`;
  if ((mode & WRITABLE_BY_OTHERS) === 0) return undefined;
  return `others can write it, mode ${mode.toString(8)}; remove their write access (chmod go-w)`;
}

function parseMembers(path: string, text: string): JsonObject {
  try {
    const members = asObject(parsePlainJson(text));
    if (members !== undefined) return members;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new ClientError('options_invalid', `${path}: ${error.message}`);
  }
  throw new ClientError('options_invalid', `${path}: it is not a JSON object`);
}

/** Where a member stands: `agent.json, line 3`. The line is told where it is certain. */
export function placeOf({ path, text }: ConfigFile, name: string): string {
  const key = JSON.stringify(name).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const [found, another] = text.matchAll(new RegExp(`${key}\\s*:`, 'g'));
  if (found === undefined || another !== undefined) return path;
  return `${path}, line ${text.slice(0, found.index).split('\n').length}`;
}
