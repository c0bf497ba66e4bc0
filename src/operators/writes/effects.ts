import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import { CLOCK_SKEW } from '../../contract/clocks.ts';
import type { EffectReportJson } from '../../contract/operators/records.ts';
import type { ActivationStore } from '../../seats/store.ts';

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

/** The members of one object that the other has otherwise, or not at all. */
export function pickDifferent(one: object, other: object): Record<string, unknown> {
  const others = new Map<string, unknown>(Object.entries(other));
  return Object.fromEntries(Object.entries(one).filter(([name, value]) => !isDeepStrictEqual(value, others.get(name))));
}

/** An object, and as it would be without the members that can be left out. */
export interface WithDefaults {
  readonly members: object;
  readonly defaults: object;
}

/**
 * The members that had a value of their own, and have their default now.
 *
 * @param stored as it was; null where it is new
 */
export function findRemoved<T>(
  withDefaults: (value: T) => WithDefaults,
  stored: { readonly value: T } | null,
  value: T,
): string[] {
  if (stored === null) return [];
  const changed = withDefaults(value);
  const own = new Set(findOwn(withDefaults(stored.value)));
  const kept = new Set(findOwn(changed));
  return Object.keys(changed.defaults).filter((name) => own.has(name) && !kept.has(name));
}

/** The same, as the answer to a write has it. */
export function tellRemoved<T>(...write: Parameters<typeof findRemoved<T>>): { removed?: string[] } {
  const removed = findRemoved(...write);
  return removed.length === 0 ? {} : { removed };
}

function findOwn({ members, defaults }: WithDefaults): readonly string[] {
  const present = new Map(Object.entries(members));
  const changed = Object.entries(defaults).filter(([name, value]) => !isDeepStrictEqual(present.get(name), value));
  return changed.map(([name]) => name);
}
