import type { LicenceClaims } from './licenceClaims.ts';

/** Where a licence stands at a time; `expired` is between `exp` and `graceUntil`. */
export type Standing = 'current' | 'due' | 'expired' | 'ended';

/**
 * A licence is never current after it has expired, whatever its other times say. There is no "not yet valid": a clock that
 * is behind does not count, the licence's own issue time does.
 *
 * @param at milliseconds since the epoch
 * @param dueAt milliseconds: when it is to be renewed, where that is not `renewAfter`
 */
export function standingOf({ exp, licence }: LicenceClaims, at: number, dueAt = licence.renewAfter * 1000): Standing {
  if (at < Math.min(dueAt, exp * 1000)) return 'current';
  if (at < exp * 1000) return 'due';
  return at < licence.graceUntil * 1000 ? 'expired' : 'ended';
}
