import type { LicenceClaims } from '../contract/claims.ts';

/** Clocks of service and VM may differ by so much, in milliseconds. */
export const CLOCK_SKEW = 120_000;

/** Where a licence stands at a time; `expired` is between `exp` and `graceUntil`. */
export type Standing = 'not_yet_valid' | 'current' | 'due' | 'expired' | 'ended';

/** @param at milliseconds since the epoch */
export function standingOf(claims: LicenceClaims, at: number): Standing {
  if (at + CLOCK_SKEW < claims.nbf * 1000) return 'not_yet_valid';
  if (at < Math.min(claims.licence.renewAfter, claims.exp) * 1000) return 'current';
  if (at < claims.exp * 1000) return 'due';
  return at < claims.licence.graceUntil * 1000 ? 'expired' : 'ended';
}
