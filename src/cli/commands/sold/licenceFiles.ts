import { extname } from 'node:path';
import { finish } from '../../../contract/pieces.ts';
import { parsePlainJsonPieces } from '../../../contract/plainJson.ts';
import type { Session } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { endingCommand } from '../../endings.ts';
import type { EndingFlags } from '../../endings.ts';
import { chooseKind, parseJsonFile, printFile, readText, writeText } from '../../files.ts';
import type { FileChange } from '../../fileLosses.ts';
import type { FileBody } from '../../inParts/filePart.ts';
import type { OperatorClient } from '../../operatorClient.ts';
import { formatReport } from './apply.ts';
import { jsonLine, printable } from '../../printable.ts';
import { openService, serviceCommand, serviceHelp } from '../../serviceCommand.ts';
import type { Service } from '../../serviceCommand.ts';

export function createImport(session: Session) {
  return endingCommand(
    'import',
    'Creates and updates licences from a file, CSV or JSON: either all of them, or none and a list of problems with their lines. Fields absent from the file are kept.',
  )
    .argument('<file>', 'the file, or - for standard input')
    .addHelpText('after', serviceHelp('countersign licences import customers.csv --dry-run'))
    .action(async (file, options) => {
      const body = await readFileBody(session, file);
      await importFile(openService(session, options), body, options);
    });
}

export function createExport(session: Session) {
  return serviceCommand('export', 'Writes all licences as CSV, or with --json as JSON. Both can be imported.')
    .option('--out <file>', 'write to this file: JSON to a .json file, CSV to a .csv file')
    .addHelpText('after', serviceHelp('countersign licences export --out licences.csv'))
    .action(async (options) => {
      await exportLicences(openService(session, options), options.out);
    });
}

/** A JSON object begins with a brace, and no CSV of licences does. */
async function readFileBody(session: Session, file: string): Promise<FileBody> {
  const text = await readText(session, file);
  const isJson = isJsonName(file) || text.trimStart().startsWith('{');
  // Checked here first, so that the complaint names the file.
  if (isJson) parseJsonFile(text, file);
  return { text, mediaType: isJson ? 'application/json' : 'text/csv' };
}

function isJsonName(file: string): boolean {
  return extname(file).toLowerCase() === '.json';
}

const LINE_END = /\r\n|\r|\n/;

function describeSize(text: string, mediaType: FileBody['mediaType']): string {
  if (mediaType !== 'text/csv') return `${text.length} characters`;
  // After the last line's end there is no further line.
  const lines = text.split(LINE_END);
  const count = lines.at(-1) === '' ? lines.length - 1 : lines.length;
  return count === 1 ? '1 line' : `${count} lines`;
}

/** Checked first without writing, so that a file with problems changes nothing and the counts are known before. */
async function importFile(service: Service, body: FileBody, { dryRun, reason, yes }: EndingFlags): Promise<void> {
  const { show, tell, session } = service;
  const { text, mediaType } = body;
  tell(`${describeSize(text, mediaType)} read; the service checks them …\n`);
  const [{ splitLicenceFile }, { judgeParts, sendParts }] = await Promise.all([
    import('../../inParts/importParts.ts'),
    import('../../inParts/sendParts.ts'),
  ]);
  const parts = splitLicenceFile(body);
  if (parts.length > 1) tell(`the file is sent in ${parts.length} parts, each whole or not at all\n`);
  const to = { client: service.client, path: '/imports/licences', reason } as const;
  const checked = await judgeParts(to, parts);
  const { created, updated } = checked.licences;
  const { describeFileLosses, formatFileChanges, writeFileChanges } = await import('../../fileLosses.ts');
  const changes = updated > 0 ? await readChanges(service.client, body) : [];
  const effect = describeFileLosses(changes);
  if (dryRun === true) {
    const value = { ...checked, ...writeFileChanges(changes) };
    show(value, () => `${formatReport(checked)}${formatFileChanges(changes, session.terminal)}`);
    if (effect !== null) session.complain(`${effect}\n`);
    return;
  }
  if (effect !== null) await confirm(session, effect, yes);
  tell(`no problems; writing ${created} new and ${updated} changed licences …\n`);
  const written = await sendParts(to, parts);
  show(written, () => formatReport(written));
}

/** The service has accepted the file, so that it can be read here. */
async function readChanges(client: OperatorClient, { mediaType, text }: FileBody): Promise<readonly FileChange[]> {
  const [{ parseLicenceFile }, { listFileChanges }] = await Promise.all([
    import('../../../catalogue/file/licenceFile.ts'),
    import('../../fileLosses.ts'),
  ]);
  const entries = finish(parseLicenceFile(mediaType, text, parsePlainJsonPieces));
  const licences = entries.map(({ licence }) => licence);
  const kept = new Map(entries.map(({ licence, leftOut }) => [licence, leftOut]));
  const stored = await client({ path: '/catalogue', answer: 'Catalogue' });
  return listFileChanges(stored, { offers: [], licences, kept });
}

async function exportLicences({ client, session, isJson, show }: Service, out: string | undefined): Promise<void> {
  const kind = chooseKind(out, isJson);
  const text = kind === 'JSON' ? await readJson(client) : await client({ path: '/exports/licences', answer: 'CSV' });
  if (out === undefined) {
    printFile(session, text);
    return;
  }
  // Spreadsheets take a CSV file for UTF-8 only where a byte order mark says so.
  await writeText(session, out, kind === 'JSON' ? text : `\uFEFF${text}`);
  show({ file: out, kind }, () => `${printable(out)} written as ${kind}\n`);
}

async function readJson(client: OperatorClient): Promise<string> {
  const { licences } = await client({ path: '/catalogue', answer: 'Catalogue' });
  return jsonLine({ licences });
}
