import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { isLoopback } from '../../contract/loopback.ts';
import type { Session } from '../command.ts';
import { examples } from '../help.ts';
import { OPTIONS } from '../options.ts';
import { jsonLine } from '../printable.ts';
import { TRUST_OPTIONS, readVerifyOptions } from '../verifyOptions.ts';
import { tellWaiting } from '../waiting.ts';
import { appraise, attestedBy } from '../preflight/appraise.ts';
import { isReady, judge } from '../preflight/judge.ts';
import { readImage } from '../preflight/judgePlan.ts';
import { observe } from '../preflight/observe.ts';
import { formatReport, reportAsJson } from '../preflight/report.ts';
import { REAL_WORLD } from '../preflight/world.ts';
import type { World } from '../preflight/world.ts';

/** The same in every cloud of Azure. */
const IMDS_URL = 'http://169.254.169.254';

export function createPreflight(session: Session, world: World = REAL_WORLD) {
  return new Command('preflight')
    .description(
      'Checks whether this VM can prove to a Countersign service what it is, before anything is deployed: the Instance Metadata Service, the attested document, the plan, the clock. Exit code 0: ready; 2: a check failed; 1: wrong usage or a system error.',
    )
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
        'countersign preflight --imds-url http://127.0.0.1:7080 --trust-pem authority.pem --domain metadata.emulator.test',
      ),
    )
    .action(async (flags) => {
      await runPreflight(flags, session, world);
    });
}

interface PreflightFlags {
  readonly imdsUrl?: string | undefined;
  readonly trustDir?: string | undefined;
  readonly trustPem?: string | undefined;
  readonly domain?: string | undefined;
  readonly json?: true | undefined;
}

async function runPreflight(flags: PreflightFlags, session: Session, world: World): Promise<void> {
  const { imdsUrl: url = IMDS_URL } = flags;
  // Usage errors come before the first request.
  const options = await readVerifyOptions(flags, session);
  const waited = { what: 'the Instance Metadata Service', tell: session.complain, now: () => session.now() };
  const observations = await tellWaiting(waited, observe(session, world, url));
  const appraisals = observations.documents.flatMap(({ answer: { judgement }, at }) =>
    judgement.kind === 'usable' ? [appraise(judgement.value, at, options)] : [],
  );
  const findings = judge({ observations, appraisals, isEmulator: flags.imdsUrl !== undefined });
  const report = { findings, attested: attestedBy(appraisals), image: readImage(observations.instance) };
  session.out(flags.json === true ? jsonLine(reportAsJson(report)) : formatReport(report, session.terminal));
  session.exitCode = isReady(findings) ? 0 : 2;
}

/** Evidence from elsewhere than this VM would say nothing about it. */
function parseImdsUrl(text: string): string {
  if (/^http:\/\/[^?#]*[^/?#]$/.test(text) && isLoopback(text)) return text;
  throw new InvalidArgumentError('Write an http URL on a loopback address, such as http://127.0.0.1:7080.');
}
