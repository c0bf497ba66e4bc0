import { formatAddress } from './route.ts';
import type { Route } from './route.ts';

/** Of <linux/route.h>. */
const GATEWAY = 0x2;
const REJECT = 0x200;
const NO_CARD = '*';

/** Reads `/proc/net/route`: hexadecimal, addresses in the order of octets of a little-endian machine. */
export function parseLinuxRoutes(table: string): readonly Route[] {
  return table.split('\n').slice(1).flatMap(parseLine);
}

function parseLine(line: string): readonly Route[] {
  const [via, destination, gatewayText, flagsText, , , metricText, maskText] = line.trim().split(/\s+/);
  if (via === undefined || destination === undefined || gatewayText === undefined || maskText === undefined) return [];
  const [network, flags, metric] = [readLittleEndian(destination), Number(`0x${flagsText ?? ''}`), Number(metricText)];
  const gateway = (flags & GATEWAY) === 0 ? null : formatAddress(readLittleEndian(gatewayText));
  const length = Array.from(readLittleEndian(maskText).toString(2)).filter((bit) => bit === '1').length;
  // A black hole has no flag, and like the others no card.
  const isRejecting = (flags & REJECT) !== 0 || via === NO_CARD;
  const parts = { network, length, gateway, via, metric, isRejecting };
  return [{ ...parts, text: formatRoute(parts) }];
}

function readLittleEndian(hexadecimal: string): number {
  return Number(`0x${Buffer.from(hexadecimal, 'hex').reverse().toString('hex')}`);
}

/** As `ip route` does. */
function formatRoute({ network, length, gateway, via, metric, isRejecting }: Omit<Route, 'text'>): string {
  const to = length === 0 ? 'default' : `${formatAddress(network)}/${length}`;
  if (isRejecting) return `rejecting ${to}`;
  const words = [to, ...(gateway === null ? [] : ['via', gateway]), 'dev', via];
  return [...words, ...(metric === 0 ? [] : ['metric', metric])].join(' ');
}
