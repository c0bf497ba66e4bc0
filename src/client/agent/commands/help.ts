import { AGENT_NAME } from '../agentVersion.ts';
import { find } from '../commandLine.ts';
import type { Command } from '../command.ts';

export const VERSION_COMMAND: Command = {
  name: 'version',
  summary: 'Prints the version of the agent',
  description: 'Prints the version of the agent.',
  run: ({ world }) => {
    world.out(`${AGENT_NAME.replace('/', ' ')}\n`);
    return Promise.resolve(0);
  },
};

/** What stands in `help` and in the man page beside the commands. */
export const ABOUT = 'countersign-agent keeps this VM licensed, and tells other programs in files.';
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'licensed, or in grace (--strict: 9)'],
  ['10', 'denied: the service has signed that this VM has no licence'],
  ['11', 'refused: the service gives no licence'],
  ['12', 'not in Azure'],
  ['13', "unreachable: the service or Azure's metadata service does not answer"],
  ['14', 'misconfigured: something on this machine has to be set right'],
  ['64', 'the command line cannot be understood'],
  ['70', 'a fault of the agent'],
];
export const CONFIGURATION = 'The configuration is /etc/countersign/agent.json, or variables COUNTERSIGN_*.';

/** @param commands all of them, this one too: it is created before their table is */
export function createHelp(commands: () => readonly Command[]): Command {
  return {
    name: 'help',
    usage: '[COMMAND]',
    summary: 'Explains the commands, or one of them',
    description: 'Explains the commands, or one of them.',
    words: 1,
    run: ({ words: [name], world }) => {
      world.out(name === undefined ? listCommands(commands()) : explain(find(name, commands())));
      return Promise.resolve(0);
    },
  };
}

/** The list of commands: for `help`, and after a command line that cannot be understood. */
function listCommands(commands: readonly Command[]): string {
  const usages = commands.map((command) => [usageOf(command), command.summary] as const);
  return `${ABOUT}\n\nCommands:\n${table(usages)}\n\nExit codes:\n${table(EXIT_CODES)}\n\n${CONFIGURATION}\n`;
}

function explain(command: Command): string {
  const options = optionsOf(command);
  const list = options.length === 0 ? '' : `\nOptions:\n${table(options)}\n`;
  return `Usage: countersign-agent ${usageOf(command)}\n\n${command.description}\n${list}`;
}

/** Each option as it is written, and what it does. */
export function optionsOf({ options = {} }: Command): readonly (readonly [option: string, summary: string])[] {
  return Object.entries(options).map(([name, { value, summary }]) => [
    value === undefined ? `--${name}` : `--${name} ${value}`,
    summary,
  ]);
}

export function usageOf({ name, usage, options = {} }: Command): string {
  const flags = Object.entries(options).map(
    ([flag, { value }]) => `[--${flag}${value === undefined ? '' : ` ${value}`}]`,
  );
  return [name, ...flags, ...(usage === undefined ? [] : [usage])].join(' ');
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join('\n');
}
