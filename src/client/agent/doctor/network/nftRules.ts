import { quoteForSh } from '../../../../contract/quoteForSh.ts';
import { namesImds } from './firewallRules.ts';
import type { Block } from './firewallRules.ts';
import { IMDS_ADDRESS } from './route.ts';

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

/** The destination that a rule names: an address, a network, or a set of them; undefined where it names none. */
function destinationOf(rule: string): string | undefined {
  return /\bip daddr (\{[^}]*\}|\S+)/.exec(rule)?.[1];
}

/** Conditions that requests for IMDS never meet. */
const OTHERS =
  /daddr !=|\b(?:ip6|udp|(?<!with )icmp|iif|iifname)\b|oif(?:name)? "?lo\b|\btcp dport (?!(?:\{[^}]*\b)?80\b)|ct state (?!\S*\bnew\b)/;

export function findNftBlocks(ruleset: string, iptables: string | null): readonly Block[] {
  return outgoing(ruleset, iptables).flatMap(({ family, table, name, rules }) =>
    rules
      .filter((rule) => /\b(?:drop|reject)\b/.test(rule) && namesImds(destinationOf(rule) ?? '') && !OTHERS.test(rule))
      .map((rule) => {
        const handle = /# handle (\d+)$/.exec(rule)?.[1] ?? '';
        return { text: rule, command: quoteForSh('nft', 'delete', 'rule', family, table, name, 'handle', handle) };
      }),
  );
}

export function findNftPolicy(ruleset: string, iptables: string | null): readonly Block[] {
  const chains = outgoing(ruleset, iptables);
  if (chains.some(({ rules }) => rules.some(letsThrough))) return [];
  return chains
    .filter(({ hook }) => /hook output.*policy drop/.test(hook))
    .map(({ family, table, name, hook }) => {
      const rule = ['ip', 'daddr', IMDS_ADDRESS, 'tcp', 'dport', '80', 'accept'];
      return { text: hook, command: quoteForSh('nft', 'insert', 'rule', family, table, name, ...rule) };
    });
}

function letsThrough(rule: string): boolean {
  const destination = destinationOf(rule);
  return /\baccept\b/.test(rule) && (destination === undefined || namesImds(destination)) && !OTHERS.test(rule);
}
