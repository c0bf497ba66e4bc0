import type { Io } from './command.ts';
import { UsageError } from './command.ts';

/** Whoever was asked did not agree. */
export class DeclinedError extends Error {
  override readonly name = 'DeclinedError';
}

export const YES_OPTION = { yes: { type: 'boolean' } } as const;

export const YES_HELP = `  --yes            answers the question with yes; needed where there is no terminal
`;

/**
 * Asks whether to go on, on the terminal. What is asked about is shown before.
 *
 * @param yes of `--yes`
 * @throws {UsageError} there is no terminal, and no `--yes`
 * @throws {DeclinedError} the answer is not yes
 */
export async function confirm(io: Io, question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  if (io.ask === undefined) {
    throw new UsageError('this command asks before it goes on, and there is no terminal: repeat it with --yes');
  }
  const answer = (await io.ask(`${question} [y/N] `)).trim().toLowerCase();
  if (answer !== 'y' && answer !== 'yes') throw new DeclinedError('not confirmed, and nothing was done');
}
