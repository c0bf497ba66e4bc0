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
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  return isIPv6(address) ? `${networkOf(address)}::/64` : 'unknown';
}

/** The first four groups: one customer has at least a /64, so single addresses would be no limit. */
function networkOf(address: string): string {
  const [head = '', tail] = address.replace(/%.*$/, '').toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(8 - left.length - right.length, 0);
  const groups = [...left, ...new Array<string>(zeros).fill('0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
