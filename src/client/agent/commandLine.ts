import { parseArgs } from 'node:util';
import { UsageError } from './command.ts';
import type { Call, Command, Option } from './command.ts';
import { suggest } from './nearest.ts';

const HELP = ['-h', '--help'];
const VERSION = ['-V', '--version'];

/** What was asked for, before the command has looked at the values of its options. */
export interface Asked extends Pick<Call, 'options' | 'words'> {
  readonly command: Command;
}

/** @throws {UsageError} naming the nearest command or option */
export function parseCommandLine(args: readonly string[], commands: readonly Command[]): Asked {
  const [first, ...rest] = args;
  if (first === undefined) throw new UsageError('There is no command.');
  if (VERSION.includes(first)) return { command: find('version', commands), options: {}, words: [] };
  if (HELP.includes(first)) return { command: find('help', commands), options: {}, words: rest.slice(0, 1) };
  if (first.startsWith('-')) throw new UsageError(`${quote(first)} stands before the command.`);
  const command = find(first, commands);
  const ownHelp = rest.slice(0, [...rest, '--'].indexOf('--')).some((word) => HELP.includes(word));
  if (ownHelp) return { command: find('help', commands), options: {}, words: [command.name] };
  return { command, ...parseRest(rest, command) };
}

/** @throws {UsageError} */
export function find(name: string, commands: readonly Command[]): Command {
  const command = commands.find((each) => each.name === name);
  if (command !== undefined) return command;
  const names = commands.map((each) => each.name);
  throw new UsageError(`There is no command ${quote(name)}.${suggest(name, names)}`);
}

function parseRest(args: readonly string[], { name, options = {}, words = 0 }: Command): Omit<Asked, 'command'> {
  const config = Object.entries(options).map(([key, { value }]) => [
    key,
    { type: value === undefined ? 'boolean' : 'string' } as const,
  ]);
  const { tokens, positionals } = parseArgs({
    ...{ args: [...args], strict: false, tokens: true, allowPositionals: true },
    options: Object.fromEntries(config) as Record<string, { type: 'boolean' | 'string' }>,
  });
  const given = tokens
    .filter((token) => token.kind === 'option')
    .map((token) => [token.name, readValue(token, options, name)] as const);
  const extra = positionals[words];
  if (extra !== undefined) throw new UsageError(`${quote(extra)} is one word too many after "${name}".`);
  return { options: Object.fromEntries(given), words: positionals };
}

interface Token {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
}

function readValue({ name, rawName, value }: Token, options: Readonly<Record<string, Option>>, of: string) {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) {
    const names = Object.keys(options).map((each) => `--${each}`);
    throw new UsageError(`"${of}" has no option ${quote(rawName)}.${suggest(rawName, names)}`);
  }
  if (option.value === undefined) {
    if (value !== undefined) throw new UsageError(`The option "${rawName}" takes no value.`);
    return true;
  }
  if (value === undefined || value === '')
    throw new UsageError(`The option "${rawName}" needs a value: ${option.value}.`);
  return value;
}

/** As somebody typed it; control characters do not reach the terminal. */
function quote(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}
