import { forEachAtOnce } from '../catalogue/atOnce.ts';
import { parseLicenceId, parsePoolName, poolName } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { Stored } from '../contract/stored.ts';
import type { DecisionRecord } from '../decisions/decisionRecord.ts';
import { findNamedPool } from '../seats/namedPool.ts';
import type { NamedPool, PoolSource } from '../seats/namedPool.ts';
import { readPoolUsage } from '../seats/poolUsage.ts';
import type { ActivationStore } from '../seats/store.ts';
import { add, HOUR, hourOf } from './countDecisions.ts';
import { projectLog } from './projectLog.ts';
import type { Projection, ProjectionNeeds } from './projectLog.ts';
import type { PoolView, PoolViewStore, ViewMarkStore } from './store.ts';

const DAY = 24 * HOUR;

export type PoolCountStore = PoolSource &
  Pick<ActivationStore, 'countSeated'> &
  Pick<PoolViewStore, 'readPoolView' | 'writePoolView' | 'deletePoolView'>;

export interface PoolNeeds extends ProjectionNeeds {
  readonly store: ProjectionNeeds['store'] & PoolCountStore & ViewMarkStore;
}

/**
 * Counts the pools anew that the log speaks of. A pool says up to when it has the refusals of the log, so a slice that is
 * read twice counts none of them twice.
 *
 * @throws {StoreUnavailableError} what was counted until then stays
 */
export function projectPools({ store, now }: PoolNeeds): Promise<Projection> {
  return projectLog(
    { store, now },
    {
      readMark: async () => {
        const mark = await store.readMark('pools');
        return mark && { value: mark.value.at, version: mark.version };
      },
      write: async (slice, { until }, version) => {
        const touched = Map.groupBy(slice, ({ licenceId }) => nameOf(licenceId));
        touched.delete('');
        await forEachAtOnce([...touched], async ([name, decisions]) => {
          const pool = parsePoolName(name);
          if (pool !== null) await countPool({ store, now }, pool, { decisions, until });
        });
        const written = await store.writeMark('pools', { at: until, place: null }, version);
        return written.outcome === 'written' ? { value: until, version: written.version } : null;
      },
    },
  );
}

function nameOf(licenceId: string | null): string {
  const pool = licenceId === null ? null : parseLicenceId(licenceId);
  return pool === null ? '' : poolName(pool);
}

/** What the log has of a pool, up to a time. */
export interface Touch {
  readonly decisions: readonly DecisionRecord[];
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/**
 * Counts one pool anew. One that stands for nothing any more, and in which no VM has a seat, goes.
 *
 * @param touch `null` where the log has nothing new
 * @throws {StoreUnavailableError}
 */
export async function countPool(
  { store, now }: { readonly store: PoolCountStore; readonly now: () => number },
  pool: SeatPool,
  touch: Touch | null = null,
): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const at = now();
    const stored = await store.readPoolView(poolName(pool));
    const view = await viewPool(store, { pool, stored, touch, at });
    if (view === null && stored !== null) await store.deletePoolView(stored);
    if (view === null || (await store.writePoolView(view, stored)) === 'written') return;
  }
  throw new StoreUnavailableError(`A pool was counted by others ${MAX_TRIES} times at once.`);
}

/** Somebody else may count it at the same time, and know other refusals. */
const MAX_TRIES = 5;

interface Counting {
  readonly pool: SeatPool;
  readonly stored: Stored<PoolView> | null;
  readonly touch: Touch | null;
  readonly at: number;
}

async function viewPool(store: PoolCountStore, { pool, stored, touch, at }: Counting): Promise<PoolView | null> {
  const named = await findNamedPool(store, pool);
  const known = named ?? (stored === null ? null : { ...stored.value, pool, seats: 0, overage: 0 });
  if (known === null) return null;
  const usage = await readPoolUsage(store, pool, known, at);
  if (named === null && usage.taken === 0) return null;
  // A pool in which no VM has a seat any more was last seen when one had.
  const lastSeen = usage.lastSeen ?? stored?.value.lastSeen ?? null;
  return { ...describe(known), ...usage, lastSeen, ...addRefusals(stored?.value ?? NO_REFUSALS, touch), asOf: at };
}

function describe({ pool, licenceId, cloud, subscriptionId, offer, customer }: NamedPool) {
  return { name: poolName(pool), kind: pool.kind, licenceId, cloud, subscriptionId, offer, customer };
}

type Refusals = Pick<PoolView, 'refused' | 'refusedSince' | 'refusedUntil'>;

const NO_REFUSALS: Refusals = { refused: new Map(), refusedSince: null, refusedUntil: 0 };

function addRefusals(known: Refusals, touch: Touch | null): Refusals {
  if (touch === null || touch.until <= known.refusedUntil) return pickRefusals(known);
  const fresh = touch.decisions
    .filter(({ code, at }) => code === 'seats_exhausted' && at >= known.refusedUntil)
    .map(({ at }) => at)
    .sort((left, right) => left - right);
  const refused = new Map(known.refused);
  let { refusedSince } = known;
  for (const at of fresh) {
    if (countSince(refused, at - DAY) === 0) refusedSince = at;
    add(refused, `${hourOf(at)}`, 1);
  }
  const kept = [...refused].filter(([hour]) => Number(hour) > touch.until - 2 * DAY);
  return { refused: new Map(kept), refusedSince, refusedUntil: touch.until };
}

function pickRefusals({ refused, refusedSince, refusedUntil }: Refusals): Refusals {
  return { refused, refusedSince, refusedUntil };
}

function countSince(refused: Refusals['refused'], since: number): number {
  return [...refused].reduce((sum, [hour, count]) => (Number(hour) > since - HOUR ? sum + count : sum), 0);
}

/** How many got no seat in the last 24 hours (to the hour), and since when VMs get none. */
export function tellRefusals({ refused, refusedSince }: Refusals, now: number) {
  const last24h = countSince(refused, now - DAY);
  return { last24h, since: last24h === 0 ? null : refusedSince };
}

/** How full a pool is: thousandths of its seats, at most 9,999. Where seats are unlimited it is empty. */
export function fillOf({ seats, taken }: Pick<PoolView, 'seats' | 'taken'>): number {
  if (seats === 'unlimited' || taken === 0) return 0;
  return seats === 0 ? MAX_FILL : Math.min(MAX_FILL, Math.floor((taken * 1_000) / seats));
}

export const MAX_FILL = 9_999;
