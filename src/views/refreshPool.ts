import { poolName } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { findNamedPool } from '../seats/namedPool.ts';
import type { NamedPool } from '../seats/namedPool.ts';
import { countPool } from './projectPools.ts';
import type { PoolCountStore } from './projectPools.ts';
import type { PoolView } from './store.ts';

/**
 * Counts a pool anew whose seats or customer are not what people are shown. One that is shown as it is costs two reads.
 *
 * @throws {StoreUnavailableError}
 */
export async function refreshPool(
  needs: { readonly store: PoolCountStore; readonly now: () => number },
  pool: SeatPool,
): Promise<void> {
  const stored = await needs.store.readPoolView(poolName(pool));
  // A subscription's pool begins with its first VM.
  if (stored === null && pool.kind !== 'licence') return;
  const named = await findNamedPool(needs.store, pool);
  if (!isShown(stored?.value ?? null, named)) await countPool(needs, pool);
}

function isShown(view: PoolView | null, named: NamedPool | null): boolean {
  if (view === null || named === null) return view === named;
  const members = ['seats', 'overage', 'offer', 'customer', 'cloud', 'subscriptionId'] as const;
  return members.every((member) => view[member] === named[member]);
}
