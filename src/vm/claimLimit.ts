import type { SubscriptionKey } from '../catalogue/holding.ts';
import { RateLimit } from '../http/rateLimit.ts';

/**
 * Bounds how many wrong claim codes the VMs of one subscription can try: ten at once, then ten an hour, on each instance. A
 * code has 128 random bits, so that this protects the store rather than the codes.
 */
export interface ClaimLimit {
  /** Whole seconds to wait before a code is looked at; 0 where one may be. @param at milliseconds since the epoch */
  waitOf(subscription: SubscriptionKey, at: number): number;
  countWrong(subscription: SubscriptionKey, at: number): void;
}

const RATE = { perSecond: 10 / 3_600, burst: 10, longestQueue: 0 };

export function createClaimLimit(): ClaimLimit {
  const limit = new RateLimit();
  const caller = ({ cloud, subscriptionId }: SubscriptionKey) => ({
    kind: 'subscription',
    name: `${cloud}/${subscriptionId}`,
    rate: RATE,
  });
  return {
    waitOf: (subscription, at) => limit.peek(caller(subscription), at),
    countWrong: (subscription, at) => {
      limit.take([caller(subscription)], at);
    },
  };
}
