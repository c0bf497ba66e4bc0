import { quoteForSh } from '../quote.ts';
import { IMDS_ADDRESS, isOf, parseAddress } from './route.ts';

/** A rule that turns requests for IMDS away, or a chain that turns away what no rule lets through. */
export interface Block {
  readonly text: string;
  /** Takes exactly that rule out; or lets IMDS through a chain. */
  readonly command: string;
}

const TARGET = parseAddress(IMDS_ADDRESS);
const NETWORK = /^(\d+(?:\.\d+){3})(?:\/(\d+))?$/;
/** What is on its way in, or through. */
const NOT_OUTGOING = /^(?:INPUT|FORWARD|PREROUTING)$/i;

function isOfImds(text: string): boolean {
  const [, address, length = '32'] = NETWORK.exec(text) ?? [];
  return address !== undefined && isOf({ network: parseAddress(address), length: Number(length) }, TARGET);
}

/** Reads `iptables-save`. */
export function findIptablesBlocks(save: string): readonly Block[] {
  const blocks: Block[] = [];
  let table = 'filter';
  for (const line of save.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const [, chain = '', rest = ''] = /^-A (\S+) (.*)$/.exec(line) ?? [];
    if (chain === '' || NOT_OUTGOING.test(chain) || !turnsAway(rest)) continue;
    const inTable = table === 'filter' ? [] : ['-t', table];
    blocks.push({ text: line, command: [quoteForSh('iptables', ...inTable, '-D', chain), rest].join(' ') });
  }
  return blocks;
}

/** Conditions that requests for IMDS never meet. */
const OTHERS = /(?:^| )(?:! -d|-p (?!tcp|all)|-i |--dport (?!80(?: |$)))/;

function turnsAway(rule: string): boolean {
  const [, destination = ''] = /(?:^| )-d (\S+)/.exec(rule) ?? [];
  return /(?:^| )-j (?:DROP|REJECT)\b/.test(rule) && isOfImds(destination) && !OTHERS.test(rule);
}

/** Where the chain of outgoing packets drops what nothing lets through, and nothing lets IMDS through. */
export function findIptablesPolicy(save: string): readonly Block[] {
  const filter = save.split(/^(?=\*)/m).find((table) => table.startsWith('*filter')) ?? '';
  const [policy] = /^:OUTPUT (?:DROP|REJECT).*$/m.exec(filter) ?? [];
  const isLetThrough = filter.split('\n').some((line) => line.includes(' -j ACCEPT') && isOfImds(destinationOf(line)));
  if (policy === undefined || isLetThrough) return [];
  const words = ['-I', 'OUTPUT', '-d', `${IMDS_ADDRESS}/32`, '-p', 'tcp', '--dport', '80', '-j', 'ACCEPT'];
  return [{ text: policy, command: quoteForSh('iptables', ...words) }];
}

function destinationOf(line: string): string {
  return / -d (\S+)/.exec(line)?.[1] ?? '';
}
