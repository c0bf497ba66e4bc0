import type { Overage } from '../contract/operators/fields.ts';

export type { Offer } from '../contract/operators/offer.ts';

/** How many VMs may hold an unexpired licence at the same time. */
export type Seats = number | 'unlimited';

/** How many VMs may be licensed beyond the seats; a share of them is rounded down. */
export function countOverage(overage: Overage, seats: Seats): Seats {
  if (typeof overage === 'number' || overage === 'unlimited') return overage;
  return seats === 'unlimited' ? 'unlimited' : Math.floor((seats * Number.parseInt(overage, 10)) / 100);
}
