import { forEachAtOnce } from '../catalogue/atOnce.ts';
import { parseOverrideKey } from '../catalogue/holding.ts';
import { poolName } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { foldCase } from '../contract/planName.ts';
import type { ChangeMark, ChangeStore } from '../decisions/changes.ts';
import { projectLicence } from './projectLicence.ts';
import type { LicenceProjectionStore } from './projectLicence.ts';
import type { PoolCountStore } from './projectPools.ts';
import { refreshPool } from './refreshPool.ts';
import type { ViewMarkStore } from './store.ts';

/** Milliseconds: a change has the time at which its request came, and may be written so much later. */
const OVERLAP = 10 * 60_000;
/** Changes that are read at once. */
const MAX_CHANGES = 1_000;

export interface FollowNeeds {
  readonly store: LicenceProjectionStore & PoolCountStore & ViewMarkStore & Pick<ChangeStore, 'readChanged'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Copies the licences that were changed, and counts the pools anew whose seats were. One that is as it was copied already
 * costs two reads, and two for its pool, so changes are read with an overlap. What the log lost, the daily pass finds.
 *
 * @returns how many licences were looked at
 * @throws {StoreUnavailableError}
 */
export async function followLicences({ store, now }: FollowNeeds): Promise<number> {
  const target = now();
  const mark = await store.readMark('licences');
  let version = mark?.version ?? null;
  // What was there before the first run is the daily pass's.
  let from = (mark?.value.at ?? target) - OVERLAP;
  let [span, count] = [target - from, 0];
  while (from < target) {
    const until = Math.min(from + span, target);
    const limit = until - from === 1 ? Number.POSITIVE_INFINITY : MAX_CHANGES;
    const changes = await store.readChanged({ from, until }, limit);
    if (changes === null) {
      span = Math.ceil((until - from) / 2);
      continue;
    }
    const ids = new Set(changes.filter(({ kind }) => kind === 'licence').map(({ key }) => foldCase(key)));
    await forEachAtOnce([...ids], (id) => projectLicence(store, id));
    await forEachAtOnce(poolsOf(changes), (pool) => refreshPool({ store, now }, pool));
    const written = await store.writeMark('licences', { at: until, place: null }, version);
    count += ids.size;
    if (written.outcome !== 'written') return count;
    ({ version } = written);
    [from, span] = [until, span * 2];
  }
  return count;
}

/** Whose seats changes may have changed. What an offer says applies to too many: their pools are counted as the log speaks of them. */
function poolsOf(changes: readonly ChangeMark[]): readonly SeatPool[] {
  const pools = changes.map(poolOf).filter((pool) => pool !== null);
  return [...new Map(pools.map((pool) => [poolName(pool), pool])).values()];
}

function poolOf({ kind, key }: ChangeMark): SeatPool | null {
  if (kind === 'licence') return { kind: 'licence', id: key };
  const of = kind === 'override' ? parseOverrideKey(key) : null;
  return of && { kind: 'marketplace', ...of };
}
