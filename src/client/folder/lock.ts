import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clocks, Files, ProcessFacts } from '../adapters.ts';
import { systemErrorCode } from '../clientError.ts';
import { ACCEPTED_SIZE, isAbandoned, RECORD_SIZE, readClaim, readLock, writeClaim, writeLock } from './lockRecord.ts';
import type { Claim, ImdsTimes, LockRecord } from './lockRecord.ts';

/**
 * One check at a time a folder, over processes that may end at any instruction, without hard links and without a lock of the
 * operating system.
 *
 * `lock` stays for ever. It holds a generation and the times of the last requests to IMDS. Whoever creates `lock.<n>`, where
 * n follows the generation, holds the lock: creating a file that must not exist is atomic everywhere. The holder renews that
 * file, and at the end writes n into `lock` and deletes it. After a holder that ended without that, the next one creates
 * `lock.<n+1>`; of several that try, one succeeds. A process that has been overtaken finds the higher claim when it confirms
 * its own.
 */

const NAME = 'lock';
const CLAIM_NAME = /^lock\.(\d{1,15})$/;
/** Claims of ended processes, one above the other: of a program that is killed in every check. */
const MAX_CLAIMS = 1000;
const MAX_ROUNDS = 8;
/** A claim without content belongs to a process that ended, or is just about to write it. */
const EMPTY_MAX_AGE = 2000;
const RENEW_INTERVAL = 30_000;
/** Nobody takes a claim over that is younger; confirming it would cost three reads. */
const SAFE_AGE = 120_000;

export interface LockPlace {
  /** The folder's path. */
  readonly folder: string;
  readonly files: Files;
  readonly clocks: Clocks;
  readonly process: ProcessFacts;
}

export type Attempt =
  | { readonly outcome: 'held'; readonly lock: HeldLock }
  | { readonly outcome: 'busy' }
  /** The folder cannot be written; `code` is the system's. */
  | { readonly outcome: 'unwritable'; readonly code: string };

/** Tries for the lock again and again, and remembers what it has seen of claims without content. */
export class LockSeeker {
  readonly #place: LockPlace;
  /** By claim number, the monotonic time at which it was first found without content. */
  readonly #emptySince = new Map<number, number>();
  #generation: number | undefined;

  /** @param generation where it was last seen, if it was; a wrong one costs a round */
  constructor(place: LockPlace, generation?: number) {
    this.#place = place;
    this.#generation = generation;
  }

