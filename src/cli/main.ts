#!/usr/bin/env node
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command, ExitCode, Io } from './command.ts';
import { RefusedError, UsageError } from './command.ts';
import { activations } from './commands/activations.ts';
import { apply } from './commands/apply.ts';
import { conformance } from './commands/conformance.ts';
import { decisions } from './commands/decisions.ts';
import { explain } from './commands/explain.ts';
import { imds } from './commands/imds.ts';
import { keys } from './commands/keys.ts';
import { licences } from './commands/licences.ts';
import { offers } from './commands/offers.ts';
import { trust } from './commands/trust.ts';
import { verify } from './commands/verify.ts';

const COMMANDS: Readonly<Record<string, Command>> = {
  ...{ verify, explain, conformance, trust, apply },
  ...{ offers, licences, activations, decisions, keys, imds },
};

function listCommands(): string {
  const names = Object.keys(COMMANDS);
  const width = Math.max(...names.map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `countersign COMMAND [OPTIONS]

${lines.join('\n')}

countersign COMMAND --help explains each, with examples.
Exit codes: 0 done or accepted, 2 rejected or refused by a check, 1 wrong usage or a system error.
`;
}

/** Runs one command line. Nothing but the exit code and what `io` was told leaves it. */
export async function runCommandLine(args: readonly string[], io: Io): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    (name === undefined ? io.complain : io.out)(listCommands());
    return name === undefined ? 1 : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    io.complain(`There is no command "${name}".\n\n${listCommands()}`);
    return 1;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(command.help);
    return 0;
  }
  return runCommand(name, command, rest, io);
}

async function runCommand(name: string, command: Command, args: readonly string[], io: Io): Promise<ExitCode> {
  try {
    return await command.run(args, io);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof UsageError ? `\nSee: countersign ${name} --help` : '';
    io.complain(`countersign ${name}: ${message}${hint}\n`);
    return error instanceof RefusedError ? 2 : 1;
  }
}

/** npm runs scripts in the package's folder and says in INIT_CWD where the user stands. */
function workingDirectory(): string {
  const { npm_lifecycle_event: script, INIT_CWD: started } = process.env;
  return resolve(script === 'cli' && started !== undefined ? started : process.cwd());
}

/** On standard error: what is printed there is no result. Nothing is an answer where the input ends. */
async function askOnTerminal(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const ended = once(lines, 'close').then(() => '');
    lines.on('SIGINT', () => {
      lines.close();
    });
    return await Promise.race([lines.question(question), ended]);
  } finally {
    lines.close();
  }
}

if (import.meta.main) {
  process.exitCode = await runCommandLine(process.argv.slice(2), {
    out: (text) => process.stdout.write(text),
    complain: (text) => process.stderr.write(text),
    readStdin: () => process.stdin,
    ...(process.stdin.isTTY && process.stderr.isTTY && { ask: askOnTerminal }),
    env: process.env,
    directory: workingDirectory(),
    now: Date.now,
  });
}
