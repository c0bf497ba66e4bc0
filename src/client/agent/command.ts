import type { World } from './world.ts';

/** One command of `countersign-agent`: what `help` says of it, what it takes, and what it does. */
export interface Command {
  readonly name: string;
  /** What may follow the name, as `help` shows it. */
  readonly usage?: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** More about it, for `help COMMAND`; lines of at most 100 characters. */
  readonly description: string;
  readonly options?: Readonly<Record<string, Option>>;
  /** How many words may follow that are no options. None unless given. */
  readonly words?: number;
  /** @returns the exit code */
  readonly run: (call: Call) => Promise<number>;
}

export interface Option {
  /** What stands for its value in `help`; without it the option takes none. */
  readonly value?: string;
  readonly summary: string;
}

export interface Call {
  /** By name: the value, or `true` for an option that takes none. */
  readonly options: Readonly<Record<string, string | true>>;
  readonly words: readonly string[];
  readonly world: World;
}

/** The command line cannot be understood. The message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
