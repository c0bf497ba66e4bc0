/** What a command may touch of the world: seams for its tests, and nothing else is reached. */
export interface Io {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress and complaints. */
  readonly complain: (text: string) => void;
  readStdin(): AsyncIterable<Uint8Array>;
  /** Asks a question on the terminal, and gives the line that was typed; absent where there is no terminal. */
  readonly ask?: (question: string) => Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What relative paths are relative to. */
  readonly directory: string;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** 0 done or accepted; 1 wrong usage or a system error; 2 rejected or refused by a check. */
export type ExitCode = 0 | 1 | 2;

export interface Command {
  /** One line, for the list of commands. */
  readonly summary: string;
  /** All of `--help`, with examples. */
  readonly help: string;
  run(args: readonly string[], io: Io): Promise<ExitCode>;
}

/** The command was called wrongly; the message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The service refused what it was asked for; the message has its code, and the exit code is 2. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code: string;

  constructor(code: string, explanation: string) {
    super(`${code}: ${explanation}`);
    this.code = code;
  }
}
