import { resolve } from 'node:path';
import { AZURE_CLOUDS } from '../../contract/clouds.ts';
import { formatInstant } from '../../contract/instants.ts';
import { loadPins } from '../../trust/azurePins.ts';
import { syncCertificates } from '../../trust/syncCertificates.ts';
import type { SyncedPin } from '../../trust/syncCertificates.ts';
import { reportTrust } from '../../trust/trustStatus.ts';
import type { TrustStatus } from '../../trust/trustStatus.ts';
import { signerRules } from '../../verifier/signerRules.ts';
import type { Command, ExitCode, Io } from '../command.ts';
import { UsageError } from '../command.ts';
import { SYNCED_DIRECTORY, readDefaultMaterial } from '../defaultTrust.ts';
import { OPERATOR_SETTINGS_HELP, createOperatorClient } from '../operatorClient.ts';
import { parseOptions, parseTime } from '../options.ts';
import { formatServiceTrust, formatTrust, readServiceTrust } from '../trustReport.ts';
import { checkCloudName } from '../verifyOptions.ts';
import { OPERATOR_TRUST, OPERATOR_TRUST_HELP, OPERATOR_TRUST_OPTIONS_HELP } from './operatorTrust.ts';

const help = `countersign trust sync|status|add|remove|distrust|issuers

sync    fetches the certificate of every pin from where its CA publishes it, or from a directory, and keeps those whose
        SHA-256 is pinned. Fails (2) where a pin that is current for an accepted cloud has no certificate: packaging stops.
status  says for each cloud whether a path is complete today, which pins have no certificate, and which end soon.
        Fails (2) where an accepted cloud has no complete path. Of this checkout; with --service of a running service, and
        what operators have pinned and distrusted there too.

${OPERATOR_TRUST_HELP}
Options:
  --cloud NAME     an accepted cloud; may be repeated (default: ACCEPTED_CLOUDS, else all four of Azure's)
  --at TIME        the time that it is about, RFC 3339 (default: now)
  --json           print one JSON value and nothing else
  --from DIR       sync: take the certificates from DIR (PEM or DER) and download nothing
  --out DIR        sync: where to put them (default: .work/trust in the project, where every command looks)
  --trust-dir DIR  status: look for certificates in DIR too
  --days N         status: tell of ends within so many days (default: 60)
${OPERATOR_TRUST_OPTIONS_HELP}
${OPERATOR_SETTINGS_HELP}
Examples:
  countersign trust sync
  countersign trust sync --from ~/certificates --cloud AzurePublicCloud
  countersign trust status --days 90
  countersign trust add new-ca.pem --cloud AzurePublicCloud --note "announced on 1 October"
  countersign trust distrust 4348a0e9444c78cb265e058d5e8944b4d84f9662bd26db257f8934a443c70161
`;

const OPTIONS = {
  cloud: { type: 'string', multiple: true },
  at: { type: 'string' },
  json: { type: 'boolean' },
  from: { type: 'string' },
  out: { type: 'string' },
  'trust-dir': { type: 'string' },
  days: { type: 'string' },
  service: { type: 'string' },
} as const;

type Values = ReturnType<typeof parseOptions<typeof OPTIONS>>['values'];

export const trust: Command = {
  summary: 'fetch the pinned certificates (sync), say what trust amounts to (status), pin and distrust',
  help,
  async run(args, io) {
    const [word = ''] = args;
    const operatorAction = Object.hasOwn(OPERATOR_TRUST, word) ? OPERATOR_TRUST[word] : undefined;
    if (operatorAction !== undefined) return operatorAction(args.slice(1), io);
    const { values, positionals } = parseOptions(args, OPTIONS);
    const [action, ...others] = positionals;
    if (others.length > 0) throw new UsageError('trust takes one of sync and status');
    if (action === 'sync') return sync(values, io);
    if (action === 'status') return status(values, io);
    throw new UsageError('say which: trust sync, status, add, remove, distrust or issuers');
  },
};

function acceptedClouds({ cloud }: Values, { env }: Io): readonly string[] {
  const named = cloud ?? env['ACCEPTED_CLOUDS']?.split(',').map((name) => name.trim());
  for (const name of named ?? []) checkCloudName(name);
  return named ?? Object.keys(AZURE_CLOUDS);
}

async function sync(values: Values, io: Io): Promise<ExitCode> {
  if (values['trust-dir'] !== undefined || values.days !== undefined || values.service !== undefined) {
    throw new UsageError('--trust-dir, --days and --service go with status; sync has --from and --out');
  }
  const { complete, pins } = await syncCertificates({
    manifests: loadPins(),
    outDir: values.out === undefined ? SYNCED_DIRECTORY : resolve(io.directory, values.out),
    ...(values.from === undefined ? {} : { from: resolve(io.directory, values.from) }),
    acceptedClouds: acceptedClouds(values, io),
    at: values.at === undefined ? io.now() : parseTime(values.at),
    progress: (pin) => {
      io.complain(describePin(pin));
    },
  });
  const lacking = pins.filter(({ required, state }) => required && (state === 'missing' || state === 'refused'));
  if (values.json === true) io.out(`${JSON.stringify({ complete, pins })}\n`);
  else io.out(complete ? 'complete: every current pin has its certificate\n' : describeLack(lacking));
  return complete ? 0 : 2;
}

function describePin({ name, sha256, state, reason }: SyncedPin): string {
  return `${state.padEnd(13)} ${name} (${sha256.slice(0, 16)}…)${reason === null ? '' : `: ${reason}`}\n`;
}

function describeLack(pins: readonly SyncedPin[]): string {
  const names = pins.map(({ name, clouds }) => `  ${name} (${clouds.join(', ')})\n`);
  return `incomplete: no certificate for ${pins.length} current pins\n${names.join('')}`;
}

async function status(values: Values, io: Io): Promise<ExitCode> {
  if (values.from !== undefined || values.out !== undefined) throw new UsageError('--from and --out go with sync');
  if (values.service !== undefined) return statusOfService(values, io);
  const report = reportTrust(await readDefaultMaterial(io, values['trust-dir']), {
    acceptedClouds: acceptedClouds(values, io),
    rules: signerRules(true),
    at: values.at === undefined ? io.now() : parseTime(values.at),
    ...(values.days === undefined ? {} : { days: parseDays(values.days) }),
  });
  io.out(values.json === true ? `${JSON.stringify(writeStatus(report))}\n` : formatStatus(report));
  return report.verdict === 'failed' ? 2 : 0;
}

async function statusOfService(values: Values, io: Io): Promise<ExitCode> {
  const { cloud, at, days, 'trust-dir': directory } = values;
  if ([cloud, at, days, directory].some((value) => value !== undefined)) {
    throw new UsageError('with --service the service itself judges: leave --cloud, --at, --days and --trust-dir out');
  }
  const report = await readServiceTrust(createOperatorClient(values.service, io));
  io.out(values.json === true ? `${JSON.stringify(report)}\n` : formatServiceTrust(report));
  return report.verdict === 'failed' ? 2 : 0;
}

function parseDays(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new UsageError('--days is a whole number');
}

function writeStatus({ at, clouds, ...rest }: TrustStatus) {
  const written = clouds.map(({ pathUntil, ...cloud }) => ({
    ...cloud,
    pathUntil: pathUntil === null ? null : formatInstant(pathUntil),
  }));
  return { at: formatInstant(at), ...rest, clouds: written };
}

function formatStatus(status: TrustStatus): string {
  const { at, verdict, clouds } = writeStatus(status);
  return formatTrust({ at, verdict, clouds }, 'this checkout');
}
