import { CommanderError } from '@commander-js/extra-typings';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { CommandError, RefusedError, UsageError } from './command.ts';
import type { ExitCode, Io } from './command.ts';
import { escapeUncoloured, jsonLine } from './printable.ts';

interface Circumstances {
  readonly io: Io;
  readonly asJson: boolean;
  /** The command that failed. */
  readonly command: CommandUnknownOpts;
}

/**
 * Tells a person why a command ended early, and a program too where JSON was asked for: `{ "error": { code, message,
 * correlationId? } }`.
 *
 * @returns the exit code; 0 where help or the version was asked for
 */
export function reportFailure(error: unknown, { io, asJson, command }: Circumstances): ExitCode {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const failure = toCommandError(error, command);
  const { code, message, correlationId, exitCode } = failure;
  if (asJson) io.out(jsonLine({ error: { code, message, ...(correlationId !== undefined && { correlationId }) } }));
  io.complain(`${escapeUncoloured(describe(failure, pathOf(command)))}\n`);
  return exitCode;
}

function toCommandError(error: unknown, command: CommandUnknownOpts): CommandError {
  if (error instanceof CommandError) return error;
  if (!(error instanceof CommanderError)) {
    return new CommandError('system_error', error instanceof Error ? error.message : String(error));
  }
  const names = command.commands.map((child) => child.name()).join(', ');
  // The help itself has been shown.
  if (error.code === 'commander.help') return new UsageError(`name a command: ${names}`);
  const message = readMessage(error);
  const isFar = error.code === 'commander.unknownCommand' && !message.includes('(Did you mean');
  return new UsageError(isFar ? `${message}. The commands are ${names}` : message);
}

/** The library writes `error: WHAT` and, on a line of its own, `(Did you mean …?)`. */
function readMessage({ message }: CommanderError): string {
  return message.replace(/^error: /, '').replaceAll('\n', ' ');
}

/** The codes of the service are documented for people, the command's own are not. */
function describe(failure: CommandError, path: string): string {
  const { code, message, correlationId } = failure;
  const isCodeTold = failure instanceof RefusedError || correlationId !== undefined;
  const id = correlationId === undefined ? '' : `\n  correlation id ${correlationId}`;
  const hint = failure instanceof UsageError ? `\nSee: ${path} --help` : '';
  return `${path}: ${isCodeTold ? `${code}: ` : ''}${message}${id}${hint}`;
}

function pathOf(command: CommandUnknownOpts): string {
  const { parent } = command;
  return parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}
