import { findClashes, licenceKey, subscriptionNames } from '../../catalogue/file/clashes.ts';
import { parseLicenceFile, placeProblem } from '../../catalogue/file/licenceFile.ts';
import type { FileLicence } from '../../catalogue/file/licenceFile.ts';
import { finish } from '../../contract/pieces.ts';
import { parsePlainJson, parsePlainJsonPieces } from '../../contract/plainJson.ts';
import { CommandError } from '../command.ts';
import { printable } from '../printable.ts';
import { fitsOneRequest, wholeFile } from './filePart.ts';
import type { FileBody, FilePart } from './filePart.ts';
import { splitCsv } from './splitCsv.ts';
import { splitLicences } from './splitJson.ts';
import type { RawFile } from './splitJson.ts';

/**
 * The requests that a file of licences takes. What the service could not see in one of them is judged here: names that are
 * in two parts.
 *
 * @throws {CatalogueError} a large file that is not in its form
 * @throws {CommandError} `file_malformed`
 */
export function splitLicenceFile(body: FileBody): readonly FilePart[] {
  if (fitsOneRequest(body)) return wholeFile(body);
  const { text, mediaType } = body;
  refuseClashes(finish(parseLicenceFile(mediaType, text, parsePlainJsonPieces)));
  return mediaType === 'text/csv' ? splitCsv(text) : splitLicences(parsePlainJson(text) as RawFile);
}

const MAX_TOLD = 50;

function refuseClashes(entries: readonly FileLicence[]): void {
  const clashes = [
    ...listClashes(entries, 'id', (licence) => [licenceKey(licence)]),
    ...listClashes(entries, 'subscription', subscriptionNames),
  ];
  if (clashes.length === 0) return;
  const more = clashes.length > MAX_TOLD ? `\n  and ${clashes.length - MAX_TOLD} more` : '';
  throw new CommandError('file_malformed', `Nothing was sent.${clashes.slice(0, MAX_TOLD).join('')}${more}`);
}

function listClashes(
  entries: readonly FileLicence[],
  field: 'id' | 'subscription',
  namesOf: (licence: FileLicence['licence']) => readonly string[],
): readonly string[] {
  const clashes = finish(findClashes(entries, ({ licence }) => namesOf(licence)));
  return clashes.flatMap(([earlier, later]) => {
    const [one, other] = [entries[earlier], entries[later]];
    if (one === undefined || other === undefined) return [];
    const what = field === 'id' ? other.licence.id : `a subscription of ${other.licence.id} for this offer`;
    const { line, field: place } = placeProblem(other.place, { field, message: '' });
    const where = line === undefined ? place : `line ${line}, ${place}`;
    const before = one.place.line === undefined ? `at ${one.place.field}` : `on line ${one.place.line}`;
    return [`\n  ${printable(`${where}: ${what} is ${before} already: merge the two`)}`];
  });
}
