import { forEachAtOnce } from '../catalogue/atOnce.ts';
import { parsePoolName, poolName } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import type { CatalogueStore } from '../catalogue/store.ts';
import { licencePool } from '../seats/poolUsage.ts';
import type { PassStep } from './passDaily.ts';
import { countPool } from './projectPools.ts';
import type { PoolCountStore } from './projectPools.ts';
import type { PoolViewStore } from './store.ts';

/** Of one step. */
const PAGE = 100;

export interface PoolPassNeeds {
  readonly store: PoolCountStore &
    Pick<CatalogueStore, 'pageLicences'> &
    Pick<PoolViewStore, 'pagePoolViews'> & {
      /** The next pool by its name in which there ever was a VM. */
      readonly nextPool: (after: string | null) => Promise<SeatPool | null>;
    };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The pools of all licences, also of those without a VM; then all others; then what is left of pools that are gone. */
export function passPools(needs: PoolPassNeeds): readonly PassStep[] {
  return [countLicensed(needs), countOthers(needs), countLeft(needs)];
}

function countLicensed({ store, now }: PoolPassNeeds): PassStep {
  return async (place) => {
    const { items, next } = await store.pageLicences({ size: PAGE, ...(place !== null && { continuation: place }) });
    await forEachAtOnce(items, ({ value }) => countPool({ store, now }, licencePool(value)));
    return next;
  };
}

/** After the names of all licences' pools. */
const AFTER_LICENCES = 'licence;';

function countOthers({ store, now }: PoolPassNeeds): PassStep {
  return async (place) => {
    const pools: SeatPool[] = [];
    let last = place ?? AFTER_LICENCES;
    for (let pool = await store.nextPool(last); pool !== null; pool = await store.nextPool(last)) {
      pools.push(pool);
      last = poolName(pool);
      if (pools.length === PAGE) break;
    }
    await forEachAtOnce(pools, (pool) => countPool({ store, now }, pool));
    return pools.length === PAGE ? last : null;
  };
}

function countLeft({ store, now }: PoolPassNeeds): PassStep {
  return async (place, { begun }) => {
    const { items, next } = await store.pagePoolViews('name', {
      size: PAGE,
      ...(place !== null && { continuation: place }),
    });
    const old = items.filter(({ value }) => value.asOf < begun);
    await forEachAtOnce(old, async (row) => {
      const pool = parsePoolName(row.value.name);
      // Others were counted where there is any row of a VM in them.
      if (pool?.kind === 'licence') await countPool({ store, now }, pool);
      else await store.deletePoolView(row);
    });
    return next;
  };
}
