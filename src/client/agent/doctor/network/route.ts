/** One line of a table of routes. */
export interface Route {
  /** The network's address, as a number of 32 bits. */
  readonly network: number;
  /** Bits of the address that count. */
  readonly length: number;
  /** Null where the network is directly at hand. */
  readonly gateway: string | null;
  /** What it leaves by: the name of a network card on Linux, the address of one on Windows. */
  readonly via: string;
  /** Of two equally exact routes the one with the smaller number is used. */
  readonly metric: number;
  /** Whether packets are turned back. */
  readonly isRejecting: boolean;
  /** As a person writes it. */
  readonly text: string;
}

export const IMDS_ADDRESS = '169.254.169.254';

export function parseAddress(text: string): number {
  return text.split('.').reduce((value, part) => value * 256 + Number(part), 0);
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

export function isOf({ network, length }: Pick<Route, 'network' | 'length'>, address: number): boolean {
  const size = 2 ** (32 - length);
  return Math.floor(network / size) === Math.floor(address / size);
}

/** The route that packets to the address take: the most exact one; undefined where there is none. */
export function findRoute(routes: readonly Route[], address: string): Route | undefined {
  const target = parseAddress(address);
  return routes
    .filter((route) => isOf(route, target))
    .toSorted((one, other) => other.length - one.length || one.metric - other.metric)
    .at(0);
}
