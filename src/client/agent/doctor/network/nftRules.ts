import { quoteForSh } from '../quote.ts';
import type { Block } from './firewallRules.ts';
import { IMDS_ADDRESS, isOf, parseAddress } from './route.ts';

interface Chain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** The line that says where the chain hangs; empty where others jump to it. */
  hook: string;
  readonly rules: string[];
}

/** Reads `nft --handle list ruleset`. */
function parseChains(ruleset: string): readonly Chain[] {
  const chains: Chain[] = [];
  let [family, table] = ['', ''];
  for (const line of ruleset.split('\n').map((each) => each.trim())) {
    const [, kind, name = ''] = /^(table \S+|chain) (\S+) \{/.exec(line) ?? [];
    const chain = chains.at(-1);
    if (kind === 'chain') chains.push({ family, table, name, hook: '', rules: [] });
    else if (kind !== undefined) [family, table] = [kind.slice('table '.length), name];
    else if (line.startsWith('type ') && chain !== undefined) chain.hook = line;
    else chain?.rules.push(line);
  }
  return chains;
}

const FAMILIES = ['ip', 'inet', 'netdev'];
const NOT_OUTGOING = /hook (?:input|forward|prerouting|ingress)/;

/** The chains that outgoing packets can meet. Those that iptables has put there are read from its own list. */
function outgoing(ruleset: string, iptables: string | null): readonly Chain[] {
  return parseChains(ruleset).filter(
    ({ family, table, name, hook }) =>
      !NOT_OUTGOING.test(hook) &&
      FAMILIES.includes(family) &&
      !(iptables !== null && iptables.includes(`*${table}\n`) && iptables.includes(`\n:${name} `)),
  );
}

const NETWORK = /(\d+(?:\.\d+){3})(?:\/(\d+))?/g;

/** A single address or network, or a set of them in braces. */
function isOfImds(rule: string): boolean {
  const [, list = ''] = /\bip daddr (\{[^}]*\}|\S+)/.exec(rule) ?? [];
  return [...list.matchAll(NETWORK)].some(([, address = '', length = '32']) =>
    isOf({ network: parseAddress(address), length: Number(length) }, parseAddress(IMDS_ADDRESS)),
  );
}

/** Conditions that requests for IMDS never meet. */
const OTHERS = /daddr !=|\b(?:udp|icmp|iif|iifname)\b|\btcp dport (?!(?:\{[^}]*\b)?80\b)/;

export function findNftBlocks(ruleset: string, iptables: string | null): readonly Block[] {
  return outgoing(ruleset, iptables).flatMap(({ family, table, name, rules }) =>
    rules
      .filter((rule) => /\b(?:drop|reject)\b/.test(rule) && isOfImds(rule) && !OTHERS.test(rule))
      .map((rule) => {
        const handle = /# handle (\d+)$/.exec(rule)?.[1] ?? '';
        return { text: rule, command: quoteForSh('nft', 'delete', 'rule', family, table, name, 'handle', handle) };
      }),
  );
}

export function findNftPolicy(ruleset: string, iptables: string | null): readonly Block[] {
  const chains = outgoing(ruleset, iptables);
  const isLetThrough = chains.some(({ rules }) => rules.some((rule) => /\baccept\b/.test(rule) && isOfImds(rule)));
  if (isLetThrough) return [];
  return chains
    .filter(({ hook }) => /hook output.*policy drop/.test(hook))
    .map(({ family, table, name, hook }) => {
      const rule = ['ip', 'daddr', IMDS_ADDRESS, 'tcp', 'dport', '80', 'accept'];
      return { text: hook, command: quoteForSh('nft', 'insert', 'rule', family, table, name, ...rule) };
    });
}
