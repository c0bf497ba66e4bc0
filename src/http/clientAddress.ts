import { isIPv4, isIPv6 } from 'node:net';

/** An IPv6 address has all its eight groups, in lower-case hexadecimal without leading zeros. */
export interface ClientAddress {
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
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
