import type { Session } from '../command.ts';
import { rows } from '../layout.ts';
import type { OperatorClient } from '../operatorClient.ts';
import { OPTIONS } from '../options.ts';
import { jsonBody, openService, serviceCommand, serviceHelp, showList } from '../serviceCommand.ts';
import type { Service } from '../serviceCommand.ts';
import { cell } from '../table.ts';
import type { Column } from '../table.ts';

/** As the service answers it; `usage` where one licence was asked for. */
export interface LicenceItem {
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

export const USUAL_CLOUD = 'AzurePublicCloud';

export const LICENCE_ID = ['<id>', 'the id of the licence'] as const;

export function createList(session: Session) {
  return serviceCommand('list', 'Lists the licences of all subscriptions, or of one.')
    .option('--subscription <uuid>', 'of this subscription')
    .option('--cloud <name>', `of this cloud (with --subscription: ${USUAL_CLOUD} unless given)`)
    .option(...OPTIONS.limit)
    .addHelpText('after', serviceHelp('countersign licences list --subscription aaaaaaaa-0000-4000-8000-000000000001'))
    .action((options) => {
      const { subscription, cloud = subscription === undefined ? undefined : USUAL_CLOUD, limit } = options;
      const call = { path: '/licences', query: { cloud, subscription } };
      return showList(openService(session, options), call, { limit, columns: COLUMNS });
    });
}

export function createShow(session: Session) {
  return serviceCommand('show', 'Shows one licence, and how many of its seats are taken.')
    .argument(...LICENCE_ID)
    .addHelpText('after', serviceHelp('countersign licences show fabrikam-2026'))
    .action(async (id, options) => {
      const service = openService(session, options);
      showLicence(service, await readLicence(service.client, id));
    });
}

export async function readLicence(client: OperatorClient, id: string): Promise<LicenceItem> {
  return (await client({ path: pathOf(id) })).body as LicenceItem;
}

/** Writes a licence in place of the one with this ETag, or anew, and shows it. */
export async function putLicence(service: Service, licence: LicenceItem['licence'], version?: string): Promise<void> {
  const call = { method: 'PUT', path: pathOf(String(licence['id'])), body: jsonBody(licence) } as const;
  const { body } = await service.client(version === undefined ? call : { ...call, version });
  showLicence(service, body as LicenceItem);
}

export function pathOf(id: string): string {
  return `/licences/${encodeURIComponent(id)}`;
}

function showLicence({ show, session }: Service, item: LicenceItem): void {
  const { licence, usage, changedAt, changedBy } = item;
  const facts = Object.fromEntries(Object.entries(licence).map(([name, value]) => [name, cell(value)]));
  const over = usage !== undefined && usage.over > 0 ? `, ${usage.over} more than there are` : '';
  const taken = usage === undefined ? {} : { 'seats taken': `${usage.taken}${over}` };
  show(item, () => rows({ ...facts, ...taken, changed: `${changedAt} by ${changedBy}` }, session.terminal));
}
