import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { applyCatalogue } from '../../licensing/catalogue/applyCatalogue.ts';
import type { ApplyCounts, ApplyReport } from '../../licensing/catalogue/applyCatalogue.ts';
import { DEFAULT_LICENCE_LIFE, SECOND } from '../../licensing/catalogue/duration.ts';
import type { CatalogueFile } from '../../licensing/catalogue/cataloguePlan.ts';
import { CatalogueError, LARGEST_CATALOGUE, parseCatalogue } from '../../licensing/catalogue/parseCatalogue.ts';
import { parsePlainJson } from '../../verifier/plainJson.ts';
import { JsonError } from '../../verifier/strictJson.ts';
import { positionalsOf } from '../actions.ts';
import type { Command, Io } from '../command.ts';
import { UsageError } from '../command.ts';
import { decodeText } from '../decodeText.ts';
import { OPERATOR_SETTINGS_HELP, createOperatorClient, isServiceNamed } from '../operatorClient.ts';
import { parseOptions } from '../options.ts';
import { STORE_SETTINGS_HELP, openStore } from '../store.ts';

const help = `countersign apply FILE.json

Makes the licence store hold the offers and licences of a file: what is new is created, what differs is updated, what the
file does not name stays. Applying a file again changes nothing. docs/catalogue.md describes the file.

Where a service is named it goes through that service's operators' API. Without one it is written to the store itself,
which only whoever sets a service up needs.

Options:
  --dry-run      say what would be written, and write nothing
  --service URL  the service
  --json         print one JSON value and nothing else

${OPERATOR_SETTINGS_HELP}
${STORE_SETTINGS_HELP}
Examples:
  countersign apply catalogue.json --dry-run
  countersign apply catalogue.json --service https://licences.contoso.com
`;

const OPTIONS = { 'dry-run': { type: 'boolean' }, json: { type: 'boolean' }, service: { type: 'string' } } as const;

/** What is told of an application, by the service and by us. */
export interface ApplyAnswer extends ApplyReport {
  readonly dryRun: boolean;
}

export const apply: Command = {
  summary: 'put offers and licences from a file into a service, or into its store',
  help,
  async run(args, io) {
    const { values, positionals } = parseOptions(args, OPTIONS);
    const [path] = positionalsOf(positionals, 'one FILE');
    const text = decodeText(path, await readFile(resolve(io.directory, path)));
    // Judged here first, so that a file that cannot be applied is told of without a request.
    const file = parseFile(text);
    const dryRun = values['dry-run'] ?? false;
    const isService = isServiceNamed(values.service, io);
    const report = isService
      ? await applyThrough(values.service, io, { text, dryRun })
      : await applyHere(io, file, dryRun);
    io.out(
      values.json === true
        ? `${JSON.stringify({ dryRun, offers: report.offers, licences: report.licences })}\n`
        : formatReport(report, dryRun),
    );
    return 0;
  },
};

/** @throws {CatalogueError} */
function parseFile(text: string): CatalogueFile {
  if (Buffer.byteLength(text) > LARGEST_CATALOGUE) {
    throw new CatalogueError([{ field: '', message: 'is longer than 8 MiB: split it and apply the parts' }]);
  }
  try {
    return parseCatalogue(parsePlainJson(text));
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new CatalogueError([{ field: '', message: `cannot be read as JSON: ${error.message}` }]);
  }
}

async function applyThrough(
  service: string | undefined,
  io: Io,
  { text, dryRun }: { readonly text: string; readonly dryRun: boolean },
): Promise<ApplyReport> {
  const client = createOperatorClient(service, io);
  const body = { text, mediaType: 'application/json' };
  const answer = await client({ method: 'POST', path: '/catalogue', query: { dryRun: `${dryRun}` }, body });
  return answer.body as ApplyAnswer;
}

async function applyHere(io: Io, file: CatalogueFile, dryRun: boolean): Promise<ApplyReport> {
  const store = await openStore(io);
  // In Azure the deployment makes the tables, and an operator's role need not reach so far.
  if (!dryRun && (io.env['TABLES_CONNECTION_STRING'] ?? '') !== '') await store.ensureTables();
  const change = { by: 'countersign apply', at: io.now() };
  return applyCatalogue(store, file, { change, dryRun, life: readLife(io) });
}

/** As the service's own setting, whose default it has. */
function readLife({ env }: Io): number {
  const text = env['LICENCE_LIFE_SECONDS'] ?? '';
  if (text === '') return DEFAULT_LICENCE_LIFE;
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text) * SECOND;
  throw new UsageError('LICENCE_LIFE_SECONDS is not a whole number: set it as the service has it');
}

export function formatReport({ offers, licences }: ApplyReport, dryRun: boolean): string {
  const opening = dryRun ? 'Nothing was written. Would be:\n' : '';
  return `${opening}${formatCounts('offers', offers)}${formatCounts('licences', licences)}`;
}

function formatCounts(what: string, { created, updated, unchanged }: ApplyCounts): string {
  return `${what.padEnd(9)} ${created} created, ${updated} updated, ${unchanged} unchanged\n`;
}
