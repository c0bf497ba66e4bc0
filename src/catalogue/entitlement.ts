import type { Features } from '../contract/claims.ts';
import type { Seats } from './offer.ts';
import { formatPlanName } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';

/**
 * The scope within which seats are counted: what the VMs of one licence share. Made of what the licence is for, not of its id, so that
 * unexpired licences are counted together even if the operator has replaced the licence's row.
 */
export interface SeatPool {
  readonly mode: 'marketplace' | 'licensed';
  readonly cloud: string;
  readonly subscriptionId: string;
  readonly plan: PlanName;
}

/** What the licences of a pool in marketplace mode are called, where no operator has given them a name. */
export function marketplaceLicenceId({ cloud, subscriptionId, plan }: Omit<SeatPool, 'mode'>): string {
  return `mp:${cloud}:${subscriptionId}:${formatPlanName(plan)}`;
}

/** What the VM is entitled to, from offer and licence together: all that a token needs. Durations are milliseconds. */
export interface Entitlement {
  /** The operator's id, or `mp:<cloud>:<subscription>:<offer>` in marketplace mode. */
  readonly licenceId: string;
  readonly pool: SeatPool;
  /** The offer's own spelling; where the offer is for every plan, the plan's name in lower case. */
  readonly plan: PlanName;
  readonly features: Features;
  readonly lifetime: number;
  readonly renewAfter: number;
  readonly grace: number;
  readonly lease: number;
  readonly seats: Seats;
  readonly keyChanges: number;
  readonly earlyRelease: boolean;
  /** The licence's own end, in milliseconds since the epoch. */
  readonly validUntil: number | null;
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
