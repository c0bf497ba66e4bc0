import type { EffectReportJson } from '../../../contract/operators/records.ts';
import type { DistrustJson, IssuerJson, PinJson } from '../../../contract/operators/trust.ts';
import { readCertificateOctets, writePem } from '../../../trust/pem.ts';
import { CommandError, UsageError } from '../../command.ts';
import type { Session } from '../../command.ts';
import { end, endingCommand } from '../../endings.ts';
import { nameOf, readStart } from '../../files.ts';
import { rows } from '../../layout.ts';
import { OPTIONS, needed } from '../../options.ts';
import { printable } from '../../printable.ts';
import { jsonBody, openService, serviceCommand, serviceHelp } from '../../serviceCommand.ts';
import type { Service } from '../../serviceCommand.ts';
import { cell, formatTable } from '../../table.ts';

/*
 * What administrators pin and distrust while a service runs. It goes through the service, and holds on every instance
 * within a minute.
 */

const DIGEST = ['<sha256>', 'a SHA-256 in hexadecimal'] as const;
const EXAMPLE_DIGEST = '4348a0e9444c78cb265e058d5e8944b4d84f9662bd26db257f8934a443c70161';

export function createAdd(session: Session) {
  return serviceCommand(
    'add',
    'Pins the CA of a certificate (PEM or DER) in the running service. A CA that nothing trusted leads to is refused, unless --new-anchor says that you have verified its fingerprint.',
  )
    .argument('<file>', 'a file with one certificate')
    .option('--cloud <name>', 'for this cloud (needed)')
    .option('--new-anchor', 'you have compared its SHA-256 with what its CA publishes')
    .option('--note <text>', 'for operators')
    .addHelpText(
      'after',
      serviceHelp('countersign trust add new-ca.pem --cloud AzurePublicCloud --note "announced on 1 October"'),
    )
    .action(async (file, options) => {
      const { note = '', newAnchor = false } = options;
      const cloud = needed('--cloud <name>', options.cloud);
      const certificate = await readCertificate(session, file);
      const service = openService(session, options);
      const body = jsonBody({ cloud, certificate, newAnchor, note });
      showFacts(service, await service.client({ method: 'POST', path: '/trust/pins', body, answer: 'OperatorPin' }));
    });
}

export function createRemove(session: Session) {
  return endingCommand(
    'remove',
    'Removes a pin that an operator added. Pins of the package cannot be removed; they can be distrusted.',
  )
    .argument(...DIGEST)
    .option('--cloud <name>', 'of this cloud (needed)')
    .addHelpText('after', serviceHelp(`countersign trust remove ${EXAMPLE_DIGEST} --cloud AzurePublicCloud`))
    .action(async (sha256, options) => {
      const cloud = needed('--cloud <name>', options.cloud);
      const service = openService(session, options);
      const path = `/trust/pins/${encodeURIComponent(cloud)}/${encodeURIComponent(sha256)}`;
      const call = { method: 'DELETE', path, answer: 'Deleted' } as const;
      await end(service, options, {
        effect: (report) => tellEffect(`Removes the pin ${printable(sha256)} of ${printable(cloud)}`, report),
        call,
        show: (answer) => {
          service.show(answer, () => 'removed\n');
        },
      });
    });
}

export function createDistrust(session: Session) {
  return endingCommand(
    'distrust',
    'Refuses everything under a leaf, a CA or a key, whatever the pins say. undistrust removes it.',
  )
    .argument(...DIGEST)
    .option('--note <text>', 'for operators')
    .addHelpText('after', serviceHelp(`countersign trust distrust ${EXAMPLE_DIGEST} --note "leaked"`))
    .action(async (sha256, options) => {
      const service = openService(session, options);
      const body = jsonBody({ sha256, note: options.note ?? '' });
      const call = { method: 'POST', path: '/trust/distrusts', body, answer: 'Distrust' } as const;
      await end(service, options, {
        effect: (report) => tellEffect(`Distrusts ${printable(sha256)}`, report),
        call,
        show: (answer) => {
          showFacts(service, answer);
        },
      });
    });
}

/** The service knows which CA it is, and whether a cloud is left without one. */
function tellEffect(what: string, { effect }: EffectReportJson): string {
  const { pins = [], clouds = [] } = effect;
  const names =
    pins.length === 0 ? 'No pinned CA has this digest or key' : `It is of ${pins.map(printable).join(', ')}`;
  const left =
    clouds.length === 0
      ? 'Every accepted cloud keeps the complete path that it has'
      : `${clouds.map(printable).join(', ')} is left without a complete path: no VM there gets a new licence`;
  return `${what}. ${names}. ${left}. VMs whose documents need it get no new licence. ${tellIssues(effect)}`;
}

function tellIssues({ issues }: EffectReportJson['effect']): string {
  const count = issues?.last24h ?? null;
  if (issues === undefined || count === null) return 'How many licences were issued under it is not known.';
  return `Licences issued under it since ${printable(issues.since)}, renewals included: ${count}.`;
}

export function createUndistrust(session: Session) {
  return serviceCommand('undistrust', 'Takes a distrust back.')
    .argument(...DIGEST)
    .option(...OPTIONS.reason)
    .addHelpText('after', serviceHelp(`countersign trust undistrust ${EXAMPLE_DIGEST}`))
    .action(async (sha256, options) => {
      const { client, show } = openService(session, options);
      const path = `/trust/distrusts/${encodeURIComponent(sha256)}`;
      const answer = await client({ method: 'DELETE', path, query: { reason: options.reason }, answer: 'Deleted' });
      show(answer, () => 'no longer distrusted\n');
    });
}

export function createIssuers(session: Session) {
  return serviceCommand(
    'issuers',
    "Lists issuers of signers' certificates that no pin knows. Strangers may have made them up.",
  )
    .addHelpText('after', serviceHelp('countersign trust issuers'))
    .action(async (options) => {
      const { client, show } = openService(session, options);
      const { items } = await client({ path: '/trust/issuers', answer: 'UnknownIssuers' });
      show(items, () => formatIssuers(items, session));
    });
}

function formatIssuers(items: readonly IssuerJson[], { terminal }: Session): string {
  return formatTable(
    items,
    [
      ['ISSUER', ({ name }) => name],
      ['MINUTES SEEN', ({ count }) => count],
      ['FIRST SEEN', ({ firstSeen }) => firstSeen],
      ['LAST SEEN', ({ lastSeen }) => lastSeen],
    ],
    terminal,
  );
}

/** More than any certificate has. */
const MAX_CERTIFICATE = 64 * 1024;

/** DER, or PEM in any encoding of text. */
async function readCertificate(session: Session, file: string): Promise<string> {
  const { octets, isCut } = await readStart(session, file, MAX_CERTIFICATE);
  if (isCut) throw new CommandError('file_too_large', `${nameOf(file)} is too large for a certificate. Check the path`);
  const [der, ...others] = readCertificateOctets(octets);
  if (der === undefined || others.length > 0) {
    throw new UsageError(`${nameOf(file)} does not hold exactly one certificate. Give a file with one, PEM or DER`);
  }
  return writePem(der);
}

function showFacts({ show, session }: Service, body: PinJson | DistrustJson): void {
  const facts = Object.entries(body).filter(([name]) => name !== 'certificate' && name !== 'etag');
  show(body, () => rows(Object.fromEntries(facts.map(([name, value]) => [name, cell(value)])), session.terminal));
}
