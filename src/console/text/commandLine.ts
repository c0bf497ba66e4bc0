import { writeJson } from '../../contract/plainText.ts';
import { quoteForSh } from '../../contract/quoteForSh.ts';
import { isPlain } from './plain.ts';

/** The shells that read {@link writeCommand}. */
export const SHELLS = 'bash, zsh, sh';

export interface CommandOption {
  readonly name: string;
  readonly value: string;
}

/**
 * The command that does the same as a dialogue, to be pasted into a shell. Words that are not plain text are never in it: an
 * option with such a value is left out, and what is named by an id is named by it.
 */
export function writeCommand(words: readonly string[], options: readonly CommandOption[] = []): string {
  const flags = options.filter(({ value }) => value !== '' && isPlain(value));
  // One word each: a value that begins with a dash is no option of its own.
  return quoteForSh('countersign', ...words, ...flags.map(({ name, value }) => `--${name}=${value}`));
}

export interface Applied {
  readonly reason: string;
  /** Whether the command would ask first. */
  readonly isEnding: boolean;
}

/** The command for what no other one has an option for: offers and licences as a file. JSON escapes what is not plain. */
export function writeApply(catalogue: object, { reason, isEnding }: Applied): string {
  const words = ['apply', '-', ...(isEnding ? ['--yes'] : [])];
  return `${quoteForSh('printf', '%s', writeJson(catalogue))} | ${writeCommand(words, [{ name: 'reason', value: reason }])}`;
}
