import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { FileFacts } from '../adapters.ts';
import { REAL_FILES } from '../adapters/files.ts';
import { systemErrorCode } from '../clientError.ts';
import { member, parseJsonObject, textMember } from '../members.ts';
import { LICENCE_STATES } from '../states.ts';
import type { Report } from './report.ts';
import { STATUS } from './runFolder.ts';

/** Octets: a licence's features are at most 16 KiB or so. */
const MAX_FILE = 64 * 1024;
const WRITABLE_BY_OTHERS = 0o022;
const MAX_TEXT = 4096;

/** Milliseconds: who finds `nextCheckAt` longer past knows that no agent runs. */
export const SILENCE = 30 * 60_000;

/** What a running agent has written last. */
export interface StatusFile {
  readonly report: Report;
  /** Milliseconds since the epoch. */
  readonly writtenAt: number;
}

/**
 * @param owners who may have written it; undefined where files have no owner of that kind
 * @returns undefined where there is none that can be believed
 */
export async function readStatusFile(
  runFolder: string,
  owners: readonly number[] | undefined,
): Promise<StatusFile | undefined> {
  let writtenAt = 0;
  try {
    const octets = await REAL_FILES.read(join(runFolder, STATUS), MAX_FILE, (facts) => {
      if (!isBelieved(facts, owners)) throw Object.assign(new Error('not ours'), { code: 'EPERM' });
      writtenAt = facts.modifiedAt;
    });
    const report = parseReport(Buffer.from(octets).toString('utf8'));
    return report === undefined ? undefined : { report, writtenAt };
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Root, this user, and the agent's user, who owns the state folder. */
export function ownersOf(folder: string): readonly number[] | undefined {
  const uid = process.geteuid?.();
  if (uid === undefined) return undefined;
  const owner = lstatSync(folder, { throwIfNoEntry: false })?.uid;
  return [0, uid, ...(owner === undefined ? [] : [owner])];
}

function isBelieved({ kind, uid, mode }: FileFacts, owners: readonly number[] | undefined): boolean {
  if (kind !== 'file') return false;
  return owners === undefined || (owners.includes(uid) && (mode & WRITABLE_BY_OTHERS) === 0);
}

/** The members that are relied on are looked at; the agent wrote the others too. */
function parseReport(text: string): Report | undefined {
  const object = parseJsonObject(text) ?? {};
  const isState = LICENCE_STATES.some((state) => state === member(object, 'state'));
  const times = ['since', 'nextCheckAt'].map((name) => Date.parse(textMember(object, name, MAX_TEXT) ?? ''));
  return isState && !times.some(Number.isNaN) ? (object as unknown as Report) : undefined;
}
