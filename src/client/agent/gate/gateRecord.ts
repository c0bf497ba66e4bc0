import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { member, parseJsonObject, textMember } from '../../members.ts';
import { readRunFile } from '../readRunFile.ts';

/** What the gate knows of its last run, in a folder that only root writes and that no boot outlasts. */
export interface GateRecord {
  /** Milliseconds by which the boot-time clock was ahead of the monotonic one: it gains while the machine is suspended. */
  readonly suspended: number;
  /** Milliseconds of the boot-time clock until which the target stays as it is. */
  readonly heldUntil: number;
  /** Milliseconds since the epoch: of the licence that was last verified; null where none was. */
  readonly graceUntil: number | null;
  /** Why the target was stopped, as it was logged; empty where it was not. */
  readonly reason: string;
}

const FILE = 'last.json';
const MAX_FILE = 16 * 1024;
const MAX_REASON = 4096;

/** Milliseconds; the clocks are read one after the other. */
const SUSPENSION = 5_000;
/** Milliseconds after a resume in which the agent looks what has become of the licence. */
const HOLD = 120_000;

/** The record for this run: a resume since the last one holds the target as it is. */
export async function beginRecord(folder: string): Promise<GateRecord> {
  const bootTime = uptime() * 1000;
  const suspended = Math.round(bootTime - Number(process.hrtime.bigint() / 1_000_000n));
  const last = await readRecord(folder);
  if (last === undefined) return { suspended, heldUntil: 0, graceUntil: null, reason: '' };
  const isResumed = suspended - last.suspended > SUSPENSION;
  return { ...last, suspended, heldUntil: isResumed ? bootTime + HOLD : last.heldUntil };
}

export function isHeld({ heldUntil }: GateRecord): boolean {
  return uptime() * 1000 < heldUntil;
}

async function readRecord(folder: string): Promise<GateRecord | undefined> {
  const uid = process.geteuid?.();
  const file = await readRunFile([folder, FILE], MAX_FILE, uid === undefined ? undefined : [uid]);
  const object = (file.read ? parseJsonObject(file.text) : undefined) ?? {};
  const [suspended, heldUntil, graceUntil] = ['suspended', 'heldUntil', 'graceUntil'].map((name) => {
    const value = member(object, name);
    return typeof value === 'number' ? value : null;
  });
  if (typeof suspended !== 'number' || typeof heldUntil !== 'number') return undefined;
  return {
    suspended,
    heldUntil,
    graceUntil: graceUntil ?? null,
    reason: textMember(object, 'reason', MAX_REASON) ?? '',
  };
}

/** Throws as the file system does. */
export function writeRecord(folder: string, record: GateRecord): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const temporary = join(folder, `${FILE}.${process.pid}.tmp`);
  rmSync(temporary, { force: true });
  writeFileSync(temporary, JSON.stringify(record), { mode: 0o600, flag: 'wx' });
  renameSync(temporary, join(folder, FILE));
}
