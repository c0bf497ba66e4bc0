import { isIPv4, isIPv6 } from 'node:net';

/**
 * Whom the rate limit counts. The platform appends the caller's address, with a port, to `X-Forwarded-For`; what stands
 * before is the caller's own word, unless proxies of the vendor's own wrote it.
 *
 * @param trustedProxies how many proxies of the vendor's own stand in front of the platform
 * @returns an IPv4 address, the /64 of an IPv6 address, or `unknown`
 */
export function readClientAddress(forwardedFor: string | null, trustedProxies: number): string {
  const entries = (forwardedFor ?? '').split(',');
  return normaliseAddress(entries.at(-1 - trustedProxies)?.trim() ?? '');
}

function normaliseAddress(entry: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(entry)?.[1];
  const address = bracketed ?? (/^[^:]*:\d+$/.test(entry) ? entry.slice(0, entry.indexOf(':')) : entry);
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return 'unknown';
  const groups = readGroups(address);
  return readMappedAddress(groups) ?? `${groups.slice(0, 4).join(':')}::/64`;
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
