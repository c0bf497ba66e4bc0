import type { Clocks, ProcessFacts } from '../adapters.ts';
import { member, objectMember, parseJsonObject, textMember, wholeMember } from '../members.ts';
import type { JsonObject } from '../members.ts';

/** What the file `lock` says. */
export interface LockRecord {
  /** The number of the last claim that was released; 0 where there has been none. */
  readonly generation: number;
  readonly imds: ImdsTimes;
}

/** When IMDS was asked last, by the uptime of one boot, in milliseconds. */
export interface ImdsTimes {
  readonly bootId: string | null;
  readonly at: readonly number[];
}

/** What a claim says about its holder. */
export interface Claim {
  /** Random: no other claim has it. */
  readonly owner: string;
  readonly bootId: string | null;
  /** When it was last renewed, in milliseconds. */
  readonly uptime: number;
  readonly pid: number;
  readonly pidNamespace: string | null;
  readonly start: string;
}

/** Octets. Every record is as long, filled with blanks, so that one is written over another in place. */
export const RECORD_SIZE = 512;
export const ACCEPTED_SIZE = 4096;
/** After this time without renewal, in milliseconds, a claim is free, whoever holds it. */
const MAX_SILENCE = 180_000;
const MAX_GENERATION = 1e12;
const MAX_UPTIME = 1e13;
const MAX_TEXT = 128;
export const MAX_IMDS_TIMES = 5;

export const NO_IMDS_TIMES: ImdsTimes = { bootId: null, at: [] };

/** A text that is no record is as good as none. */
export function readLock(text: string): LockRecord {
  const object = parseJsonObject(text) ?? {};
  const generation = wholeMember(object, 'generation', MAX_GENERATION) ?? 0;
  return { generation, imds: readImdsTimes(objectMember(object, 'imds') ?? {}) };
}

function readImdsTimes(object: JsonObject): ImdsTimes {
  const list = member(object, 'at');
  const numbers = (Array.isArray(list) ? list.slice(-MAX_IMDS_TIMES) : []).filter(
    (value): value is number => typeof value === 'number' && value >= 0 && value <= MAX_UPTIME,
  );
  return { bootId: textMember(object, 'bootId', MAX_TEXT) ?? null, at: numbers };
}

export function writeLock({ generation, imds }: LockRecord): Uint8Array {
  const { bootId, at } = imds;
  return fill(JSON.stringify({ generation, imds: { bootId, at: at.map(Math.round) } }));
}

/** @returns undefined where the text is no claim: it may not be written yet */
export function readClaim(text: string): Claim | undefined {
  const object = parseJsonObject(text) ?? {};
  const owner = textMember(object, 'owner', MAX_TEXT);
  const pid = wholeMember(object, 'pid', Number.MAX_SAFE_INTEGER);
  const start = textMember(object, 'start', MAX_TEXT);
  const uptime = wholeMember(object, 'uptime', MAX_UPTIME);
  if (owner === undefined || pid === undefined || start === undefined || uptime === undefined) return undefined;
  const bootId = textMember(object, 'bootId', MAX_TEXT) ?? null;
  const pidNamespace = textMember(object, 'pidNamespace', MAX_TEXT) ?? null;
  return { owner, bootId, uptime, pid, pidNamespace, start };
}

export function writeClaim(claim: Claim): Uint8Array {
  return fill(JSON.stringify({ ...claim, uptime: Math.round(claim.uptime) }));
}

/**
 * Whether the holder is gone: in an earlier boot, in this namespace and no longer running, or without renewal for too long.
 * Uptime does not go back within a boot, but for the second that rounding may cost.
 */
export function isAbandoned(claim: Claim, clocks: Clocks, process: ProcessFacts): boolean {
  const bootId = clocks.bootId() ?? null;
  if (claim.bootId !== null && bootId !== null && claim.bootId !== bootId) return true;
  const silence = clocks.uptime() - claim.uptime;
  if (silence < -1000 || silence > MAX_SILENCE) return true;
  const isComparable = claim.pidNamespace !== null && claim.pidNamespace === process.pidNamespace;
  return isComparable && !process.isRunning(claim.pid, claim.start);
}

function fill(text: string): Uint8Array {
  return Buffer.from(text.padEnd(RECORD_SIZE));
}
