import type { LicenceTimes } from './entitlement.ts';

/** How far the clocks of two instances may differ. */
export const CLOCK_SKEW = 2 * 60 * 1000;

/** Whether a lease has ended on every instance's clock. */
export function hasLeaseEnded(leaseEnd: number, at: number): boolean {
  return at > leaseEnd + CLOCK_SKEW;
}

/** A lease never moves back, and ends no earlier than the latest `exp` of any licence issued under it. */
export function extendLease(leaseEnd: number, times: LicenceTimes): number {
  return Math.max(leaseEnd, times.leaseEnd, times.expiresAt);
}
