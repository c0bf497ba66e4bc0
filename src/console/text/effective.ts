import type { EffectiveStatus } from '../../contract/operators/licenceFilter.ts';
import type { LicenceJson } from '../../contract/operators/licence.ts';

/** What the VMs of a licence meet now: of its status and its times, where nothing is known of its offer. */
export function effectiveStatus({ status, validFrom, validUntil }: LicenceJson, now: number): EffectiveStatus {
  if (status !== 'active') return status;
  if (validUntil !== null && Date.parse(validUntil) <= now) return 'expired';
  return validFrom !== null && Date.parse(validFrom) > now ? 'not_yet' : 'active';
}
