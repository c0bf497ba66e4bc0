import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { buffer as readOctets } from 'node:stream/consumers';
import type { ActionInput, ServiceInput } from '../actions.ts';
import { LIST_OPTIONS, createActionCommand, defineAction, deleteAt, positionalsOf, showList } from '../actions.ts';
import type { Io } from '../command.ts';
import { RefusedError, UsageError } from '../command.ts';
import { decodeText } from '../decodeText.ts';
import type { OperatorClient } from '../operatorClient.ts';
import { OPERATOR_SETTINGS_HELP } from '../operatorClient.ts';
import { parseTime } from '../options.ts';
import { rows } from '../printable.ts';
import { cell } from '../table.ts';
import type { Column } from '../table.ts';
import { tellWaiting } from '../waiting.ts';
import { formatReport } from './apply.ts';
import type { ApplyAnswer } from './apply.ts';

const help = `countersign licences list|show|grant|set|suspend|resume|revoke|delete|import|export

Which subscriptions may run which offers, for offers in licensed mode.

list                 the licences, of all subscriptions or of one
show ID              one licence, and how many of its seats are taken
grant ID             a new licence: with --subscription, --offer and --seats
set ID               another number of seats, other times, skus or VMs
suspend ID           no new licence from now on, within 30 seconds, on all instances
resume ID            licences again
revoke ID            as suspend, and meant for good
delete ID            as if it had never been: its VMs run on in their grace, which revoke would end, and their leases
                     count among the seats until they end
import FILE|-        licences from a file, CSV or JSON: all of them, or none and every problem with its line; of a licence
                     that is there, what the file has no column or member for stays
export               all licences as CSV, or with --json as JSON: both can be imported

Options:
  --cloud NAME         list (with --subscription), grant: of this cloud (default: AzurePublicCloud)
  --subscription UUID  list, grant: of this subscription
  --offer NAME         grant: publisher/product/plan
  --seats N            grant, set: VMs at the same time, or unlimited
  --valid-from TIME    grant, set: RFC 3339, or none
  --valid-until TIME   grant, set: RFC 3339, or none
  --skus LIST          grant, set: these image skus alone, with commas between them, "" for that of custom images; or *
  --vm-ids LIST        grant, set: these VMs alone, with commas between them; or *
  --note TEXT          grant, set: for operators
  --dry-run            import: judge the file, and write nothing
  --out FILE           export: write it there, to a .json file as JSON and to a .csv file as CSV
  --limit N            list: how many at most (default: 100)
  --service URL        the service
  --json               print one JSON value and nothing else

${OPERATOR_SETTINGS_HELP}
Examples:
  countersign licences grant fabrikam-2026 --subscription aaaaaaaa-0000-4000-8000-000000000001 \\
    --offer contoso/gateway/standard --seats 50 --valid-until 2027-01-01T00:00:00Z
  countersign licences suspend fabrikam-2026
  countersign licences import customers.csv --dry-run
`;

/** As the service answers it; `usage` where one licence was asked for. */
interface LicenceItem {
  readonly licence: Readonly<Record<string, unknown>>;
  readonly etag: string;
  readonly changedBy: string;
  readonly changedAt: string;
  readonly usage?: { readonly taken: number; readonly over: number };
}

const COLUMNS: readonly Column<LicenceItem>[] = [
  ['ID', ({ licence }) => licence['id']],
  ['STATUS', ({ licence }) => licence['status']],
  ['SEATS', ({ licence }) => licence['seats']],
  ['OFFER', ({ licence }) => licence['offer']],
  ['CLOUD', ({ licence }) => licence['cloud']],
  ['SUBSCRIPTION', ({ licence }) => licence['subscription']],
  ['VALID UNTIL', ({ licence }) => licence['validUntil']],
];

const SUBSCRIPTION = { cloud: { type: 'string' }, subscription: { type: 'string' } } as const;
const TERMS = {
  seats: { type: 'string' },
  'valid-from': { type: 'string' },
  'valid-until': { type: 'string' },
  skus: { type: 'string' },
  'vm-ids': { type: 'string' },
  note: { type: 'string' },
} as const;