  /** One attempt. It never waits. */
  async attempt(): Promise<Attempt> {
    try {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const found = await this.#tryGeneration();
        if (found !== 'again') return found;
      }
      return { outcome: 'busy' };
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined) throw error;
      return { outcome: 'unwritable', code };
    }
  }

  async #tryGeneration(): Promise<Attempt | 'again'> {
    const base = this.#generation ?? (await readLockFile(this.#place)).generation;
    for (let number = base + 1; number <= base + MAX_CLAIMS; number++) {
      const claim = this.#newClaim();
      if (await createClaim(this.#place, number, claim)) return this.#take({ base, number, claim });
      if (!(await this.#isAbandoned(number))) return this.#lookAgain(base);
    }
    return { outcome: 'busy' };
  }

  /** The claim counts only if nobody released the lock between reading the generation and creating the claim. */
  async #take(taken: Omit<Taken, 'imds' | 'isWhole'>): Promise<Attempt | 'again'> {
    const { generation, imds, isWhole } = await readLockFile(this.#place);
    if (generation === taken.base) {
      return { outcome: 'held', lock: new HeldLock(this.#place, { ...taken, imds, isWhole }) };
    }
    await unlinkClaim(this.#place, taken.number);
    this.#generation = generation;
    return 'again';
  }

  /** Another process holds it, or has released it since. */
  async #lookAgain(base: number): Promise<Attempt | 'again'> {
    const { generation } = await readLockFile(this.#place);
    this.#generation = generation;
    return generation === base ? { outcome: 'busy' } : 'again';
  }

  async #isAbandoned(number: number): Promise<boolean> {
    const { clocks, process } = this.#place;
    const claim = await readClaimFile(this.#place, number);
    if (claim === 'absent') return false;
    if (claim !== undefined) return isAbandoned(claim, clocks, process);
    const since = this.#emptySince.get(number) ?? clocks.monotonic();
    this.#emptySince.set(number, since);
    return clocks.monotonic() - since > EMPTY_MAX_AGE;
  }

  #newClaim(): Claim {
    const { clocks, process } = this.#place;
    const { pid, pidNamespace = null, start } = process;
    const bootId = clocks.bootId() ?? null;
    return { owner: randomUUID(), bootId, uptime: clocks.uptime(), pid, pidNamespace, start };
  }
}

interface Taken {
  /** The generation that was taken over from. */
  readonly base: number;
  readonly number: number;
  readonly claim: Claim;
  readonly imds: ImdsTimes;
  /** Whether the file of the lock is one that a record can be written over. */
  readonly isWhole: boolean;
}

export class HeldLock {
  readonly #place: LockPlace;
  readonly #taken: Taken;
  #renewedAt: number;
  #isLost = false;

  constructor(place: LockPlace, taken: Taken) {
    this.#place = place;
    this.#taken = taken;
    this.#renewedAt = taken.claim.uptime;
  }

  /** The generation that a release leaves behind. */
  get generation(): number {
    return this.#taken.number;
  }

  /** What the last holder noted; undefined where it ended without a note. */
  get imds(): ImdsTimes | undefined {
    const { base, number, imds } = this.#taken;
    return number === base + 1 ? imds : undefined;
  }

  /** Renews the claim where that is due. */
  async renew(): Promise<void> {
    const uptime = this.#place.clocks.uptime();
    if (uptime - this.#renewedAt < RENEW_INTERVAL || (await this.#hasBeenLost())) return;
    const { claim, number } = this.#taken;
    this.#renewedAt = uptime;
    // A claim that cannot be renewed may be taken over; whoever writes confirms it first.
    await this.#place.files
      .overwrite(claimPath(this.#place, number), writeClaim({ ...claim, uptime }))
      .catch(() => undefined);
  }

  /** Asked only where the claim is so old that another process can have taken it over. */
  async #hasBeenLost(): Promise<boolean> {
    const age = this.#place.clocks.uptime() - this.#renewedAt;
    if (age < 0 || age > SAFE_AGE) this.#isLost ||= !(await this.confirm());
    return this.#isLost;
  }

  /** Whether the lock is still held: asked before anything is written that another process relies on. */
  async confirm(): Promise<boolean> {
    const { base, claim, number } = this.#taken;
    const [lock, own, next] = await Promise.all([
      readLockFile(this.#place),
      readClaimFile(this.#place, number),
      readClaimFile(this.#place, number + 1),
    ]);
    const isOwn = own !== 'absent' && own?.owner === claim.owner;
    return lock.generation === base && isOwn && next === 'absent';
  }

  /** Frees the lock. One that has been taken over is left as it is. */
  async release(imds: ImdsTimes): Promise<void> {
    const { base, isWhole, number } = this.#taken;
    if (await this.#hasBeenLost()) return;
    try {
      await writeLockFile(this.#place, { generation: number, imds }, isWhole);
    } finally {
      for (let claim = base + 1; claim <= number; claim++) await unlinkClaim(this.#place, claim);
    }
  }

  /** Removes claims of ended processes that no release removed, as after a lock that somebody deleted. */
  async sweep(names: readonly string[]): Promise<void> {
    const { base, number } = this.#taken;
    const numbers = names.map((name) => Number(CLAIM_NAME.exec(name)?.[1] ?? NaN));
    for (const other of numbers.filter((found) => found <= base || found > number)) {
      const claim = await readClaimFile(this.#place, other);
      const isLeft =
        claim !== 'absent' && claim !== undefined && isAbandoned(claim, this.#place.clocks, this.#place.process);
      if (isLeft) await unlinkClaim(this.#place, other);
    }
  }
}

function claimPath({ folder }: LockPlace, number: number): string {
  return join(folder, `${NAME}.${number}`);
}

/** @returns false where the claim exists */
async function createClaim(place: LockPlace, number: number, claim: Claim): Promise<boolean> {
  try {
    await writeNew(place, claimPath(place, number), writeClaim(claim));
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
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

/** Over the old text, and as long: a reader finds the one or the other. */
async function writeLockFile(place: LockPlace, record: LockRecord, isWhole: boolean): Promise<void> {
  const path = join(place.folder, NAME);
  if (isWhole) {
    await place.files.overwrite(path, writeLock(record));
    return;
  }
  await unlinkIfPresent(place, path);
  await writeNew(place, path, writeLock(record));
}

async function readLockFile(place: LockPlace): Promise<LockRecord & { readonly isWhole: boolean }> {
  const text = (await readIfPresent(place, join(place.folder, NAME))) ?? '';
  return { ...readLock(text), isWhole: text.length === RECORD_SIZE };
}

/** @returns undefined where it has no content that can be read */
async function readClaimFile(place: LockPlace, number: number): Promise<Claim | undefined | 'absent'> {
  const text = await readIfPresent(place, claimPath(place, number));
  return text === undefined ? 'absent' : readClaim(text);
}

/** Something that is no small regular file reads as empty: neither is a lock that counts. */
async function readIfPresent({ files }: LockPlace, path: string): Promise<string | undefined> {
  try {
    return Buffer.from(await files.read(path, ACCEPTED_SIZE, () => undefined)).toString('utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'EFBIG' || code === 'EISDIR' || code === 'ELOOP') return '';
    throw error;
  }
}

function unlinkClaim(place: LockPlace, number: number): Promise<void> {
  return unlinkIfPresent(place, claimPath(place, number));
}

async function unlinkIfPresent({ files }: LockPlace, path: string): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}
