import type { OperatorEndpoint } from '../../contract/endpoints.ts';
import { MAX_BODY } from '../../contract/bodySize.ts';
import { decodeText } from '../../contract/decodeText.ts';
import { isLoss } from '../../contract/losses.ts';
import type { ApplyReportJson, FileRowJson } from '../../contract/operators/records.ts';
import type { FieldProblem } from '../../contract/wire.ts';
import type { SentFile } from '../data/api.ts';
import { writeCommand } from '../text/commandLine.ts';
import { isPlain } from '../text/plain.ts';

export interface ImportFile extends SentFile {
  readonly name: string;
  /** Offers and licences go one way, licences alone another. */
  readonly endpoint: OperatorEndpoint;
}

/** @returns what is wrong with it, in sentences, where it cannot be sent */
export function readImport(name: string, octets: Uint8Array): ImportFile | string {
  const text = decodeText(octets);
  if (text === null) return 'The file is neither UTF-8 nor UTF-16. Save it as UTF-8.';
  if (text.trim() === '') return 'The file is empty.';
  // It is sent as UTF-8, whatever it was.
  if (new TextEncoder().encode(text).length > MAX_BODY)
    return `The file is larger than ${MAX_BODY / 1024} KB, which is what the service takes at once. Split it, a CSV by its lines and with the header on each part.`;
  const isJson = name.toLowerCase().endsWith('.json') || text.trimStart().startsWith('{');
  const mediaType = isJson ? 'application/json' : 'text/csv';
  return { name, text, mediaType, endpoint: isJson && hasOffers(text) ? 'applyCatalogue' : 'importLicences' };
}

/** What is no JSON is for the service to complain about. */
function hasOffers(text: string): boolean {
  try {
    return Object.hasOwn(Object(JSON.parse(text)) as object, 'offers');
  } catch {
    return false;
  }
}

/** The command that does the same, where the file is. */
export function importCommand({ name, endpoint }: Pick<ImportFile, 'name' | 'endpoint'>, reason: string): string {
  const verb = endpoint === 'applyCatalogue' ? ['apply'] : ['licences', 'import'];
  // A name that begins with a dash would be an option.
  const file = isPlain(name) ? `${name.startsWith('-') ? './' : ''}${name}` : 'FILE';
  return writeCommand([...verb, file, '--yes'], [{ name: 'reason', value: reason }]);
}

/** "12 licences are created and 3 changed; 40 stay as they are." */
export function describeCounts({ offers, licences }: ApplyReportJson): string {
  const tell = (what: string, { created, updated, unchanged }: ApplyReportJson['offers']) =>
    created + updated + unchanged === 0
      ? []
      : [`${what}: ${created} created, ${updated} changed, ${unchanged} as they are.`];
  return [...tell('Offers', offers), ...tell('Licences', licences)].join(' ') || 'The file has nothing in it.';
}

/** Whether VMs that run, or could run, may do so no more, or for less long. */
export function takesAway({ old, new: changed }: FileRowJson): boolean {
  if (old === null) return false;
  const seats = changed['seats'] ?? old['seats'];
  const isLost = Object.entries(changed).some(([name, value]) => isLoss(name, { old: old[name], value, seats }));
  return isLost || losesSubscription(old, changed);
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** A licence names its subscriptions in two ways. One with an end leaves too. */
function losesSubscription(
  old: Readonly<Record<string, unknown>>,
  changed: Readonly<Record<string, unknown>>,
): boolean {
  const idsOf = ({ subscription, subscriptions }: Readonly<Record<string, unknown>>) =>
    JSON.stringify([subscription, subscriptions]).match(UUID) ?? [];
  const before = idsOf(old);
  const kept = new Set(idsOf(changed));
  return before.some((id) => !kept.has(id)) || JSON.stringify(changed['subscriptions'] ?? '').includes('"until":"');
}

/** The line of a CSV file that a problem is in, shortened; empty where there is none. */
export function quoteLine(lines: readonly string[], { line }: Pick<FieldProblem, 'line'>): string {
  return line === undefined ? '' : (lines[line - 1] ?? '').slice(0, 120);
}