type Terms = { readonly [Name in keyof typeof TERMS]?: string | undefined };

const USUAL_CLOUD = 'AzurePublicCloud';

export const licences = createActionCommand('licences', {
  summary: 'list, grant, change, suspend, revoke, delete, import and export licences, through the service',
  help,
  actions: {
    list: defineAction({ ...LIST_OPTIONS, ...SUBSCRIPTION }, (input) => {
      const { subscription, cloud = subscription === undefined ? undefined : USUAL_CLOUD, limit } = input.values;
      return showList(input, { path: '/licences', query: { cloud, subscription } }, { limit, columns: COLUMNS });
    }),
    show: defineAction({}, async (input) => {
      showLicence(input, await readLicence(input));
    }),
    grant: defineAction({ ...SUBSCRIPTION, ...TERMS, offer: { type: 'string' } }, async (input) => {
      const [id] = positionalsOf(input.positionals, 'the licence’s new ID');
      const { cloud = USUAL_CLOUD, subscription, offer, seats } = input.values;
      if (subscription === undefined || offer === undefined || seats === undefined) {
        throw new UsageError('grant needs --subscription, --offer and --seats');
      }
      await put(input, { id, cloud, subscription, offer, ...readTerms(input.values) }).catch(explainPresent);
    }),
    set: defineAction(TERMS, async (input) => {
      const terms = readTerms(input.values);
      if (Object.keys(terms).length === 0) throw new UsageError('say what to set, such as --seats 60');
      const { licence, etag } = await readLicence(input);
      await put(input, { ...licence, ...terms }, etag);
    }),
    suspend: defineAction({}, (input) => changeStatus(input, 'suspended')),
    resume: defineAction({}, (input) => changeStatus(input, 'active')),
    revoke: defineAction({}, (input) => changeStatus(input, 'revoked')),
    delete: defineAction({}, async (input) => {
      const { licence, etag } = await readLicence(input);
      await deleteAt(input, pathOf(String(licence['id'])), etag);
    }),
    import: defineAction({ 'dry-run': { type: 'boolean' } }, (input) =>
      importFile(input, input.values['dry-run'] ?? false),
    ),
    export: defineAction({ out: { type: 'string' } }, exportFile),
  },
});

/** The service speaks of ETags, which `set` reads by itself. */
function explainPresent(error: unknown): never {
  if (!(error instanceof RefusedError) || error.code !== 'changed_meanwhile') throw error;
  throw new RefusedError(
    error.code,
    'the subscription has a licence with this id already: change it with licences set',
  );
}

async function readLicence({ client, positionals }: ServiceInput): Promise<LicenceItem> {
  const [id] = positionalsOf(positionals, 'a licence’s ID');
  return (await client({ path: pathOf(id) })).body as LicenceItem;
}

function pathOf(id: string): string {
  return `/licences/${encodeURIComponent(id)}`;
}

