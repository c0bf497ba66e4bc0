import { isIPv4, isIPv6 } from 'node:net';
import type { EdgeRequest, UseCase } from './edge.ts';
import { RateLimit } from './rateLimit.ts';
import type { Caller, Rate } from './rateLimit.ts';
import { RequestError } from './requestError.ts';

/** An IPv6 address has all its eight groups, in lower-case hexadecimal without leading zeros. */
export interface ClientAddress {
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
}

/** A network that the vendor knows, and the requests a second that each address in it may make. */
export interface NetworkLimit {
  readonly family: ClientAddress['family'];
  /** As the setting writes it: any address of the network. */
  readonly address: string;
  /** Bits. */
  readonly prefix: number;
  readonly perSecond: number;
  readonly contains: (address: ClientAddress) => boolean;
}

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

/** Bits: hosts of one IPv6 network share these, and can choose the rest as they like. */
const OWN_PREFIX = 64;

/**
 * Networks of IPv6 that count as well, and how many times as much as a /64 they may do. A site has a /48, and anybody can
 * have one. A provider has a /32, and some a /29: without the wider ones, its 65,536 sites could do 65,536 times as much.
 * All VMs of a cloud in some part of the world have one /32 too, so that it must be able to start a fleet.
 */
const WIDER_NETWORKS = [
  { prefix: 48, factor: 8 },
  { prefix: 32, factor: 64 },
  { prefix: 24, factor: 128 },
] as const;

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

/** As whom requests from an address count: an IPv4 address by itself, an IPv6 address by its /64. */
export function nameAddress(address: ClientAddress | null): string {
  if (address === null) return 'unknown';
  return address.family === 'ipv4' ? address.address : nameNetwork(address, OWN_PREFIX);
}

/** The groups that a prefix reaches into; of the last one the bits that belong to it. */
function nameNetwork({ address }: ClientAddress, prefix: number): string {
  const groups = address.split(':').slice(0, Math.ceil(prefix / 16));
  const masked = groups.map((group, index) => {
    const free = Math.max(0, 16 * (index + 1) - prefix);
    return ((Number.parseInt(group, 16) >> free) << free).toString(16);
  });
  return `${masked.join(':')}::/${prefix}`;
}

function listCallers(
  address: ClientAddress | null,
  otherwise: number,
  longestFirst: readonly NetworkLimit[],
): readonly Caller[] {
  const network = longestFirst.find((known) => address !== null && known.contains(address)) ?? null;
  const perSecond = network?.perSecond ?? otherwise;
  const own = { kind: address?.family ?? 'unknown', name: nameAddress(address), rate: sharedRate(perSecond) };
  if (address?.family !== 'ipv6') return [own];
  // A network that has a limit of its own does not share the limit of those around it.
  const counted = WIDER_NETWORKS.filter(({ prefix }) => prefix >= (network?.prefix ?? 0));
  const wider = counted.map(({ prefix, factor }) => ({
    ...{ kind: `ipv6 /${prefix}`, name: nameNetwork(address, prefix), rate: sharedRate(perSecond * factor) },
  }));
  return [own, ...wider];
}

export interface AddressLimitNeeds {
  readonly addressLimit: AddressLimit;
  /** How many proxies of the vendor's own stand in front of the platform. */
  readonly trustedProxies: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Counts a request for the client's address before anything else in it is read: a malformed request costs its sender as
 * much as a good one.
 */
export function countFirst({ addressLimit, trustedProxies, now }: AddressLimitNeeds, useCase: UseCase): UseCase {
  return (request: EdgeRequest) => {
    const address = readClientAddress(request.header('x-forwarded-for'), trustedProxies);
    const wait = addressLimit(address, now());
    if (wait > 0) throw new RequestError('rate_limited', null, wait);
    return useCase(request);
  };
}

/**
 * Whom the rate limit counts. The platform appends the caller's address, with a port, to `X-Forwarded-For`; what stands
 * before is the caller's own word, unless proxies of the vendor's own wrote it.
 *
 * @param trustedProxies how many proxies of the vendor's own stand in front of the platform
 * @returns null where the header names no address in that place
 */
export function readClientAddress(forwardedFor: string | null, trustedProxies: number): ClientAddress | null {
  const entries = (forwardedFor ?? '').split(',');
  return parseEntry(entries.at(-1 - trustedProxies)?.trim() ?? '');
}

function parseEntry(entry: string): ClientAddress | null {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(entry)?.[1];
  const address = bracketed ?? (/^[^:]*:\d+$/.test(entry) ? entry.slice(0, entry.indexOf(':')) : entry);
  if (isIPv4(address)) return { family: 'ipv4', address };
  if (!isIPv6(address)) return null;
  const groups = readGroups(address);
  const mapped = readMappedAddress(groups);
  return mapped === null ? { family: 'ipv6', address: groups.join(':') } : { family: 'ipv4', address: mapped };
}

/** The eight groups, each in lower-case hexadecimal without leading zeros. */
function readGroups(address: string): readonly string[] {
  // The URL parser writes an address with an IPv4 address at its end, and all others, in one way.
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, '')}]`);
  const [left = [], right = []] = hostname
    .slice(1, -1)
    .split('::')
    .map((part) => (part === '' ? [] : part.split(':')));
  return [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
}

/** RFC 4291 section 2.5.5.2: an IPv4 address that came through a socket of IPv6; it counts by itself. */
function readMappedAddress(groups: readonly string[]): string | null {
  if (groups.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return null;
  const octets = groups.slice(6).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
  return octets.join('.');
}
