import type { AttestedVm } from '../contract/attestation.ts';
import { sharedRate } from '../http/addressLimit.ts';
import { RateLimit } from '../http/rateLimit.ts';

/**
 * Counts a request with authentic evidence for its VM and its subscription. What a VM is refused does not count against
 * the others of its subscription, nor the other way round.
 *
 * @param at milliseconds since the epoch
 * @returns 0 where the request may go on, else the whole seconds to wait
 */
export type AuthenticLimit = (vm: Pick<AttestedVm, 'cloud' | 'subscriptionId' | 'vmId'>, at: number) => number;

export interface AuthenticRates {
  readonly subscriptionPerSecond: number;
  readonly vmPerMinute: number;
}

export function createAuthenticLimit({ subscriptionPerSecond, vmPerMinute }: AuthenticRates): AuthenticLimit {
  const limit = new RateLimit();
  const ofVm = { perSecond: vmPerMinute / 60, burst: vmPerMinute, longestQueue: 0 };
  const ofSubscription = sharedRate(subscriptionPerSecond);
  return ({ cloud, subscriptionId, vmId }, at) =>
    limit.take(
      [
        { kind: 'VM', name: `${cloud}/${vmId}`, rate: ofVm },
        { kind: 'subscription', name: `${cloud}/${subscriptionId}`, rate: ofSubscription },
      ],
      at,
    );
}
