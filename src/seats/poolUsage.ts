import type { SeatPool } from '../catalogue/seatPool.ts';
import type { Licence } from '../catalogue/licence.ts';
import { CLOCK_SKEW } from '../contract/clocks.ts';
import type { Offer, Seats } from '../catalogue/offer.ts';
import type { ActivationStore } from './store.ts';

/** The pool of a licence's VMs: what {@link ActivationStore} is asked for. */
export function licencePool({ id }: Licence): SeatPool {
  return { kind: 'licence', id };
}

/** The pool of one subscription's VMs under an offer in marketplace mode. */
export function marketplacePool({ plan }: Offer, cloud: string, subscriptionId: string): SeatPool {
  return { kind: 'marketplace', cloud, subscriptionId, plan };
}

export interface PoolUsage {
  readonly seats: Seats;
  /** VMs whose lease has not ended. */
  readonly taken: number;
  /** By how many VMs a lowered number of seats is exceeded until their leases end. */
  readonly over: number;
}

/**
 * How many seats of a pool are taken. Reads the rows of the whole pool: for operators, never on the way of a licence.
 *
 * @throws StoreUnavailableError
 */
export async function readPoolUsage(
  store: Pick<ActivationStore, 'countSeated'>,
  pool: SeatPool,
  seats: Seats,
  at: number,
): Promise<PoolUsage> {
  const taken = await store.countSeated(pool, at - CLOCK_SKEW);
  return { seats, taken, over: seats === 'unlimited' ? 0 : Math.max(0, taken - seats) };
}
