import { lstatSync } from 'node:fs';
import { member, parseJsonObject, textMember } from '../members.ts';
import { LICENCE_STATES } from '../states.ts';
import { readRunFile } from './readRunFile.ts';
import type { Report } from './report.ts';
import { STATUS } from './runFolder.ts';

/** Octets: a licence's features are at most 16 KiB or so. */
const MAX_FILE = 64 * 1024;
const MAX_TEXT = 4096;

/** Milliseconds: who finds `nextCheckAt` longer past knows that no agent runs. */
const SILENCE = 30 * 60_000;

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
  const file = await readRunFile([runFolder, STATUS], MAX_FILE, owners);
  const report = file.read ? parseReport(file.text) : undefined;
  return file.read && report !== undefined ? { report, writtenAt: file.writtenAt } : undefined;
}

/** Whether the agent that wrote this no longer runs. */
export function isSilent({ nextCheckAt }: Pick<Report, 'nextCheckAt'>, now = Date.now()): boolean {
  return Date.parse(nextCheckAt) + SILENCE < now;
}

/** Root, this user, and the agent's user, who owns the state folder. */
export function ownersOf(folder: string): readonly number[] | undefined {
  const uid = process.geteuid?.();
  if (uid === undefined) return undefined;
  const owner = lstatSync(folder, { throwIfNoEntry: false })?.uid;
  return [0, uid, ...(owner === undefined ? [] : [owner])];
}

/** The members that are relied on are looked at; the agent wrote the others too. */
function parseReport(text: string): Report | undefined {
  const object = parseJsonObject(text) ?? {};
  const isState = LICENCE_STATES.some((state) => state === member(object, 'state'));
  const times = ['since', 'nextCheckAt'].map((name) => Date.parse(textMember(object, name, MAX_TEXT) ?? ''));
  return isState && !times.some(Number.isNaN) ? (object as unknown as Report) : undefined;
}
