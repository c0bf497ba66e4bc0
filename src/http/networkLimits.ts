import { BlockList, isIPv4, isIPv6 } from 'node:net';
import * as z from 'zod';
import type { ClientAddress, NetworkLimit } from './addressLimit.ts';

const MAX_NETWORKS = 100;
const MAX_PER_SECOND = 100_000;
/** Bits: IPv6 addresses are counted by their /64, so that no limit can be for less. */
const MAX_PREFIX = { ipv4: 32, ipv6: 64 } as const;

/** `CIDR=REQUESTS_PER_SECOND`, comma-separated. A problem names the entry by its place, and quotes nothing. */
export const networkLimits = z.string().transform((text, context): readonly NetworkLimit[] => {
  const entries = text.split(',').map((entry) => parseEntry(entry.trim()));
  const limits = entries.filter((entry) => typeof entry !== 'string');
  const wrong = entries.flatMap((entry, index) => (typeof entry === 'string' ? [`entry ${index + 1} ${entry}`] : []));
  const problem = wrong[0] ?? findTwice(limits) ?? findTooMany(limits);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  return limits;
});

/** @returns what is wrong with the entry, where something is */
function parseEntry(entry: string): NetworkLimit | string {
  const [, address = '', bits = '', rate = ''] = /^([^=/]+)\/(\d{1,3})=(\d{1,6})$/.exec(entry) ?? [];
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) && !address.includes('%') ? 'ipv6' : null;
  if (family === null) return 'must be CIDR=REQUESTS_PER_SECOND, such as 203.0.113.0/24=200';
  const prefix = Number(bits);
  if (prefix > MAX_PREFIX[family]) return `must have a prefix of at most /${MAX_PREFIX[family]}`;
  const perSecond = Number(rate);
  if (perSecond < 1 || perSecond > MAX_PER_SECOND) return `must have a rate from 1 to ${MAX_PER_SECOND}`;
  const subnet = new BlockList();
  subnet.addSubnet(address, prefix, family);
  const contains = (other: ClientAddress) => other.family === family && subnet.check(other.address, family);
  return { family, address, prefix, perSecond, contains };
}

function findTwice(limits: readonly NetworkLimit[]): string | null {
  for (const [index, limit] of limits.entries()) {
    const first = limits.findIndex(({ prefix, contains }) => prefix === limit.prefix && contains(limit));
    if (first < index) return `entries ${first + 1} and ${index + 1} name the same network: remove one of them`;
  }
  return null;
}

function findTooMany(limits: readonly NetworkLimit[]): string | null {
  return limits.length > MAX_NETWORKS ? `must have at most ${MAX_NETWORKS} entries` : null;
}
