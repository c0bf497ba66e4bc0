import { parseArgs } from 'node:util';
import { UsageError } from '../../cli/command.ts';
import type { Io } from '../../cli/command.ts';
import { readText } from '../../cli/files.ts';
import { escapeUnprintable, jsonLine } from '../../cli/printable.ts';
import { createProcessIo } from '../../cli/processIo.ts';
import { BoundedJudge } from './boundedJudge.ts';
import type { CaseVerdict } from './judgeCase.ts';
import { parseLimboSuite } from './limboSuite.ts';
import type { LimboCase } from './limboSuite.ts';

const help = `npm run -s conformance -- FILE.json

Runs the path validator on a suite in the shape of x509-limbo and prints a line of JSON for each case,
{ id, accepted, code, expected }; a summary goes to standard error. Exit code 0: all cases ran, whatever the verdicts.

The rules are those of RFC 5280 with RSA (2048 bits and more), P-256, P-384 and P-521 and SHA-2; without revocation, and
policy constraints are refused. Of a case these count: trusted_certs, untrusted_intermediates, peer_certificate,
validation_time (null is now), max_chain_depth, extended_key_usage (the leaf must name each; so must intermediates that
have the extension; where none is asked for, those on the path must leave one) and the expected peer names. Where there are
peer names the leaf must not be a CA and must have all of them as alternative names, by node's own rule for hosts (no
wildcard for a part of a label), addresses and mailboxes (RFC822: the part before the @ as it is written, the rest in any
case). Everything else is ignored.

Codes: issuer_unknown, path_invalid, certificate_expired, certificate_not_yet_valid as for verify; certificate_malformed
(one of the case's certificates cannot be read), name_mismatch (a peer name is not in the leaf), timed_out (5 s).

Options:
  --json   prints what is printed anyway

Example:
  npm run -s conformance -- limbo.json | grep '"accepted":true'
`;

/** Milliseconds for one case. */
const CASE_LIMIT = 5000;

/** Octets of a suite; the largest public one has some 40 MB. */
const MAX_SUITE = 256 * 1024 * 1024;

/**
 * @returns 0 where all cases ran, else 1
 * @throws an Error that says what is wrong with the arguments or the file
 */
export async function runConformance(args: readonly string[], io: Io): Promise<0 | 1> {
  const { values, positionals } = parseArguments(args);
  if (values.help === true) {
    io.out(help);
    return 0;
  }
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new UsageError('name one FILE.json with a suite');
  const suite = parseLimboSuite(await readText(io, file, MAX_SUITE));
  const judge = new BoundedJudge(CASE_LIMIT);
  try {
    return await runSuite(suite, judge, io);
  } finally {
    await judge.close();
  }
}

function parseArguments(args: readonly string[]) {
  try {
    const options = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'unreadable options');
  }
}

/** How the verdicts compare with the suite's own word. */
interface Tally {
  asExpected: number;
  wronglyAccepted: number;
  wronglyRejected: number;
  failed: number;
}

async function runSuite(suite: readonly LimboCase[], judge: BoundedJudge, io: Io): Promise<0 | 1> {
  const tally: Tally = { asExpected: 0, wronglyAccepted: 0, wronglyRejected: 0, failed: 0 };
  const now = io.now();
  for (const limboCase of suite) {
    const verdict = await tryCase(limboCase, now, judge, io);
    if (verdict !== null) writeLine(limboCase, verdict, io);
    tally[outcomeOf(limboCase, verdict)]++;
  }
  const { asExpected, wronglyAccepted, wronglyRejected, failed } = tally;
  io.complain(
    `${suite.length} cases: ${asExpected} as expected, ${wronglyAccepted} accepted that the suite rejects, ` +
      `${wronglyRejected} rejected that it accepts, ${failed} not run\n`,
  );
  return failed === 0 ? 0 : 1;
}

/** Null where the case could not be run, which is a bug of this program. */
async function tryCase(limboCase: LimboCase, now: number, judge: BoundedJudge, io: Io): Promise<CaseVerdict | null> {
  try {
    return await judge.judge({ limboCase, now });
  } catch (error) {
    io.complain(`${limboCase.id}: not run: ${error instanceof Error ? error.message : String(error)}\n`);
    return null;
  }
}

function writeLine({ id, expected }: LimboCase, { accepted, code }: CaseVerdict, io: Io): void {
  io.out(jsonLine({ id, accepted, code, expected }));
}

function outcomeOf({ expected }: LimboCase, verdict: CaseVerdict | null): keyof Tally {
  if (verdict === null) return 'failed';
  if (verdict.accepted === (expected === 'SUCCESS')) return 'asExpected';
  return verdict.accepted ? 'wronglyAccepted' : 'wronglyRejected';
}

async function main(): Promise<void> {
  const io = createProcessIo();
  try {
    process.exitCode = await runConformance(process.argv.slice(2), io);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof UsageError ? '\nSee: npm run -s conformance -- --help' : '';
    io.complain(`conformance: ${escapeUnprintable(message)}${hint}\n`);
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
