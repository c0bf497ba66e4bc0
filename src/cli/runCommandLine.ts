import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { ExitCode, Io, Session } from './command.ts';
import { fitLines } from './layout.ts';
import { createProgram } from './program.ts';
import { reportFailure } from './reportFailure.ts';

/** Runs one command line. Nothing but the exit code and what `io` was told leaves it. */
export async function runCommandLine(args: readonly string[], io: Io): Promise<ExitCode> {
  const session: Session = { ...io, complain: fitComplaints(io), exitCode: 0 };
  const program = await createProgram(args, session);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return session.exitCode;
  } catch (error) {
    return reportFailure(error, { io: session, asJson: args.includes('--json'), command: findCommand(program, args) });
  }
}

/** No id is broken by the terminal's edge. */
function fitComplaints({ complain, complaintColumns: columns }: Io): Io['complain'] {
  return columns === null
    ? complain
    : (text) => {
        complain(fitLines(text, columns));
      };
}

/** The command that the arguments name, as far as they name one. */
function findCommand(program: CommandUnknownOpts, args: readonly string[]): CommandUnknownOpts {
  let found = program;
  for (const arg of args) {
    if (arg.startsWith('-')) continue;
    const child = found.commands.find((command) => command.name() === arg);
    if (child === undefined) break;
    found = child;
  }
  return found;
}
