import { InvalidArgumentError } from '@commander-js/extra-typings';
import { formatInstant } from '../../../contract/instants.ts';
import type { TrustStatus } from '../../../trust/trustStatus.ts';
import { acceptedClouds } from '../../acceptedClouds.ts';
import { UsageError } from '../../command.ts';
import type { Session } from '../../command.ts';
import { isServiceNamed } from '../../operatorClient.ts';
import { collectClouds, parseTime } from '../../options.ts';
import { jsonLine } from '../../printable.ts';
import { openService, serviceCommand, serviceHelp } from '../../serviceCommand.ts';
import { formatServiceTrust, formatTrust, readServiceTrust } from '../../trustReport.ts';

interface LocalFlags {
  readonly cloud?: readonly string[] | undefined;
  readonly at?: number | undefined;
  readonly days?: number | undefined;
  readonly trustDir?: string | undefined;
}

interface Flags extends LocalFlags {
  readonly local?: true | undefined;
  readonly service?: string | undefined;
  readonly json?: true | undefined;
}

export function createStatus(session: Session) {
  return serviceCommand(
    'status',
    'Reports trust status: for each cloud whether a path is complete today, which pins have no certificate, and which end soon. Of a running service, with what operators pinned and distrusted there; or, with --local or where no service is named, of this machine. Exit code 2 where an accepted cloud has no complete path.',
  )
    .option('--local', 'of this machine, whatever service is named')
    .option(
      '--cloud <name>',
      'local: an accepted cloud; may be repeated (default: ACCEPTED_CLOUDS, else the four of Azure)',
      collectClouds,
    )
    .option('--at <time>', 'local: evaluate as of this time, RFC 3339 (default: now)', parseTime)
    .option('--days <n>', 'local: report what ends within so many days (default: 60)', parseDays)
    .option('--trust-dir <dir>', 'local: look for certificates in this directory too')
    .addHelpText('after', serviceHelp('countersign trust status --local --days 90', 'countersign trust status'))
    .action((flags: Flags) => {
      const isLocal = flags.local === true || !isServiceNamed(flags.service, session);
      return isLocal ? showLocal(session, flags) : showService(session, flags);
    });
}

async function showLocal(session: Session, flags: Flags): Promise<void> {
  if (flags.service !== undefined) throw new UsageError('--local excludes --service');
  const [{ reportTrust }, { readDefaultMaterial }, { signerRules }] = await Promise.all([
    import('../../../trust/trustStatus.ts'),
    import('../../defaultTrust.ts'),
    import('../../../verifier/signerRules.ts'),
  ]);
  const { cloud, at = session.now(), days, trustDir, json } = flags;
  const report = reportTrust(await readDefaultMaterial(session, trustDir), {
    acceptedClouds: acceptedClouds(cloud, session),
    rules: signerRules(true),
    at,
    ...(days !== undefined && { days }),
  });
  const status = writeStatus(report);
  session.out(json === true ? jsonLine(status) : formatTrust(status, 'this machine'));
  session.exitCode = report.verdict === 'failed' ? 2 : 0;
}

async function showService(session: Session, flags: Flags): Promise<void> {
  const { cloud, at, days, trustDir } = flags;
  if ([cloud, at, days, trustDir].some((value) => value !== undefined)) {
    throw new UsageError('--cloud, --at, --days and --trust-dir are for this machine: add --local, or remove them');
  }
  const { client, show } = openService(session, flags);
  const report = await readServiceTrust(client);
  show(report, () => formatServiceTrust(report, session.terminal));
  session.exitCode = report.verdict === 'failed' ? 2 : 0;
}

function parseDays(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number.');
}

function writeStatus({ at, clouds, ...rest }: TrustStatus) {
  const written = clouds.map(({ pathUntil, ...cloud }) => ({
    ...cloud,
    pathUntil: pathUntil === null ? null : formatInstant(pathUntil),
  }));
  return { at: formatInstant(at), ...rest, clouds: written };
}
