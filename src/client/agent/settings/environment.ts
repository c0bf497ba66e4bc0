import { parsePlainJson } from '../../../contract/plainJson.ts';
import { JsonError } from '../../../contract/strictJson.ts';
import { MEMBERS, variableOf } from './members.ts';
import type { Member } from './members.ts';

export interface FromEnvironment {
  readonly members: Readonly<Record<string, unknown>>;
  readonly faults: readonly string[];
  /** Variables that are set and do not count, because there is a file. */
  readonly ignored: readonly string[];
}

/**
 * Reads the variables COUNTERSIGN_*. An empty one counts as none. What cannot be read as what it should be is kept as text:
 * the rules of the option then say what it must be.
 */
export function readEnvironment(env: NodeJS.ProcessEnv, hasFile: boolean): FromEnvironment {
  const set = MEMBERS.map((member) => ({ member, text: env[variableOf(member.name)] ?? '' })).filter(
    ({ text }) => text !== '',
  );
  const isIgnored = (member: Member) => hasFile && member.fromFileAlone === true;
  const read = set
    .filter(({ member }) => !isIgnored(member))
    .map(({ member, text }) => ({ name: member.name, ...readValue(member, text) }));
  return {
    members: Object.fromEntries(read.map(({ name, value }) => [name, value])),
    faults: read.map(({ fault }) => fault).filter((fault) => fault !== undefined),
    ignored: set.filter(({ member }) => isIgnored(member)).map(({ member }) => variableOf(member.name)),
  };
}

function readValue({ name, reads }: Member, text: string): { value: unknown; fault?: string } {
  if (reads === 'boolean' && /^(?:true|false)$/.test(text)) return { value: text === 'true' };
  if (reads === 'number' && /^\d{1,15}$/.test(text)) return { value: Number(text) };
  if (reads !== 'text or JSON' || !/^\s*[[{"]/.test(text)) return { value: text };
  try {
    return { value: parsePlainJson(text) };
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return { value: text, fault: `${variableOf(name)}: ${error.message}` };
  }
}
