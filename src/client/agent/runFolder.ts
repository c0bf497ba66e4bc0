import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../clientError.ts';
import type { Report } from './report.ts';
import { UNWRITTEN } from './unwritten.ts';

/**
 * What other programs read. Each file is replaced by rename, so that a reader finds the old one or the new one whole. The
 * folder must be one that nobody else can write: what stands in it is believed.
 */

export const STATE = 'state';
export const STATUS = 'status.json';
export const LICENCE = 'licence.jwt';
export const KEY_SET = 'jwks.jwt';
const PUBLISHED: readonly string[] = [STATE, STATUS, LICENCE, KEY_SET];
const FOR_OWNER = 0o600;

const FOR_ALL = 0o644;
const FOR_GROUP = 0o640;
const FOLDER_MODE = 0o755;
const WRITABLE_BY_OTHERS = 0o022;
const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
/** Windows has none. */
const { O_NOFOLLOW = 0 } = fs.constants as Partial<typeof fs.constants>;

/** The licence and the key set that it counts under. */
export interface Tokens {
  readonly licence: string | undefined;
  /** Undefined where no root key has signed it. */
  readonly keySet: string | undefined;
}

export class RunFolder {
  readonly path: string;
  readonly #gid: number | undefined;

  /** @param gid the group that may read the licence; undefined for this process's own */
  constructor(path: string, gid: number | undefined) {
    this.path = path;
    this.#gid = gid;
  }

  /**
   * A program that reads `state` alone must never read more than is true: it is the last file to say `licensed`, and the
   * first to say anything else.
   *
   * @returns the system's code where something could not be written: then that file is removed
   */
  publish(report: Report, { licence, keySet }: Tokens): string | undefined {
    const tell = [
      () => this.#put(STATUS, `${JSON.stringify(report)}\n`, FOR_ALL),
      () => this.#put(STATE, `${report.state}\n`, FOR_ALL),
    ];
    const show = [() => this.#put(KEY_SET, keySet, FOR_GROUP), () => this.#put(LICENCE, licence, FOR_GROUP)];
    const steps = licence === undefined ? [...tell.toReversed(), ...show] : [...show, ...tell];
    return steps.map((step) => step()).find((code) => code !== undefined);
  }

  /** @returns the system's code where it could not be written */
  keep(unwritten: string | undefined): string | undefined {
    return this.#put(UNWRITTEN, unwritten, FOR_OWNER);
  }

  /** Removes what other programs read, and what a killed agent has left half written. */
  withdraw(): void {
    for (const name of PUBLISHED) this.#unlink(name);
    this.sweep();
  }

  /** Removes everything that agents put there. */
  remove(): void {
    this.withdraw();
    this.#unlink(UNWRITTEN);
  }

  sweep(): void {
    for (const name of this.#leftovers()) this.#unlink(name);
  }

  /** What is there of this agent's. */
  list(): readonly string[] {
    return [...PUBLISHED, UNWRITTEN].filter((name) => this.#isThere(name)).concat(this.#leftovers());
  }

  #isThere(name: string): boolean {
    return fs.lstatSync(join(this.path, name), { throwIfNoEntry: false }) !== undefined;
  }

  #leftovers(): readonly string[] {
    try {
      return fs.readdirSync(this.path).filter((name) => TEMPORARY.test(name));
    } catch {
      return [];
    }
  }

  #put(name: string, text: string | undefined, mode: number): string | undefined {
    try {
      if (text === undefined) this.#unlink(name);
      else this.#replace(name, text, mode);
      return undefined;
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined) throw error;
      this.#unlink(name);
      return code;
    }
  }

  #replace(name: string, text: string, mode: number): void {
    const temporary = `${name}.${randomUUID()}.tmp`;
    try {
      this.#write(join(this.path, temporary), text, mode);
      fs.renameSync(join(this.path, temporary), join(this.path, name));
    } catch (error) {
      this.#unlink(temporary);
      throw error;
    }
  }

  #write(path: string, text: string, mode: number): void {
    const descriptor = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      if (mode === FOR_GROUP) this.#giveToGroup(descriptor);
      fs.fchmodSync(descriptor, mode);
      fs.writeFileSync(descriptor, text);
    } finally {
      fs.closeSync(descriptor);
    }
  }

  /** Before the mode is set: until then nobody else may read it. A sandbox may forbid the call, where it would change nothing. */
  #giveToGroup(descriptor: number): void {
    const isGiven = this.#gid === undefined || fs.fstatSync(descriptor).gid === this.#gid;
    if (!isGiven) fs.fchownSync(descriptor, -1, this.#gid);
  }

  #unlink(name: string): void {
    try {
      fs.unlinkSync(join(this.path, name));
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error;
    }
  }
}

const TEMPORARY = /^(?:state|(?:status|unwritten)\.json|(?:licence|jwks)\.jwt)\.[0-9a-f-]{36}\.tmp$/;

/**
 * Creates the folder where it is absent. Throws as the file system does.
 *
 * @returns whether it was absent
 */
export function createRunFolder(path: string): boolean {
  if (fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined) return false;
  fs.mkdirSync(path, { recursive: true });
  fs.chmodSync(path, FOLDER_MODE);
  return true;
}

/** @returns why files in this folder cannot be believed or written, and what to do; undefined where they can */
export function judgeRunFolder(path: string, uid: number | undefined): string | undefined {
  const facts = fs.lstatSync(path, { throwIfNoEntry: false });
  if (facts?.isDirectory() !== true) return `${path} is not a folder. Remove it.`;
  if (uid === undefined) return undefined;
  if (facts.uid !== uid)
    return `${path} belongs to user ${facts.uid}, and this is user ${uid}. Change its owner (chown).`;
  if ((facts.mode & WRITABLE_BY_OTHERS) === 0) return undefined;
  return `Others can write ${path}. Remove their write access (chmod go-w), or name a folder in it that is absent.`;
}
