import { join } from 'node:path';
import type { Clocks, FileFacts, Files, ProcessFacts } from '../adapters.ts';
import { systemErrorCode } from '../clientError.ts';
import { ACCEPTED_SIZE, isAbandoned, readClaim, readLock, RECORD_SIZE, writeClaim, writeLock } from './lockRecord.ts';
import type { Claim, LockRecord } from './lockRecord.ts';

/** The files of the lock: `lock`, and `lock.<n>` for the claim with that number. */

const NAME = 'lock';
const CLAIM_NAME = /^lock\.(\d{1,15})$/;
/** Milliseconds: by how much the clock of the file system may differ from the uptime's reckoning. */
const SLACK = 1000;

export interface LockPlace {
  /** The folder's path. */
  readonly folder: string;
  readonly files: Files;
  readonly clocks: Clocks;
  readonly process: ProcessFacts;
}

/** What became of the process that made a claim. */
export type ClaimState =
  | 'absent'
  | 'held'
  /** Its process is gone. */
  | 'abandoned'
  /** It has no content that can be read: its process is about to write it, or ended before it could. */
  | 'unreadable';

export function claimNumbersAmong(names: readonly string[]): readonly number[] {
  return names.map((name) => Number(CLAIM_NAME.exec(name)?.[1] ?? NaN)).filter((number) => !Number.isNaN(number));
}

/** Every file of a lock that a folder holds. */
export function lockFilesAmong(names: readonly string[]): readonly string[] {
  return names.filter((name) => name === NAME || CLAIM_NAME.test(name));
}

/** @returns false where the claim exists */
export async function createClaim(place: LockPlace, number: number, claim: Claim): Promise<boolean> {
  try {
    await writeNew(place, claimPath(place, number), writeClaim(claim));
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

export function overwriteClaim(place: LockPlace, number: number, claim: Claim): Promise<void> {
  return place.files.overwrite(claimPath(place, number), writeClaim(claim));
}

export function unlinkClaim(place: LockPlace, number: number): Promise<void> {
  return unlinkIfPresent(place, claimPath(place, number));
}

/** @returns undefined where there is none that can be read */
export async function readClaimFile(place: LockPlace, number: number): Promise<Claim | undefined> {
  return readClaim((await readSmall(place, claimPath(place, number)))?.text ?? '');
}

/** A file without content that is older than the present boot lost it with the power. */
export async function judgeClaim(place: LockPlace, number: number): Promise<ClaimState> {
  const { clocks, process } = place;
  const found = await readSmall(place, claimPath(place, number));
  if (found === undefined) return 'absent';
  const claim = readClaim(found.text);
  if (claim !== undefined) return isAbandoned(claim, clocks, process) ? 'abandoned' : 'held';
  const isOfAnEarlierBoot = found.modifiedAt < clocks.now() - clocks.uptime() - SLACK;
  return isOfAnEarlierBoot ? 'abandoned' : 'unreadable';
}

/** `isWhole`: whether a record can be written over the file in place. */
export async function readLockFile(place: LockPlace): Promise<LockRecord & { readonly isWhole: boolean }> {
  const text = (await readSmall(place, join(place.folder, NAME)))?.text ?? '';
  return { ...readLock(text), isWhole: text.length === RECORD_SIZE };
}

/** Over the old text, and as long: a reader finds the one or the other. */
export async function writeLockFile(place: LockPlace, record: LockRecord, isWhole: boolean): Promise<void> {
  const path = join(place.folder, NAME);
  if (isWhole) {
    await place.files.overwrite(path, writeLock(record));
    return;
  }
  await unlinkIfPresent(place, path);
  await writeNew(place, path, writeLock(record));
}

async function writeNew({ files }: LockPlace, path: string, octets: Uint8Array): Promise<void> {
  const file = await files.create(path);
  try {
    await file.write(octets);
  } catch (error) {
    await files.unlink(path).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
}

interface Small {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

/** Something that is no small regular file reads as empty: it is no record. */
async function readSmall({ files }: LockPlace, path: string): Promise<Small | undefined> {
  let modifiedAt = Infinity;
  try {
    const octets = await files.read(path, ACCEPTED_SIZE, (facts: FileFacts) => {
      ({ modifiedAt } = facts);
    });
    return { text: Buffer.from(octets).toString('utf8'), modifiedAt };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'EFBIG' || code === 'EISDIR' || code === 'ELOOP') return { text: '', modifiedAt };
    throw error;
  }
}

async function unlinkIfPresent({ files }: LockPlace, path: string): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}

function claimPath({ folder }: LockPlace, number: number): string {
  return join(folder, `${NAME}.${number}`);
}
