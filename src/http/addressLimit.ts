import type { ClientAddress } from './clientAddress.ts';
import type { NetworkLimit } from './networkLimits.ts';
import { RateLimit } from './rateLimit.ts';
import type { Caller, Rate } from './rateLimit.ts';

/**
 * Counts a request for the address that it came from.
 *
 * @param address null where nobody knows it: all of those count together
 * @param at milliseconds since the epoch
 * @returns 0 where the request may go on, else the whole seconds to wait
 */
export type AddressLimit = (address: ClientAddress | null, at: number) => number;

/** Seconds. Clients double it at most, and come back within eight minutes. */
const MAX_QUEUE = 240;

/** Many networks of one customer are a /48, and anybody can have one: it may do what eight of its /64 may. */
const SITE_PREFIX = 48;
const SITE_FACTOR = 8;

/** A rate that many senders share: twice as many requests as in a second may come at once, and the others queue up. */
export function sharedRate(perSecond: number): Rate {
  return { perSecond, burst: perSecond * 2, longestQueue: MAX_QUEUE };
}

/** @param perSecond the rate of an address that lies in none of the networks; of several the longest prefix counts */
export function createAddressLimit(perSecond: number, networks: readonly NetworkLimit[]): AddressLimit {
  const limit = new RateLimit();
  const longestFirst = [...networks].sort((left, right) => right.prefix - left.prefix);
  return (address, at) => limit.take(listCallers(address, perSecond, longestFirst), at);
}

function listCallers(
  address: ClientAddress | null,
  otherwise: number,
  longestFirst: readonly NetworkLimit[],
): readonly Caller[] {
  if (address === null) return [{ name: 'unknown', rate: sharedRate(otherwise) }];
  const network = longestFirst.find((known) => known.contains(address)) ?? null;
  const perSecond = network?.perSecond ?? otherwise;
  if (address.family === 'ipv4') return [{ name: address.address, rate: sharedRate(perSecond) }];
  const groups = address.address.split(':');
  const own = { name: `${groups.slice(0, 4).join(':')}::/64`, rate: sharedRate(perSecond) };
  // A part of a /48 that has a limit of its own does not share the limit of the rest.
  if (network !== null && network.prefix > SITE_PREFIX) return [own];
  const site = { name: `${groups.slice(0, 3).join(':')}::/48`, rate: sharedRate(perSecond * SITE_FACTOR) };
  return [own, site];
}
