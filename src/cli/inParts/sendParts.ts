import { CommandError, RefusedError } from '../command.ts';
import type { Answers } from '../operatorAnswers.ts';
import type { OperatorClient, ServiceCall } from '../operatorClient.ts';
import type { FilePart } from './filePart.ts';

type Report = Answers['ApplyReport'];

/** Where a file goes. */
export interface Destination {
  readonly client: OperatorClient;
  readonly path: '/catalogue' | '/imports/licences';
  readonly reason?: string | undefined;
}

/**
 * Lets the service judge every part, and write none.
 *
 * @throws {RefusedError} with the problems of all parts
 */
export async function judgeParts(to: Destination, parts: readonly FilePart[]): Promise<Report> {
  const reports: Report[] = [];
  const refusals: RefusedError[] = [];
  for (const part of parts) {
    try {
      reports.push(await post(to, part, true));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      refusals.push(refused(error, part.placed(error.message)));
    }
  }
  const [first, ...others] = refusals;
  if (first === undefined) return sumUp(parts, reports, true);
  throw others.length === 0 ? first : refused(first, refusals.map(({ message }) => message).join('\n'));
}

/**
 * Writes the parts one after the other, each whole or not at all. Where one fails, those before it are written.
 *
 * @throws {CommandError} which names the first place that is not applied
 */
export async function sendParts(to: Destination, parts: readonly FilePart[]): Promise<Report> {
  const reports: Report[] = [];
  for (const part of parts) {
    try {
      reports.push(await post(to, part, false));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw reworded(error, describeFailure(error, part, reports.length > 0));
    }
  }
  return sumUp(parts, reports, false);
}

function post({ client, path, reason }: Destination, part: FilePart, dryRun: boolean): Promise<Report> {
  const { text, mediaType } = part;
  const query = { dryRun: `${dryRun}`, reason: dryRun ? undefined : reason };
  const call: ServiceCall<'ApplyReport'> = {
    method: 'POST',
    path,
    query,
    body: { text, mediaType },
    answer: 'ApplyReport',
  };
  return client(call);
}

function describeFailure(error: CommandError, { first, placed }: FilePart, hasEarlier: boolean): string {
  const message = placed(error.message);
  if (!hasEarlier) return message;
  const state =
    error instanceof RefusedError
      ? `From ${first} on, nothing is applied.`
      : `From ${first} on, it is not known what is applied.`;
  return `${message}\n${state} What is before it is applied. Run the command again with the same file: what is applied already stays as it is`;
}

function refused({ code, correlationId, passing }: RefusedError, message: string): RefusedError {
  return new RefusedError(code, message, { correlationId, passing });
}

function reworded(error: CommandError, message: string): CommandError {
  const { code, correlationId, passing, exitCode } = error;
  if (error instanceof RefusedError) return refused(error, message);
  return new CommandError(code, message, { correlationId, passing, exitCode });
}

function sumUp(parts: readonly FilePart[], reports: readonly Report[], dryRun: boolean): Report {
  const sumOf = (list: 'offers' | 'licences'): Report['licences'] => {
    const counted = reports.filter((_, index) => parts[index]?.counts.includes(list)).map((report) => report[list]);
    const add = (name: keyof Report['licences']) => counted.reduce((sum, counts) => sum + counts[name], 0);
    return { created: add('created'), updated: add('updated'), unchanged: add('unchanged') };
  };
  const [only] = reports;
  if (only !== undefined && parts.length === 1) return only;
  return { dryRun, offers: sumOf('offers'), licences: sumOf('licences') };
}
