/** What a command may touch of the world: seams for its tests, and nothing else is reached. */
export interface Io {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress and complaints. */
  readonly complain: (text: string) => void;
  readStdin(): AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What relative paths are relative to. */
  readonly directory: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after so many milliseconds. */
  sleep(milliseconds: number): Promise<void>;
  /** From now on Ctrl-C ends the command quietly, as one that is done: for commands that go on until then. */
  endOnInterrupt(): void;
  /** From now on the command ends quietly, within some seconds, when the reader of its results has gone. */
  endSoonAfterReader(): void;
  /** Where results go; null where that is a file or another program. */
  readonly terminal: Terminal | null;
  /** Columns of the terminal where complaints go; null where that is a file or another program. */
  readonly complaintColumns: number | null;
  /** Asks the person at the terminal; the answer is one line. Null where nobody can be asked. */
  readonly ask: ((question: string) => Promise<string>) | null;
}

export interface Terminal {
  readonly columns: number;
  readonly hasColour: boolean;
}

/** 0 done or accepted; 1 wrong usage or a system error; 2 rejected or refused by a check. */
export type ExitCode = 0 | 1 | 2;

/** What the commands of one command line get. */
export interface Session extends Io {
  /** Of a command that ends without an error; 0 unless the command sets it. */
  exitCode: ExitCode;
}

interface CommandErrorOptions {
  readonly exitCode?: ExitCode;
  readonly correlationId?: string | undefined;
  readonly passing?: Passing | undefined;
}

/** Of a failure that may be over soon, so that the same call can succeed. */
export interface Passing {
  /** Seconds after which the service wants to be asked again; null where it did not say so. */
  readonly retryAfter: number | null;
}

/** Why a command did not do what it was asked for. The message says what happened, then what to do. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  /** Stable, for programs. */
  readonly code: string;
  readonly exitCode: ExitCode;
  /** The service's, where it answered. */
  readonly correlationId: string | undefined;
  readonly passing: Passing | undefined;

  constructor(code: string, message: string, { exitCode = 1, correlationId, passing }: CommandErrorOptions = {}) {
    super(message);
    this.code = code;
    this.exitCode = exitCode;
    this.correlationId = correlationId;
    this.passing = passing;
  }
}

/** The command was called wrongly; the message says what to do. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super('wrong_usage', message);
  }
}

/** The service, or a check, refused what it was asked for. */
export class RefusedError extends CommandError {
  override readonly name = 'RefusedError';

  constructor(code: string, message: string, options: Omit<CommandErrorOptions, 'exitCode'> = {}) {
    super(code, message, { ...options, exitCode: 2 });
  }
}
