import { formatAddress, parseAddress } from './route.ts';
import type { Route } from './route.ts';

const ADDRESS = String.raw`(\d{1,3}(?:\.\d{1,3}){3})`;
/** Destination, netmask, gateway (or "On-link" in the system's language), interface, metric. */
const LINE = new RegExp(String.raw`^\s*${ADDRESS}\s+${ADDRESS}\s+(\S.*?)\s+${ADDRESS}\s+(\d+)\s*$`);

/** Reads the active routes of `route print`, in any language. */
export function parseWindowsRoutes(routePrint: string): readonly Route[] {
  return routePrint.split(/\r?\n/).flatMap((line) => {
    const [, network = '', mask = '', gateway = '', via = '', metric = ''] = LINE.exec(line) ?? [];
    if (network === '') return [];
    return {
      ...{ network: parseAddress(network), via, metric: Number(metric), isRejecting: false },
      length: Array.from(parseAddress(mask).toString(2)).filter((bit) => bit === '1').length,
      gateway: /^\d/.test(gateway) ? gateway : null,
      text: line.trim().replace(/\s+/g, ' '),
    };
  });
}

/** A network card, as `ipconfig /all` has it. */
export interface Card {
  /** The line that begins its part. */
  readonly name: string;
  readonly lines: readonly string[];
  readonly addresses: readonly string[];
}

/** Reads the cards of `ipconfig /all`, in any language. */
export function parseCards(ipconfig: string): readonly Card[] {
  const parts = ipconfig.split(/\r?\n(?=\S)/).filter((part) => /^\S.*:\s*$/m.test(part.split('\n', 1).join('')));
  return parts.map((part) => {
    const [name = '', ...lines] = part.split(/\r?\n/).map((line) => line.trim());
    // The state, "(Preferred)" in the system's language, follows the card's own addresses alone.
    const addresses = [...part.matchAll(new RegExp(`${ADDRESS}\\(`, 'g'))].map(([, address = '']) => address);
    return { name: name.replace(/:$/, ''), lines: lines.filter((line) => line !== ''), addresses };
  });
}

export function findCard(cards: readonly Card[], address: string): Card | undefined {
  return cards.find(({ addresses }) => addresses.includes(formatAddress(parseAddress(address))));
}
