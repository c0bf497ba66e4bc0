export type { Offer } from '../contract/operators/offer.ts';

/** How many VMs may hold an unexpired licence at the same time. */
export type Seats = number | 'unlimited';