/** Members of the licence for the options that are there. */
function readTerms(values: Terms): Readonly<Record<string, unknown>> {
  const { seats, note } = values;
  const members = {
    seats: seats === undefined ? undefined : parseSeats(seats),
    validFrom: parseBound(values['valid-from']),
    validUntil: parseBound(values['valid-until']),
    skus: parseNames(values.skus),
    vmIds: parseNames(values['vm-ids']),
    note,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function parseSeats(text: string): number | string {
  if (text === 'unlimited') return text;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError('--seats is a whole number, or unlimited');
}

/** As `explain` writes them: an empty name between quotation marks. */
function parseNames(text: string | undefined): string | readonly string[] | undefined {
  if (text === undefined || text === '*') return text;
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new UsageError('a name of the list is empty: take the comma out, or write "" for it');
  return names.map((name) => (name === '""' ? '' : name));
}

function parseBound(text: string | undefined): string | null | undefined {
  if (text === undefined || text === 'none') return text === undefined ? undefined : null;
  return new Date(parseTime(text)).toISOString();
}

async function put(input: ServiceInput, licence: Readonly<Record<string, unknown>>, version?: string): Promise<void> {
  const body = { text: JSON.stringify(licence), mediaType: 'application/json' };
  const call = { method: 'PUT', path: pathOf(String(licence['id'])), body } as const;
  const { body: item } = await input.client(version === undefined ? call : { ...call, version });
  showLicence(input, item as LicenceItem);
}

async function changeStatus(input: ServiceInput, status: string): Promise<void> {
  const { licence, etag } = await readLicence(input);
  await put(input, { ...licence, status }, etag);
}

function showLicence({ show }: ServiceInput, item: LicenceItem): void {
  const { licence, usage, changedAt, changedBy } = item;
  const facts = Object.fromEntries(Object.entries(licence).map(([name, value]) => [name, cell(value)]));
  const over = usage !== undefined && usage.over > 0 ? `, ${usage.over} more than there are` : '';
  const taken = usage === undefined ? {} : { 'seats taken': `${usage.taken}${over}` };
  show(item, () => rows({ ...facts, ...taken, changed: `${changedAt} by ${changedBy}` }));
}

async function importFile(input: ServiceInput, dryRun: boolean): Promise<void> {
  const { positionals, show, tell, io } = input;
  const [file] = positionalsOf(positionals, 'one FILE, or - for standard input');
  const body = await readFileOf(file, io);
  const count =
    body.mediaType === 'text/csv' ? `${body.text.split('\n').length} lines` : `${body.text.length} characters`;
  tell(`${count} read; the service judges them …\n`);
  const checked = await post(input, body, true);
  if (dryRun) {
    show(checked, () => formatReport(checked, true));
    return;
  }
  const { created, updated } = checked.licences;
  tell(`all good; writing ${created} new and ${updated} changed licences …\n`);
  const written = await post(input, body, false);
  show(written, () => formatReport(written, false));
}

async function post({ client, tell, io }: ServiceInput, body: FileBody, dryRun: boolean): Promise<ApplyAnswer> {
  const call = { method: 'POST', path: '/imports/licences', query: { dryRun: `${dryRun}` }, body } as const;
  return (await tellWaiting(tell, () => io.now(), client(call))).body as ApplyAnswer;
}

/** CSV, or JSON; each can be imported again. */
async function exportFile(input: ActionInput<{ out: { type: 'string' } }>): Promise<void> {
  const { client, io, isJson, positionals, show, values } = input;
  positionalsOf(positionals);
  const { out = '' } = values;
  const asJson = isJsonName(out) || (isJson && extname(out).toLowerCase() !== '.csv');
  const text = asJson ? await readJsonFile(client) : (await client({ path: '/exports/licences' })).text;
  if (values.out === undefined) {
    io.out(text);
    return;
  }
  // Spreadsheets take a CSV file for UTF-8 only where it says so.
  await writeFile(resolve(io.directory, values.out), asJson ? text : `\uFEFF${text}`);
  show({ file: values.out }, () => '');
}

async function readJsonFile(client: OperatorClient): Promise<string> {
  const { licences: all } = (await client({ path: '/catalogue' })).body as { readonly licences: readonly unknown[] };
  return `${JSON.stringify({ licences: all })}\n`;
}

interface FileBody {
  readonly text: string;
  readonly mediaType: string;
}

function isJsonName(file: string): boolean {
  return extname(file).toLowerCase() === '.json';
}

/** A JSON object begins with a brace, and no CSV of licences does. */
async function readFileOf(file: string, io: Io): Promise<FileBody> {
  const source = file === '-' ? io.readStdin() : createReadStream(resolve(io.directory, file));
  const text = decodeText(file === '-' ? 'standard input' : file, await readOctets(source));
  const isJson = isJsonName(file) || text.trimStart().startsWith('{');
  return { text, mediaType: isJson ? 'application/json' : 'text/csv' };
}
