import { CLOCK_SKEW } from '../contract/clocks.ts';
import type { Activation, Seat } from './activation.ts';
import type { Seats } from '../catalogue/offer.ts';
import type { LicenceTimes } from '../catalogue/entitlement.ts';

/**
 * Milliseconds after a VM asked in which its last write is begun; later the VM is told to retry. What was decided
 * from offers and licences is not carried out long after they were read.
 */
export const MAX_SEARCH = 8_000;

/** Milliseconds after a VM asked in which its last write has landed, or nobody goes on from it. A store's budget fits in. */
export const LATEST_WRITE = MAX_SEARCH + 6_000;

/** Milliseconds after a VM asked in which it is given a licence, or none: the audit row is written by then. */
export const MAX_ANSWER = LATEST_WRITE + 6_000;

/**
 * How long after its lease a VM without a counted seat is still counted: an instance may have renewed it by a slow clock
 * while another asks by a fast one, and the renewal may still be on its way. Counted seats need no such margin: the row
 * that is taken over must be the one that was read.
 */
export const UNCOUNTED_MARGIN = 2 * CLOCK_SKEW + LATEST_WRITE;

/** Whether a lease has ended on every instance's clock. */
export function hasLeaseEnded(leaseEnd: number, at: number): boolean {
  return at > leaseEnd + CLOCK_SKEW;
}

/** Whether a VM goes on in the seat it has, so that only its own row is written. */
export function keepsSeat(activation: Activation, seats: Seats, at: number): boolean {
  if (activation.seat.kind === 'none') return false;
  return seats === 'unlimited' || !hasLeaseEnded(activation.leaseEnd, at);
}

/** Whether a seat is one beyond those that were bought, also because their number was lowered. */
export function isOver(seat: Seat, seats: Seats): boolean {
  return seat.kind === 'numbered' && seats !== 'unlimited' && seat.number >= seats;
}

/** Whether the VM may still run on a licence that it was given, on some instance's clock. */
export function isInGrace({ graceUntil }: Pick<Activation, 'graceUntil'>, at: number): boolean {
  return at <= graceUntil + CLOCK_SKEW;
}

/** A lease never moves back, and ends no earlier than the latest `exp` of any licence issued under it. */
export function extendLease(leaseEnd: number, times: LicenceTimes): number {
  return Math.max(leaseEnd, times.leaseEnd, times.expiresAt);
}
