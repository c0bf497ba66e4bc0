import type { ServiceInput } from '../actions.ts';
import { LIST_OPTIONS, createActionCommand, defineAction, deleteAt, positionalsOf, showList } from '../actions.ts';
import { UsageError } from '../command.ts';
import type { OperatorClient } from '../operatorClient.ts';
import { OPERATOR_SETTINGS_HELP } from '../operatorClient.ts';
import { rows } from '../printable.ts';
import { cell } from '../table.ts';
import type { Column } from '../table.ts';

const help = `countersign offers list|show|suspend|resume|delete

What is sold, and on which terms. New offers, and other changes, go through a file: countersign apply.

list                 the offers
show NAME            one offer; NAME is publisher/product/plan, the plan may be *
suspend NAME         no VM gets a new licence under it, within 30 seconds, on all instances
resume NAME          VMs get licences again
delete NAME          as if it had never been; its licences must be deleted first

Options:
  --limit N      list: how many at most (default: 100)
  --service URL  the service
  --json         print one JSON value and nothing else

${OPERATOR_SETTINGS_HELP}
Examples:
  countersign offers list
  countersign offers suspend contoso/gateway/standard
`;

/** As the service answers it. */
interface OfferItem {
  readonly offer: Readonly<Record<string, unknown>>;
  readonly etag: string;
  readonly changedBy: string;
  readonly changedAt: string;
}

const COLUMNS: readonly Column<OfferItem>[] = [
  ['OFFER', ({ offer }) => offer['offer']],
  ['MODE', ({ offer }) => offer['mode']],
  ['STATUS', ({ offer }) => offer['status']],
  ['SKUS', ({ offer }) => offer['skus']],
  ['LIFETIME', ({ offer }) => offer['lifetime']],
  ['LEASE', ({ offer }) => offer['lease']],
  ['CHANGED', ({ changedAt }) => changedAt],
];

export const offers = createActionCommand('offers', {
  summary: 'list, show, suspend, resume and delete offers, through the service',
  help,
  actions: {
    list: defineAction(LIST_OPTIONS, (input) =>
      showList(input, { path: '/offers' }, { limit: input.values.limit, columns: COLUMNS }),
    ),
    show: defineAction({}, async (input) => {
      showOffer(input, await readOffer(input.client, input.positionals));
    }),
    suspend: defineAction({}, (input) => changeStatus(input, 'suspended')),
    resume: defineAction({}, (input) => changeStatus(input, 'active')),
    delete: defineAction({}, async (input) => {
      const { offer, etag } = await readOffer(input.client, input.positionals);
      await deleteAt(input, pathOf(String(offer['offer'])), etag);
    }),
  },
});

async function readOffer(client: OperatorClient, positionals: readonly string[]): Promise<OfferItem> {
  const [name] = positionalsOf(positionals, 'an offer, publisher/product/plan');
  return (await client({ path: pathOf(name) })).body as OfferItem;
}

function pathOf(name: string): string {
  const parts = name.split('/');
  if (parts.length !== 3) throw new UsageError(`"${name}" is no offer: name it publisher/product/plan`);
  return `/offers/${parts.map(encodeURIComponent).join('/')}`;
}

async function changeStatus(input: ServiceInput, status: string): Promise<void> {
  const { offer, etag } = await readOffer(input.client, input.positionals);
  const body = { text: JSON.stringify({ ...offer, status }), mediaType: 'application/json' };
  const changed = await input.client({ method: 'PUT', path: pathOf(String(offer['offer'])), body, version: etag });
  showOffer(input, changed.body as OfferItem);
}

function showOffer({ show }: ServiceInput, item: OfferItem): void {
  const facts = Object.entries(item.offer).map(([name, value]) => [name, cell(value)] as const);
  show(item, () => rows({ ...Object.fromEntries(facts), changed: `${item.changedAt} by ${item.changedBy}` }));
}
