import { IMDS_ADDRESS, isOf, parseAddress } from './route.ts';

/** A rule that turns requests for IMDS away, or a chain that turns away what no rule lets through. */
export interface Block {
  readonly text: string;
  /** Takes exactly that rule out; or lets IMDS through the chain. */
  readonly command: string;
}

const TARGET = parseAddress(IMDS_ADDRESS);
const NETWORK = /(\d+(?:\.\d+){3})(?:\/(\d+))?/g;

/** Whether one of the addresses and networks in the text is IMDS's, or holds it. */
export function namesImds(text: string): boolean {
  return [...text.matchAll(NETWORK)].some(([, address = '', length = '32']) =>
    isOf({ network: parseAddress(address), length: Number(length) }, TARGET),
  );
}
