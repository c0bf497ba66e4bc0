import { join } from 'node:path';
import type { FileFacts } from '../adapters.ts';
import { REAL_FILES } from '../adapters/files.ts';
import { systemErrorCode } from '../clientError.ts';

const WRITABLE_BY_OTHERS = 0o022;

export type RunFile =
  | {
      readonly read: true;
      readonly text: string;
      /** Milliseconds since the epoch. */
      readonly writtenAt: number;
    }
  /** The system's code: `EPERM` of a file that is not to be believed, `ELOOP` of a link. */
  | { readonly read: false; readonly code: string };

/**
 * Reads a file that an agent has published. A link is not followed.
 *
 * @param limit octets
 * @param owners who may have written it; undefined where files have no owner of that kind
 */
export async function readRunFile(
  path: readonly [runFolder: string, name: string],
  limit: number,
  owners: readonly number[] | undefined,
): Promise<RunFile> {
  let writtenAt = 0;
  try {
    const octets = await REAL_FILES.read(join(...path), limit, (facts) => {
      if (!isBelieved(facts, owners)) throw Object.assign(new Error('not ours'), { code: 'EPERM' });
      writtenAt = facts.modifiedAt;
    });
    return { read: true, text: Buffer.from(octets).toString('utf8'), writtenAt };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return { read: false, code };
  }
}

function isBelieved({ kind, uid, mode }: FileFacts, owners: readonly number[] | undefined): boolean {
  if (kind !== 'file') return false;
  return owners === undefined || (owners.includes(uid) && (mode & WRITABLE_BY_OTHERS) === 0);
}
