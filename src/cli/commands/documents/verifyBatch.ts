import * as z from 'zod';
import { describeTwice, parsePlainJson } from '../../../contract/plainJson.ts';
import { JsonError } from '../../../contract/strictJson.ts';
import { verifyEvidence } from '../../../verifier/verifyEvidence.ts';
import type { VerifyOptions } from '../../../verifier/verifyEvidence.ts';
import type { Io } from '../../command.ts';
import { jsonLine } from '../../printable.ts';
import { readLines, toUtf8 } from '../../lines.ts';
import type { Line } from '../../lines.ts';
import { parseTime } from '../../options.ts';
import { warmUp } from '../../warmUp.ts';

/** A document has 16 KiB at most; longer ones get their verdict too, up to here. */
const MAX_LINE_OCTETS = 8 * 1024 * 1024;

const time = z.string().transform((text, context) => {
  try {
    return parseTime(text);
  } catch {
    context.addIssue({ code: 'custom' });
    return z.NEVER;
  }
});

const batchLine = z.object({
  id: z.union([z.string(), z.number()]),
  document: z.string(),
  at: time.nullish(),
  nonce: z.string().nullish(),
});

type BatchLine = z.infer<typeof batchLine>;

/**
 * Verifies documents line by line as they come, in their order, with memory that does not grow. Invalid lines are
 * reported, and the run goes on.
 *
 * @param defaults for lines without a time or a nonce of their own
 * @returns 0, or 1 where a line was invalid; verdicts do not matter
 */
export async function runBatch(defaults: VerifyOptions, io: Io): Promise<0 | 1> {
  await warmUp();
  let exitCode: 0 | 1 = 0;
  for await (const line of readLines(toUtf8(io.readStdin()), MAX_LINE_OCTETS)) {
    const complaint = runLine(line, defaults, io);
    if (complaint === null) continue;
    io.complain(`line ${line.number}: ${complaint}\n`);
    exitCode = 1;
  }
  return exitCode;
}

/** @returns what is wrong with the line; null where it got its verdict */
function runLine({ octets }: Line, defaults: VerifyOptions, io: Io): string | null {
  if (octets === null) return 'longer than 8 MiB';
  const line = readBatchLine(octets);
  if (typeof line === 'string') return line;
  const { at = null, nonce = null } = line;
  const options = { ...defaults, ...(at === null ? {} : { at }), ...(nonce === null ? {} : { nonce }) };
  const started = performance.now();
  const verification = verifyEvidence(line.document, options);
  const micros = Math.round((performance.now() - started) * 1000);
  const { accepted } = verification;
  io.out(jsonLine({ id: line.id, accepted, code: accepted ? null : verification.code, micros }));
  return null;
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });
const NOT_SUCH_JSON = 'not a line of JSON { id, document, at?, nonce? }';
const RETURNS = '. It has carriage returns: end lines with a line feed';
const CARRIAGE_RETURN = 0x0d;

/** In JSON a carriage return is white space, so that it cannot end a line. Before the line feed it belongs to the line's end. */
function hasInnerReturn(octets: Uint8Array): boolean {
  return octets.subarray(0, -1).includes(CARRIAGE_RETURN);
}

/** @returns a complaint where the octets are no such line */
function readBatchLine(octets: Uint8Array): BatchLine | string {
  try {
    return batchLine.parse(parsePlainJson(UTF_8.decode(octets)));
  } catch (error) {
    if (error instanceof JsonError && error.key !== null) return `${NOT_SUCH_JSON}: ${describeTwice(error.key)}`;
    if (!(error instanceof z.ZodError)) return `${NOT_SUCH_JSON}${hasInnerReturn(octets) ? RETURNS : ''}`;
    const where = error.issues.map(({ path }) => path.join('.')).filter((name) => name !== '');
    return where.length === 0 ? NOT_SUCH_JSON : `${NOT_SUCH_JSON}: ${where.join(', ')}`;
  }
}
