import { readCertificateOctets, writePem } from '../../trust/pem.ts';
import { CommandError, UsageError } from '../command.ts';
import type { Session } from '../command.ts';
import { confirm } from '../confirm.ts';
import { decodeText, nameOf, readStart } from '../files.ts';
import { rows } from '../layout.ts';
import { OPTIONS, needed } from '../options.ts';
import { printable } from '../printable.ts';
import { jsonBody, openService, serviceCommand, serviceHelp } from '../serviceCommand.ts';
import type { Service } from '../serviceCommand.ts';
import { cell, formatTable } from '../table.ts';

/*
 * What administrators pin and distrust while a service runs. It goes through the service, and holds on every instance
 * within a minute.
 */

/** As the service answers it. */
interface SeenIssuer {
  readonly name: string;
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
}

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
      showFacts(service, (await service.client({ method: 'POST', path: '/trust/pins', body })).body);
    });
}

export function createRemove(session: Session) {
  return serviceCommand(
    'remove',
    'Removes a pin that an operator added. Pins of the package cannot be removed; they can be distrusted.',
  )
    .argument(...DIGEST)
    .option('--cloud <name>', 'of this cloud (needed)')
    .option(...OPTIONS.yes)
    .addHelpText('after', serviceHelp(`countersign trust remove ${EXAMPLE_DIGEST} --cloud AzurePublicCloud`))
    .action(async (sha256, options) => {
      const cloud = needed('--cloud <name>', options.cloud);
      const { client, show } = openService(session, options);
      const effect = `Removes the pin ${printable(sha256)} of ${printable(cloud)}. VMs whose documents need it get no new licence.`;
      await confirm(session, effect, options.yes);
      const path = `/trust/pins/${encodeURIComponent(cloud)}/${encodeURIComponent(sha256)}`;
      const { body } = await client({ method: 'DELETE', path });
      show(body, () => 'removed\n');
    });
}

export function createDistrust(session: Session) {
  return serviceCommand(
    'distrust',
    'Refuses everything under a leaf, a CA or a key, whatever the pins say. undistrust removes it.',
  )
    .argument(...DIGEST)
    .option('--note <text>', 'for operators')
    .option(...OPTIONS.yes)
    .addHelpText('after', serviceHelp(`countersign trust distrust ${EXAMPLE_DIGEST} --note "leaked"`))
    .action(async (sha256, options) => {
      const service = openService(session, options);
      const effect = `Distrusts ${printable(sha256)}. VMs whose documents need it get no new licence; if it is the only issuing CA of a cloud, that is every VM there.`;
      await confirm(session, effect, options.yes);
      const body = jsonBody({ sha256, note: options.note ?? '' });
      showFacts(service, (await service.client({ method: 'POST', path: '/trust/distrusts', body })).body);
    });
}

export function createUndistrust(session: Session) {
  return serviceCommand('undistrust', 'Takes a distrust back.')
    .argument(...DIGEST)
    .addHelpText('after', serviceHelp(`countersign trust undistrust ${EXAMPLE_DIGEST}`))
    .action(async (sha256, options) => {
      const { client, show } = openService(session, options);
      const { body } = await client({ method: 'DELETE', path: `/trust/distrusts/${encodeURIComponent(sha256)}` });
      show(body, () => 'no longer distrusted\n');
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
      const { items } = (await client({ path: '/trust/issuers' })).body as { readonly items: readonly SeenIssuer[] };
      show(items, () => formatIssuers(items, session));
    });
}

function formatIssuers(items: readonly SeenIssuer[], { terminal }: Session): string {
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
const SEQUENCE = 0x30;

/** DER, or PEM in any encoding of text. */
async function readCertificate(session: Session, file: string): Promise<string> {
  const { octets, isCut } = await readStart(session, file, MAX_CERTIFICATE);
  if (isCut) throw new CommandError('file_too_large', `${nameOf(file)} is too large for a certificate. Check the path`);
  const isDer = octets[0] === SEQUENCE && (octets[1] ?? 0) >= 0x80;
  const [der, ...others] = readCertificateOctets(isDer ? octets : Buffer.from(decodeText(octets, nameOf(file))));
  if (der === undefined || others.length > 0) {
    throw new UsageError(`${nameOf(file)} does not hold exactly one certificate. Give a file with one, PEM or DER`);
  }
  return writePem(der);
}

function showFacts({ show, session }: Service, body: unknown): void {
  const facts = Object.entries(body as object).filter(([name]) => name !== 'certificate' && name !== 'etag');
  show(body, () => rows(Object.fromEntries(facts.map(([name, value]) => [name, cell(value)])), session.terminal));
}
