import type { SeatPool } from '../catalogue/seatPool.ts';
import type { Licence } from '../catalogue/licence.ts';
import { CLOCK_SKEW } from '../contract/clocks.ts';
import type { Entitlement } from '../catalogue/entitlement.ts';
import type { Offer } from '../catalogue/offer.ts';
import type { ActivationStore } from './store.ts';

/** The pool of a licence's VMs: what {@link ActivationStore} is asked for. */
export function licencePool({ id }: Licence): SeatPool {
  return { kind: 'licence', id };
}

/** The pool of one subscription's VMs under an offer in marketplace mode. */
export function marketplacePool({ plan }: Pick<Offer, 'plan'>, cloud: string, subscriptionId: string): SeatPool {
  return { kind: 'marketplace', cloud, subscriptionId, plan };
}

/** How many VMs a pool has room for. The overage is a number of VMs. */
export type PoolLimit = Pick<Entitlement, 'seats' | 'overage'>;

export interface PoolUsage extends PoolLimit {
  /** VMs whose lease has not ended. */
  readonly taken: number;
  /** How many VMs there are beyond the seats: by overage, or until their leases end after the number was lowered. */
  readonly over: number;
  /** Since when there are, in milliseconds since the epoch; `null` if there are none, or if none has renewed since. */
  readonly overSince: number | null;
  /** When one of these VMs was seen last, in milliseconds since the epoch; `null` if there is none. */
  readonly lastSeen: number | null;
}

/**
 * How many seats of a pool are taken. Reads the rows of the whole pool: for operators, never on the way of a licence.
 *
 * @throws StoreUnavailableError
 */
export async function readPoolUsage(
  store: Pick<ActivationStore, 'countSeated'>,
  pool: SeatPool,
  { seats, overage }: PoolLimit,
  at: number,
): Promise<PoolUsage> {
  const { count, overSince, lastSeen } = await store.countSeated(pool, at - CLOCK_SKEW);
  const over = seats === 'unlimited' ? 0 : Math.max(0, count - seats);
  return { seats, overage, taken: count, over, overSince: over === 0 ? null : overSince, lastSeen };
}

/** Whether a VM that has no seat would get none. */
export function isFull({ seats, overage, taken }: PoolUsage): boolean {
  return seats !== 'unlimited' && overage !== 'unlimited' && taken >= seats + overage;
}
