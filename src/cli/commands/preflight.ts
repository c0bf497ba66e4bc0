import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { IMDS_URL } from '../../client/imds/imdsRequests.ts';
import { isLoopback } from '../../contract/loopback.ts';
import { UsageError } from '../command.ts';
import type { Session } from '../command.ts';
import { chooseKind, writeText } from '../files.ts';
import { examples } from '../help.ts';
import { OPTIONS } from '../options.ts';
import { jsonLine, printable } from '../printable.ts';
import { TRUST_OPTIONS, readVerifyOptions } from '../verifyOptions.ts';
import { tellWaiting } from '../waiting.ts';
import { appraise, attestedBy } from '../preflight/appraise.ts';
import type { Recording } from '../preflight/fixture.ts';
import { isReady, judge } from '../preflight/judge.ts';
import { readImage } from '../preflight/judgePlan.ts';
import { observe } from '../preflight/observe.ts';
import { formatReport, reportAsJson } from '../preflight/report.ts';
import { REAL_WORLD } from '../preflight/world.ts';
import type { World } from '../preflight/world.ts';

export function createPreflight(session: Session, world: World = REAL_WORLD) {
  return new Command('preflight')
    .description(
      'Checks whether this VM can prove to a Countersign service what it is, before anything is deployed: the Instance Metadata Service, the attested document, the plan, the clock. Exit code 0: ready; 2: a check failed; 1: wrong usage or a system error.',
    )
    .option('--out <file>', 'write a fixture for the maintainers to this file (JSON), with every id replaced')
    .option('--imds-url <url>', 'the emulator of IMDS, on a loopback address', parseImdsUrl)
    .option(...TRUST_OPTIONS.trustDir)
    .option(...TRUST_OPTIONS.trustPem)
    .option(...TRUST_OPTIONS.domain)
    .option(...OPTIONS.json)
    .addHelpText(
      'after',
      examples(
        'countersign trust sync',
        'countersign preflight',
        'countersign preflight --out preflight.json',
        'countersign preflight --imds-url http://127.0.0.1:7080 --trust-pem authority.pem --domain metadata.emulator.test',
      ),
    )
    .action(async (flags, command) => {
      await runPreflight({ ...flags, version: command.parent?.version() ?? '' }, session, world);
    });
}

interface PreflightFlags {
  /** Of this command line. */
  readonly version: string;
  readonly out?: string | undefined;
  readonly imdsUrl?: string | undefined;
  readonly trustDir?: string | undefined;
  readonly trustPem?: string | undefined;
  readonly domain?: string | undefined;
  readonly json?: true | undefined;
}

async function runPreflight({ version, ...flags }: PreflightFlags, session: Session, world: World): Promise<void> {
  const { out, imdsUrl: url = IMDS_URL } = flags;
  // Usage errors come before the first request.
  checkOut(out);
  const options = await readVerifyOptions(flags, session);
  const waited = { what: 'the Instance Metadata Service', tell: session.complain, now: () => session.now() };
  const observations = await tellWaiting(waited, observe(session, world, url));
  const appraisals = observations.documents.flatMap(({ answer: { judgement }, at }) =>
    judgement.kind === 'usable' ? [appraise(judgement.value, at, options)] : [],
  );
  const findings = judge({ observations, appraisals, isEmulator: flags.imdsUrl !== undefined });
  const report = { findings, attested: attestedBy(appraisals), image: readImage(observations.instance) };
  // First, because an error is the one JSON value then.
  if (out !== undefined) await writeFixture(out, { observations, appraisals, findings, version }, session);
  session.out(
    flags.json === true
      ? jsonLine({ ...reportAsJson(report), fixture: out ?? null })
      : formatReport(report, session.terminal),
  );
  session.exitCode = isReady(findings) ? 0 : 2;
}

/** @throws {UsageError} */
function checkOut(out: string | undefined): void {
  if (out !== undefined && chooseKind(out, true) !== 'JSON') {
    throw new UsageError('--out writes JSON: give the file a name that ends in .json');
  }
}

type Seen = Pick<Recording, 'observations' | 'appraisals' | 'findings'> & { readonly version: string };

async function writeFixture(out: string, { version, ...seen }: Seen, session: Session): Promise<void> {
  const { createFixture } = await import('../preflight/fixture.ts');
  const program = { version, node: process.version, platform: process.platform };
  const fixture = createFixture({ ...seen, at: session.now(), program });
  await writeText(session, out, `${JSON.stringify(fixture, null, 2)}\n`);
  session.complain(`${printable(out)} written: the fixture, with every id replaced. Read it before you send it.\n`);
}

/** Evidence from elsewhere than this VM would say nothing about it. */
function parseImdsUrl(text: string): string {
  if (/^http:\/\/[^?#]*[^/?#]$/.test(text) && isLoopback(text)) return text;
  throw new InvalidArgumentError('Write an http URL on a loopback address, such as http://127.0.0.1:7080.');
}
