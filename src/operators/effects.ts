import { hash } from 'node:crypto';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { CLOCK_SKEW } from '../contract/clocks.ts';
import type { EffectReportJson } from '../contract/operators/records.ts';
import type { ActivationStore } from '../seats/store.ts';

/* What a write would do to VMs, told before it is written. */

/** Milliseconds: whoever asks waits for it. What is not counted by then is said to be more. */
const MAX_COUNTING = 1_000;

export interface CountNeeds {
  readonly store: Pick<ActivationStore, 'countSeated'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

type VmCount = Pick<EffectReportJson['effect'], 'vms' | 'atLeast'>;

/**
 * The VMs that hold a seat in one of the pools.
 *
 * @param pools null: one was looked at that is not meant, which takes time too
 * @throws {StoreUnavailableError}
 */
export async function countVms(
  { store, now }: CountNeeds,
  pools: Iterable<SeatPool> | AsyncIterable<SeatPool | null>,
): Promise<VmCount> {
  const begun = now();
  const isLate = () => now() - begun >= MAX_COUNTING;
  let vms = 0;
  for await (const pool of pools) {
    if (isLate()) return { vms, atLeast: true };
    if (pool === null) continue;
    const { count, isWhole } = await store.countSeated(pool, begun - CLOCK_SKEW, isLate);
    vms += count;
    if (!isWhole) return { vms, atLeast: true };
  }
  return { vms };
}

/** An object that a write is about, and its version; null where it is not there. */
export interface Affected {
  readonly id: string;
  readonly version: string | null;
}

/** Another one as soon as one of the objects is another, or has another version. */
export function createEffectToken(affected: readonly Affected[], change?: unknown): string {
  const objects = affected.map(({ id, version }) => [id, version]).toSorted(byId);
  return hash('sha256', JSON.stringify([objects, change ?? null]), 'base64url');
}

function byId([left]: readonly unknown[], [right]: readonly unknown[]): number {
  return String(left) < String(right) ? -1 : 1;
}

/** The members that had a value of their own, and are as if they were left out. */
export function findRemoved(old: object | null, changed: object | null, defaults: object): readonly string[] {
  if (old === null || changed === null) return [];
  const [before, after] = [old, changed].map(writeMembers);
  return Object.entries(writeMembers(defaults))
    .filter(([name, value]) => before?.[name] !== value && after?.[name] === value)
    .map(([name]) => name);
}

function writeMembers(object: object): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, JSON.stringify(value)]));
}
