import { REAL_FILES } from '../adapters/files.ts';
import { ClientError, systemErrorCode } from '../clientError.ts';
import { DENIAL_FILE, LICENCE_FILE } from '../folder/vmFiles.ts';
import { parseJsonObject } from '../members.ts';
import type { Session } from '../session.ts';

/**
 * What the state folder could not take, kept for the next agent of this boot: without it, a denial would end with the process
 * that received it. It is verified again when it is read, as what is in the folder is.
 */

/** In the run folder. */
export const UNWRITTEN = 'unwritten.json';

/** Octets: a licence and a denial of a few VMs. */
const MAX_FILE = 512 * 1024;
const OPEN_TO_OTHERS = 0o077;
const PATH = new RegExp(`^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/(?:${LICENCE_FILE}|${DENIAL_FILE})$`);

/** @returns undefined where everything could be written */
export function formatUnwritten(session: Session | ClientError): string | undefined {
  if (session instanceof ClientError || session.memory.unwritten.size === 0) return undefined;
  return JSON.stringify(Object.fromEntries(session.memory.unwritten));
}

/** Takes over what an earlier agent has left. A file that is not this user's own is left alone. */
export async function recallUnwritten({ memory }: Session, path: string): Promise<void> {
  for (const [name, text] of Object.entries(parseJsonObject(await readOwn(path)) ?? {})) {
    if (PATH.test(name) && typeof text === 'string') memory.unwritten.set(name, text);
  }
}

async function readOwn(path: string): Promise<string> {
  const uid = process.geteuid?.();
  try {
    const octets = await REAL_FILES.read(path, MAX_FILE, (facts) => {
      const isOwn =
        facts.kind === 'file' && (uid === undefined || (facts.uid === uid && (facts.mode & OPEN_TO_OTHERS) === 0));
      if (!isOwn) throw Object.assign(new Error('not ours'), { code: 'EPERM' });
    });
    return Buffer.from(octets).toString('utf8');
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return '';
  }
}
