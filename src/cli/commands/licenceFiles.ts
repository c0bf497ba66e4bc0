import { extname } from 'node:path';
import { formatReport } from '../applyReport.ts';
import type { ApplyAnswer } from '../applyReport.ts';
import type { Session } from '../command.ts';
import { confirm } from '../confirm.ts';
import { readText, writeText } from '../files.ts';
import type { StoredCatalogue } from '../losses.ts';
import type { OperatorClient } from '../operatorClient.ts';
import { OPTIONS } from '../options.ts';
import { jsonLine, printable } from '../printable.ts';
import { openService, serviceCommand, serviceHelp } from '../serviceCommand.ts';
import type { Service } from '../serviceCommand.ts';

export function createImport(session: Session) {
  return serviceCommand(
    'import',
    'Creates and updates licences from a file, CSV or JSON: either all of them, or none and a list of problems with their lines. Fields absent from the file are kept.',
  )
    .argument('<file>', 'the file, or - for standard input')
    .option('--dry-run', 'check the file, and write nothing')
    .option(...OPTIONS.yes)
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

interface FileBody {
  readonly text: string;
  readonly mediaType: string;
}

/** A JSON object begins with a brace, and no CSV of licences does. */
async function readFileBody(session: Session, file: string): Promise<FileBody> {
  const text = await readText(session, file);
  const isJson = isJsonName(file) || text.trimStart().startsWith('{');
  return { text, mediaType: isJson ? 'application/json' : 'text/csv' };
}

function isJsonName(file: string): boolean {
  return extname(file).toLowerCase() === '.json';
}

/** Checked first without writing, so that a file with problems changes nothing and the counts are known before. */
async function importFile(service: Service, body: FileBody, { dryRun, yes }: ImportFlags): Promise<void> {
  const { show, tell, session } = service;
  const { text, mediaType } = body;
  const count = mediaType === 'text/csv' ? `${text.split('\n').length} lines` : `${text.length} characters`;
  tell(`${count} read; the service checks them …\n`);
  const checked = await post(service, body, true);
  const { created, updated } = checked.licences;
  const effect = updated === 0 ? null : await readLosses(service.client, body);
  if (dryRun === true) {
    show(checked, () => formatReport(checked, true));
    if (effect !== null) session.complain(`${effect}\n`);
    return;
  }
  if (effect !== null) await confirm(session, effect, yes);
  tell(`no problems; writing ${created} new and ${updated} changed licences …\n`);
  const written = await post(service, body, false);
  show(written, () => formatReport(written, false));
}

interface ImportFlags {
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
}

/** The service has accepted the file, so that it can be read here. */
async function readLosses(client: OperatorClient, { mediaType, text }: FileBody): Promise<string | null> {
  const [{ parseLicenceFile }, { describeFileLosses }] = await Promise.all([
    import('../../operators/licenceFile.ts'),
    import('../losses.ts'),
  ]);
  const entries = parseLicenceFile(mediaType, text);
  const licences = entries.map(({ licence }) => licence);
  const kept = new Map(entries.map(({ licence, leftOut }) => [licence, leftOut]));
  const { body } = await client({ path: '/catalogue' });
  return describeFileLosses(body as StoredCatalogue, { offers: [], licences, kept });
}

async function post({ client }: Service, body: FileBody, dryRun: boolean): Promise<ApplyAnswer> {
  const call = { method: 'POST', path: '/imports/licences', query: { dryRun: `${dryRun}` }, body } as const;
  return (await client(call)).body as ApplyAnswer;
}

async function exportLicences({ client, session, isJson, show }: Service, out: string | undefined): Promise<void> {
  const kind = chooseKind(out, isJson);
  const text = kind === 'JSON' ? await readJson(client) : (await client({ path: '/exports/licences' })).text;
  if (out === undefined) {
    session.out(text);
    return;
  }
  // Spreadsheets take a CSV file for UTF-8 only where a byte order mark says so.
  await writeText(session, out, kind === 'JSON' ? text : `\uFEFF${text}`);
  show({ file: out, kind }, () => `${printable(out)} written as ${kind}\n`);
}

/** A file is never written in a form that its name contradicts. */
function chooseKind(out: string | undefined, isJson: boolean): 'JSON' | 'CSV' {
  const extension = out === undefined ? '' : extname(out).toLowerCase();
  if (extension === '.json') return 'JSON';
  if (extension === '.csv') return 'CSV';
  return isJson ? 'JSON' : 'CSV';
}

async function readJson(client: OperatorClient): Promise<string> {
  const { licences } = (await client({ path: '/catalogue' })).body as { readonly licences: readonly unknown[] };
  return jsonLine({ licences });
}
