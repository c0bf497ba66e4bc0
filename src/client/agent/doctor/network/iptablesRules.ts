import { quoteForSh } from '../../../../contract/quoteForSh.ts';
import { namesImds } from './firewallRules.ts';
import type { Block } from './firewallRules.ts';
import { IMDS_ADDRESS } from './route.ts';

interface Rule {
  readonly table: string;
  readonly chain: string;
  /** After the chain. */
  readonly words: readonly string[];
  readonly text: string;
}

/** What is on its way in, or through. */
const NOT_OUTGOING = ['INPUT', 'FORWARD', 'PREROUTING'];

/** The rules of `iptables-save` that outgoing packets can meet. */
function parseRules(save: string): readonly Rule[] {
  const rules: Rule[] = [];
  let table = '';
  for (const text of save.split('\n')) {
    if (text.startsWith('*')) table = text.slice(1).trim();
    const [add, chain = '', ...words] = splitWords(text);
    if (add === '-A' && !NOT_OUTGOING.includes(chain)) rules.push({ table, chain, words, text });
  }
  return rules;
}

/** Words with a blank in them stand in quotes, and a backslash before what is special. */
function splitWords(line: string): readonly string[] {
  return [...line.matchAll(/"((?:\\.|[^"\\])*)"|\S+/g)].map(([word, quoted]) =>
    quoted === undefined ? word : quoted.replace(/\\(.)/g, '$1'),
  );
}

/** The word after one of the names. */
function valueOf({ words }: Rule, ...names: readonly string[]): string | undefined {
  const at = words.findIndex((word) => names.includes(word));
  return at === -1 ? undefined : words[at + 1];
}

/** Whether no condition that is understood keeps the rule from requests for IMDS. */
function canMeet(rule: Rule): boolean {
  const { words } = rule;
  const port = valueOf(rule, '--dport', '--dports');
  return (
    !words.includes('-i') &&
    !(words.includes('!') && words[words.indexOf('!') + 1] === '-d') &&
    ['tcp', 'all', undefined].includes(valueOf(rule, '-p')) &&
    (port === undefined || port.split(',').includes('80')) &&
    valueOf(rule, '-o') !== 'lo' &&
    (valueOf(rule, '--ctstate', '--state') ?? 'NEW').includes('NEW')
  );
}

export function findIptablesBlocks(save: string): readonly Block[] {
  return parseRules(save)
    .filter((rule) => ['DROP', 'REJECT'].includes(valueOf(rule, '-j') ?? ''))
    .filter((rule) => namesImds(valueOf(rule, '-d') ?? '') && canMeet(rule))
    .map(({ table, chain, words, text }) => {
      const inTable = table === 'filter' ? [] : ['-t', table];
      return { text, command: quoteForSh('iptables', ...inTable, '-D', chain, ...words) };
    });
}

/** Where the chain of outgoing packets drops what nothing lets through, and nothing lets IMDS through. */
export function findIptablesPolicy(save: string): readonly Block[] {
  const filter = save.split(/^(?=\*)/m).find((table) => table.startsWith('*filter')) ?? '';
  const [policy] = /^:OUTPUT DROP .*$/m.exec(filter) ?? [];
  if (policy === undefined || parseRules(filter).some(letsThrough)) return [];
  const words = ['-I', 'OUTPUT', '-d', `${IMDS_ADDRESS}/32`, '-p', 'tcp', '--dport', '80', '-j', 'ACCEPT'];
  return [{ text: policy, command: quoteForSh('iptables', ...words) }];
}

function letsThrough(rule: Rule): boolean {
  const destination = valueOf(rule, '-d');
  return valueOf(rule, '-j') === 'ACCEPT' && (destination === undefined || namesImds(destination)) && canMeet(rule);
}
