import type { NotLookedAt } from '../notLookedAt.ts';
import { runProgram } from './runProgram.ts';

/** The rules of this machine's own firewall; null where the program is not installed. */
export interface FirewallEvidence {
  /** `nft --handle list ruleset` */
  readonly nft: string | null;
  /** `iptables-save` */
  readonly iptables: string | null;
}

/** Characters. */
const MAX_RULES = 32 * 1024;
/** Tables, chains with their hooks, and every rule that decides. */
const TELLING = /^(?:\*|:|table |\}|COMMIT)|^\s*(?:chain |type |\}|.*\b(?:drop|reject|accept)\b)/i;
const DENIED = /not permitted|permission denied|must be root/i;

/** Reads the rules as whoever started the process: only root may. */
export async function readFirewall(): Promise<FirewallEvidence | NotLookedAt> {
  if (process.platform !== 'linux') return { notLookedAt: 'The doctor knows the firewall of Linux alone.' };
  if (process.geteuid?.() !== 0) return { notLookedAt: 'Only root may read its rules. Run the command as root.' };
  const nft = await runProgram('nft', '--handle', 'list', 'ruleset');
  const iptables = await runProgram('iptables-save');
  const texts = [nft, iptables].filter((text) => text !== undefined);
  if (texts.length === 0) return { notLookedAt: 'Neither nft nor iptables-save can be run.' };
  if (texts.every((text) => DENIED.test(text)))
    return { notLookedAt: 'The system does not allow it, not even to root.' };
  return { nft: keepTelling(nft), iptables: keepTelling(iptables) };
}

function keepTelling(text: string | undefined): string | null {
  if (text === undefined) return null;
  const lines = text.split('\n').filter((line) => TELLING.test(line));
  return lines.join('\n').slice(0, MAX_RULES);
}
