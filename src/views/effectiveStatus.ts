import { findOffer } from '../catalogue/findOffer.ts';
import type { Licence } from '../catalogue/licence.ts';
import type { Offer } from '../catalogue/offer.ts';
import type { EffectiveStatus } from '../contract/operators/licenceList.ts';

/** What a VM under the licence would meet now, as decide() judges it. @param at milliseconds since the epoch */
export function effectiveStatus(licence: Licence, offers: readonly Offer[], at: number): EffectiveStatus {
  const { plan, status, validFrom, validUntil } = licence;
  const match = findOffer(offers, plan, undefined);
  if (match.found && match.offer.status === 'suspended') return 'offer_suspended';
  if (status !== 'active') return status;
  if (validFrom !== null && at < validFrom) return 'not_yet';
  return validUntil !== null && at >= validUntil ? 'expired' : 'active';
}
