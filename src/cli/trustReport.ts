import { formatInstant } from '../contract/instants.ts';
import type { DistrustJson, PinJson, TrustReportJson } from '../contract/operators/trust.ts';
import type { Terminal } from './command.ts';
import type { OperatorClient } from './operatorClient.ts';
import { printable } from './printable.ts';
import { formatTable } from './table.ts';
import type { Column } from './table.ts';

/** One cloud, as this machine or a service judges it. Times are RFC 3339, or milliseconds since the epoch. */
interface CloudReport {
  readonly cloud: string;
  readonly domain: string;
  readonly accepted: boolean;
  readonly verdict: string;
  readonly path: readonly string[];
  readonly pathUntil: string | null;
  readonly missing: readonly PinReport[];
  readonly missingHistoric: readonly PinReport[];
  readonly expired: readonly PinReport[];
  readonly endingSoon: readonly PinReport[];
  readonly withoutPath: readonly PinReport[];
  readonly distrusted: readonly PinReport[];
}

interface PinReport {
  readonly name: string;
  readonly notAfter: number | string;
}

interface TrustReport {
  readonly at: string;
  readonly verdict: string;
  readonly clouds: readonly CloudReport[];
}

export function readServiceTrust(client: OperatorClient): Promise<TrustReportJson> {
  return client({ path: '/trust', answer: 'TrustReport' });
}

/** For people: a block a cloud. @param whose trust it is */
export function formatTrust({ at, verdict, clouds }: TrustReport, whose: string): string {
  return `${printable(verdict)} at ${printable(at)}, ${whose}\n${clouds.map(formatCloud).join('')}`;
}

const PIN_COLUMNS: readonly Column<PinJson>[] = [
  ['PINNED BY OPERATORS', ({ name }) => name],
  ['CLOUD', ({ cloud }) => cloud],
  ['ROLE', ({ role }) => role],
  ['TO', ({ notAfter }) => notAfter],
  ['SHA-256', ({ sha256 }) => sha256],
  ['NOTE', ({ note }) => note],
];

const DISTRUST_COLUMNS: readonly Column<DistrustJson>[] = [
  ['DISTRUSTED', ({ sha256 }) => sha256],
  ['SINCE', ({ changedAt }) => changedAt],
  ['BY', ({ changedBy }) => changedBy],
  ['NOTE', ({ note }) => note],
];

/** The same, with what operators have pinned and distrusted. */
export function formatServiceTrust({ pins, distrusts, ...report }: TrustReportJson, terminal: Terminal | null): string {
  const pinned = formatTable(pins, PIN_COLUMNS, terminal);
  const distrusted = formatTable(distrusts, DISTRUST_COLUMNS, terminal);
  return `${formatTrust(report, 'the running service')}\npins of operators\n${pinned}\ndistrusts\n${distrusted}`;
}

function formatCloud(cloud: CloudReport): string {
  const { accepted, verdict, path, pathUntil, missing, missingHistoric, expired, endingSoon, withoutPath, distrusted } =
    cloud;
  const opening = printable(`${cloud.cloud} (${cloud.domain}): ${verdict}${accepted ? '' : ', not accepted'}`);
  const complete = pathUntil === null ? 'none' : printable(`${path.join(' < ')}, until ${pathUntil}`);
  return [
    `\n${opening}\n`,
    `  complete path     ${complete}\n`,
    listPins('no certificate', missing),
    listPins('ending soon', endingSoon),
    listPins('no path', withoutPath),
    listPins('distrusted', distrusted),
    `  historic          ${missingHistoric.length} without a certificate; ${expired.length} pins expired\n`,
  ].join('');
}

function listPins(what: string, pins: readonly PinReport[]): string {
  return pins
    .map(({ name, notAfter }) => {
      const until = typeof notAfter === 'string' ? notAfter : formatInstant(notAfter);
      return `  ${what.padEnd(17)} ${printable(`${name}, to ${until}`)}\n`;
    })
    .join('');
}
