import { CommandError, UsageError } from './command.ts';
import type { Io } from './command.ts';

/**
 * Tells what a command is about to do, and asks whether to go on.
 *
 * @param effect what it changes for others, in whole sentences
 * @param yes whether `--yes` has answered already
 * @throws {UsageError} where nobody can be asked
 * @throws {CommandError} `not_confirmed` for any answer but yes
 */
export async function confirm(io: Io, effect: string, yes: boolean | undefined): Promise<void> {
  io.complain(`${effect}\n`);
  if (yes === true) return;
  if (io.ask === null) {
    throw new UsageError('this asks before it goes on, and there is no terminal to ask on. Repeat it with --yes');
  }
  const answer = await io.ask('Go on? [y/N] ');
  if (!/^\s*y(?:es)?\s*$/i.test(answer)) throw new CommandError('not_confirmed', 'Nothing was changed.');
}
