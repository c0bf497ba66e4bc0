import { Option } from '@commander-js/extra-typings';
import { finish } from '../../../contract/pieces.ts';
import type { UsageRowJson } from '../../../contract/operators/usage.ts';
import type { Session } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { chooseKind, printFile, writeText } from '../../files.ts';
import { createGroup } from '../../help.ts';
import { readList } from '../../operatorClient.ts';
import { needed, parseDayOrTime } from '../../options.ts';
import { jsonLine, printable } from '../../printable.ts';
import { openService, serviceCommand, serviceHelp } from '../../serviceCommand.ts';
import type { Service } from '../../serviceCommand.ts';

const EXAMPLES = [
  'countersign usage export --from 2026-11-01 --to 2026-12-01 --out november.csv',
  'countersign usage export --from 2026-01-01 --to 2027-01-01 --by month --licence fabrikam-2026',
] as const;

export function createUsage(session: Session) {
  return createGroup(
    'usage',
    'Hours in which VMs were licensed. An hour counts if a VM was licensed for a part of it, whether it was running or not.',
  )
    .addCommand(createExport(session))
    .addHelpText('after', serviceHelp(...EXAMPLES));
}

function createExport(session: Session) {
  return serviceCommand(
    'export',
    'Writes VM-hours and the highest number of VMs at once as CSV, or with --json as JSON: a row for each licence and day. At most 400 days at a time.',
  )
    .option('--from <day>', 'from this day on (UTC), or this time of RFC 3339 (needed)', parseDayOrTime)
    .option('--to <day>', 'up to the end of the day before this one, or up to this time (needed)', parseDayOrTime)
    .option('--licence <id>', 'of this licence')
    .option('--offer <offer>', 'of this offer, publisher/product/plan')
    .option('--subscription <uuid>', 'of the VMs of this subscription')
    .option('--cloud <name>', 'of this cloud (with --subscription: AzurePublicCloud unless given)')
    .addOption(new Option('--by <period>', 'a row for each day or for each month').choices(['day', 'month'] as const))
    .option('--out <file>', 'write to this file: JSON to a .json file, CSV to a .csv file')
    .addHelpText('after', serviceHelp(...EXAMPLES))
    .action(async (options) => {
      const { licence, offer, subscription, by } = options;
      const from = needed('--from <day>', options.from);
      const to = needed('--to <day>', options.to);
      if (options.cloud !== undefined && subscription === undefined) {
        throw new UsageError('--cloud goes together with --subscription. Add it, or leave --cloud out');
      }
      const { cloud = subscription === undefined ? undefined : 'AzurePublicCloud' } = options;
      const query = { from, to, by, licence, offer, cloud, subscription };
      await exportUsage(openService(session, options), query, options.out);
    });
}

type Query = Readonly<Record<string, string | undefined>>;

/** A subscription is looked for in one cloud alone, which may not be the one that was meant. */
function describeNone({ cloud }: Query): string {
  if (cloud === undefined) return 'No VM was licensed in this time.';
  return `No VM of this subscription was licensed in ${printable(cloud)} in this time.`;
}

async function exportUsage(service: Service, query: Query, out: string | undefined): Promise<void> {
  const { session, isJson, show, tell } = service;
  const kind = chooseKind(out, isJson);
  const rows = await readRows(service, query);
  if (rows.length === 0) tell(`${describeNone(query)}\n`);
  const text = kind === 'JSON' ? jsonLine(rows) : await writeCsv(rows);
  if (out === undefined) {
    printFile(session, text);
    return;
  }
  // Spreadsheets take a CSV file for UTF-8 only where a byte order mark says so.
  await writeText(session, out, kind === 'JSON' ? text : `\uFEFF${text}`);
  show({ file: out, kind, rows: rows.length }, () => `${printable(out)} written as ${kind}: ${rows.length} rows\n`);
}

async function readRows({ client, tell }: Service, query: Query): Promise<readonly UsageRowJson[]> {
  const onPage = (read: readonly UsageRowJson[]) => {
    const last = read.at(-1);
    const where = last === undefined ? '' : `, up to ${printable(`${last.licence} ${last.period}`)}`;
    tell(`${read.length} rows read${where}; reading on …\n`);
  };
  const list = { path: '/usage', query, item: 'UsageRow', onPage } as const;
  return (await readList(client, list, Number.POSITIVE_INFINITY)).items;
}

async function writeCsv(rows: readonly UsageRowJson[]): Promise<string> {
  const { writeUsageFile } = await import('../../../catalogue/file/usageFile.ts');
  return finish(writeUsageFile(rows));
}
