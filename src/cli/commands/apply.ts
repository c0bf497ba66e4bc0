import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { applyCatalogue } from '../../licensing/catalogue/applyCatalogue.ts';
import type { ApplyCounts, ApplyReport } from '../../licensing/catalogue/applyCatalogue.ts';
import { parseCatalogue } from '../../licensing/catalogue/parseCatalogue.ts';
import type { Command } from '../command.ts';
import { parseOptions } from '../options.ts';
import { STORE_SETTINGS_HELP, openStore } from '../store.ts';
import { oneFile } from './verify.ts';

const help = `countersign apply FILE.json

Makes the licence store hold the offers and licences of a file: what is new is created, what differs is updated, what the
file does not name stays. Applying a file again changes nothing. docs/catalogue.md describes the file.

Options:
  --dry-run  say what would be written, and write nothing
  --json     print one JSON value and nothing else

${STORE_SETTINGS_HELP}
Example:
  countersign apply catalogue.json --dry-run
`;

const OPTIONS = { 'dry-run': { type: 'boolean' }, json: { type: 'boolean' } } as const;

export const apply: Command = {
  summary: 'put offers and licences from a file into the store',
  help,
  async run(args, io) {
    const { values, positionals } = parseOptions(args, OPTIONS);
    const file = parseCatalogue(await readFile(resolve(io.directory, oneFile(positionals)), 'utf8'));
    const store = await openStore(io);
    const dryRun = values['dry-run'] ?? false;
    // In Azure the deployment makes the tables, and an operator's role need not reach so far.
    if (!dryRun && (io.env['TABLES_CONNECTION_STRING'] ?? '') !== '') await store.ensureTables();
    const report = await applyCatalogue(store, file, { change: { by: 'countersign apply', at: io.now() }, dryRun });
    io.out(values.json === true ? `${JSON.stringify({ dryRun, ...report })}\n` : formatReport(report, dryRun));
    return 0;
  },
};

function formatReport({ offers, licences }: ApplyReport, dryRun: boolean): string {
  const opening = dryRun ? 'Nothing was written. Would be:\n' : '';
  return `${opening}${formatCounts('offers', offers)}${formatCounts('licences', licences)}`;
}

function formatCounts(what: string, { created, updated, unchanged }: ApplyCounts): string {
  return `${what.padEnd(9)} ${created} created, ${updated} updated, ${unchanged} unchanged\n`;
}
