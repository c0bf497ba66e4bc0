import type { LicensedVm } from '../catalogue/entitlement.ts';
import { sharedRate } from '../http/addressLimit.ts';
import type { ServiceConfig } from '../app/config.ts';
import { RateLimit } from '../http/rateLimit.ts';

/**
 * Counts a request with authentic evidence for its VM and its subscription. What a VM is refused does not count against
 * the others of its subscription, nor the other way round.
 *
 * @param at milliseconds since the epoch
 * @returns 0 where the request may go on, else the whole seconds to wait
 */
export type AuthenticLimit = (vm: LicensedVm, at: number) => number;

export function createAuthenticLimit(
  config: Pick<ServiceConfig, 'SUBSCRIPTION_RATE_LIMIT_PER_SECOND' | 'VM_RATE_LIMIT_PER_MINUTE'>,
): AuthenticLimit {
  const limit = new RateLimit();
  const perMinute = config.VM_RATE_LIMIT_PER_MINUTE;
  const ofVm = { perSecond: perMinute / 60, burst: perMinute, longestQueue: 0 };
  const ofSubscription = sharedRate(config.SUBSCRIPTION_RATE_LIMIT_PER_SECOND);
  return ({ cloud, subscriptionId, vmId }, at) =>
    limit.take(
      [
        { name: `VM ${cloud}/${vmId}`, rate: ofVm },
        { name: `subscription ${cloud}/${subscriptionId}`, rate: ofSubscription },
      ],
      at,
    );
}
