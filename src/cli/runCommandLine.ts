import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { ExitCode, Io, Session } from './command.ts';
import { fitLines } from './layout.ts';
import { createProgram } from './program.ts';
import { reportFailure } from './reportFailure.ts';

/** Runs one command line. Nothing but the exit code and what `io` was told leaves it. */
export async function runCommandLine(words: readonly string[], io: Io): Promise<ExitCode> {
  const args = writeHelpAsFlag(words);
  const session: Session = { ...io, complain: fitComplaints(io), exitCode: 0 };
  const program = await createProgram(args, session);
  try {
    await program.parseAsync([...(asksForUnknown(program, args) ? withoutHelp(args) : args)], { from: 'user' });
    return session.exitCode;
  } catch (error) {
    const { command } = findCommand(program, args);
    return reportFailure(error, { io: session, asJson: args.includes('--json'), command });
  }
}

const HELP_FLAGS: readonly string[] = ['-h', '--help'];

/** `help licences list` is `licences list --help`: the library takes one word after `help`. */
function writeHelpAsFlag(words: readonly string[]): readonly string[] {
  const [first, ...others] = words;
  return first === 'help' ? [...others, '--help'] : words;
}

function withoutHelp(args: readonly string[]): readonly string[] {
  return args.filter((arg) => !HELP_FLAGS.includes(arg));
}

/** Whether help is asked for about a command that there is not. The library would show the help of its group. */
function asksForUnknown(program: CommandUnknownOpts, args: readonly string[]): boolean {
  const { command, next } = findCommand(program, args);
  const isGroup = command.commands.length > 0 && command.registeredArguments.length === 0;
  return isGroup && next !== undefined && args.some((arg) => HELP_FLAGS.includes(arg));
}

/** No id is broken by the terminal's edge. */
function fitComplaints({ complain, complaintColumns: columns }: Io): Io['complain'] {
  return columns === null
    ? complain
    : (text) => {
        complain(fitLines(text, columns));
      };
}

interface Named {
  readonly command: CommandUnknownOpts;
  /** The word after it, which names no command. */
  readonly next: string | undefined;
}

/** The command that the arguments name, as far as they name one. */
function findCommand(program: CommandUnknownOpts, args: readonly string[]): Named {
  let command = program;
  for (const next of args) {
    if (next.startsWith('-')) continue;
    const child = command.commands.find((one) => one.name() === next);
    if (child === undefined) return { command, next };
    command = child;
  }
  return { command, next: undefined };
}
