import type { LicenceJson } from '../../contract/operators/licence.ts';

export type Effective = 'active' | 'not_yet' | 'expired' | 'suspended' | 'revoked';

/** What the VMs of a licence meet now: of its status and its times. */
export function effectiveStatus({ status, validFrom, validUntil }: LicenceJson, now: number): Effective {
  if (status !== 'active') return status;
  if (validUntil !== null && Date.parse(validUntil) <= now) return 'expired';
  return validFrom !== null && Date.parse(validFrom) > now ? 'not_yet' : 'active';
}
