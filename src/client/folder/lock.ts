import { randomBytes } from 'node:crypto';
import { systemErrorCode } from '../clientError.ts';
import {
  claimNumbersAmong,
  createClaim,
  judgeClaim,
  overwriteClaim,
  readClaimFile,
  readLockFile,
  unlinkClaim,
  writeLockFile,
} from './lockFiles.ts';
import type { LockPlace } from './lockFiles.ts';
import type { Claim, ImdsTimes } from './lockRecord.ts';

/**
 * One check at a time a folder, over processes that may end at any instruction, without hard links and without a lock of the
 * operating system.
 *
 * The file `lock` is never removed. It holds a generation and the times of the last requests to IMDS. Whoever creates `lock.<n>`, where
 * n follows the generation, holds the lock: creating a file that must not exist is atomic everywhere. The holder renews that
 * file, and at the end writes n into `lock` and deletes it. After a holder that ended without that, the next one creates
 * `lock.<n+1>`; of several that try, one succeeds. A process that has been overtaken finds the higher claim when it confirms
 * its own.
 */

/** Claims of ended processes, one above the other: of a program that is killed in every check. */
const MAX_CLAIMS = 1000;
const MAX_ROUNDS = 8;
/** A claim that cannot be read for so long, in milliseconds, is not just about to be written. */
const MAX_UNREADABLE = 2000;
const RENEW_INTERVAL = 30_000;
/** Nobody takes a claim over that is younger; confirming it would cost three reads. */
const SAFE_AGE = 120_000;

export type Attempt =
  | { readonly outcome: 'held'; readonly lock: HeldLock }
  | { readonly outcome: 'busy' }
  /** The folder cannot be written; `code` is the system's. */
  | { readonly outcome: 'unwritable'; readonly code: string };

/** Tries for the lock again and again, and remembers which claims it could not read. */
export class LockSeeker {
  readonly #place: LockPlace;
  /** By claim number, the monotonic time at which it was first found so. */
  readonly #unreadableSince = new Map<number, number>();
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
      if (!(await this.#isFree(number))) return this.#lookAgain(base);
    }
    return { outcome: 'busy' };
  }

  /**
   * The claim counts only if the lock was not released between reading the generation and creating the claim, and if no
   * higher claim is left over, as can happen after a power loss.
   */
  async #take(taken: Omit<Taken, 'imds' | 'isWhole'>): Promise<Attempt | 'again'> {
    const { base, number } = taken;
    const { generation, imds, isWhole } = await readLockFile(this.#place);
    if (generation === base && (await this.#clearHigher(number))) {
      return { outcome: 'held', lock: new HeldLock(this.#place, { ...taken, imds, isWhole }) };
    }
    await unlinkClaim(this.#place, number);
    this.#generation = generation;
    return generation === base ? { outcome: 'busy' } : 'again';
  }

  /** @returns false where the next higher claim may be held */
  async #clearHigher(number: number): Promise<boolean> {
    const state = await judgeClaim(this.#place, number + 1);
    if (state === 'absent') return true;
    const isFree = await this.#isFree(number + 1);
    if (isFree) await unlinkClaim(this.#place, number + 1);
    return isFree;
  }

  /** Another process holds it, or has released it since. */
  async #lookAgain(base: number): Promise<Attempt | 'again'> {
    const { generation } = await readLockFile(this.#place);
    this.#generation = generation;
    return generation === base ? { outcome: 'busy' } : 'again';
  }

  /** Whether a claim can be taken over. */
  async #isFree(number: number): Promise<boolean> {
    const state = await judgeClaim(this.#place, number);
    if (state !== 'unreadable') return state === 'abandoned';
    const { clocks } = this.#place;
    const since = this.#unreadableSince.get(number) ?? clocks.monotonic();
    this.#unreadableSince.set(number, since);
    return clocks.monotonic() - since > MAX_UNREADABLE;
  }

  #newClaim(): Claim {
    const { clocks, process } = this.#place;
    const { pid, pidNamespace = null, start } = process;
    const bootId = clocks.bootId() ?? null;
    return { owner: randomBytes(16).toString('base64url'), bootId, uptime: clocks.uptime(), pid, pidNamespace, start };
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
    // A claim that cannot be renewed may be taken over; it is confirmed before anything is written.
    await overwriteClaim(this.#place, number, { ...claim, uptime }).catch(() => undefined);
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
      judgeClaim(this.#place, number + 1),
    ]);
    return lock.generation === base && own?.owner === claim.owner && next === 'absent';
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

  /**
   * Removes claims that no release removed: spent ones whatever they hold, and higher ones of ended processes, as they are
   * left over after a power loss or by a lock that somebody deleted.
   */
  async sweep(names: readonly string[]): Promise<void> {
    const { base, number } = this.#taken;
    for (const other of claimNumbersAmong(names)) {
      const isSpent = other <= base;
      const isLeft = other > number && (await judgeClaim(this.#place, other)) === 'abandoned';
      if (isSpent || isLeft) await unlinkClaim(this.#place, other);
    }
  }
}
