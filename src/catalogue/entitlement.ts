import type { Features, LicenceClass } from '../contract/claims.ts';
import type { Overage } from '../contract/operators/fields.ts';
import type { Seats } from './offer.ts';
import type { SeatPool } from './seatPool.ts';
import type { PlanName } from '../contract/planName.ts';

/** What the VM is entitled to, from offer and licence together: all that a token needs. Durations are milliseconds. */
export interface Entitlement {
  /** As tokens carry it: see {@link licenceIdOf}. */
  readonly licenceId: string;
  readonly pool: SeatPool;
  /** Pools in which the VM may have its row from before, the newest first: what binds it goes with it. */
  readonly earlierPools: readonly SeatPool[];
  /** The name of the offer, `publisher/product/plan`. */
  readonly offer: string;
  /** The offer's own spelling; where the offer is for every plan, the plan's name in lower case. */
  readonly plan: PlanName;
  readonly features: Features;
  readonly lifetime: number;
  readonly renewAfter: number;
  readonly grace: number;
  readonly lease: number;
  readonly seats: Seats;
  /** How many VMs may be licensed beyond the seats: they are marked as over. Without effect where seats are unlimited. */
  readonly overage: Seats;
  readonly keyChanges: number;
  readonly earlyRelease: boolean;
  /** The licence's own end, in milliseconds since the epoch. */
  readonly validUntil: number | null;
  /** Of the operators' licence; `null` where there is none. */
  readonly class: LicenceClass | null;
  /** The end of the subscription's trial, in milliseconds since the epoch; `null` outside a trial. */
  readonly trialEndsAt: number | null;
}

/** How many VMs may be licensed beyond the seats; a share of them is rounded down. */
export function countOverage(overage: Overage, seats: Seats): Seats {
  if (typeof overage === 'number' || overage === 'unlimited') return overage;
  return seats === 'unlimited' ? 'unlimited' : Math.floor((seats * Number.parseInt(overage, 10)) / 100);
}

/** The times of one licence token, in milliseconds since the epoch. */
export interface LicenceTimes {
  readonly expiresAt: number;
  readonly renewAfter: number;
  readonly graceUntil: number;
  readonly leaseEnd: number;
}

/**
 * The times of a licence issued now. None passes the licence's own end, and the licence ends, grace included, within its
 * longest life. Where the lifetime is cut short, half of what is left is the time to renew, so that a licence which was
 * extended meanwhile is noticed before it expires.
 *
 * @param life milliseconds: the most from the issue to the end of the grace
 */
export function licenceTimes(entitlement: Entitlement, at: number, life: number): LicenceTimes {
  const validUntil = entitlement.validUntil ?? Number.POSITIVE_INFINITY;
  const end = Math.min(validUntil, at + life);
  const expiresAt = Math.min(at + entitlement.lifetime, end);
  const half = Math.floor((expiresAt - at) / 2);
  const isCutShort = expiresAt < at + entitlement.lifetime;
  return {
    expiresAt,
    renewAfter: at + (isCutShort ? Math.min(entitlement.renewAfter, half) : entitlement.renewAfter),
    graceUntil: Math.min(expiresAt + entitlement.grace, end),
    leaseEnd: Math.max(expiresAt, Math.min(at + entitlement.lease, validUntil)),
  };
}
