import type { Answers } from '../../operatorAnswers.ts';
import { Option } from '@commander-js/extra-typings';
import type * as z from 'zod';
import type { EffectiveStatus } from '../../../contract/operators/licenceFilter.ts';
import type { PoolJson } from '../../../contract/operators/pool.ts';
import type { EffectReportJson } from '../../../contract/operators/records.ts';
import type { licenceEntry } from '../../../contract/operators/licence.ts';
import type { Session } from '../../command.ts';
import { end } from '../../endings.ts';
import type { EndingFlags } from '../../endings.ts';
import { rows } from '../../layout.ts';
import { readList, readPage } from '../../operatorClient.ts';
import type { OperatorClient } from '../../operatorClient.ts';
import { OPTIONS, USUAL_CLOUD, parseInstant } from '../../options.ts';
import { describeSubscriptions, listSubscriptions } from '../../subscriptions.ts';
import { jsonBody, openService, serviceCommand, serviceHelp, showItems } from '../../serviceCommand.ts';
import type { Service } from '../../serviceCommand.ts';
import { cell } from '../../table.ts';
import type { Column } from '../../table.ts';

type LicenceItem = Answers['LicenceItem'];
export type LicenceDetail = Answers['LicenceDetail'];

/** With the seats of its pool as they were counted last; null where they were not yet. */
type SeatedLicence = Answers['ListedLicence'] & Readonly<Record<'taken' | 'over', number | null>>;

const COLUMNS: readonly Column<SeatedLicence>[] = [
  ['ID', ({ licence }) => licence.id],
  ['STATUS', ({ effective }) => effective],
  ['CUSTOMER', ({ licence }) => licence.customer?.name],
  ['CLASS', ({ licence }) => licence.class],
  ['SEATS', ({ licence }) => licence.seats],
  ['OVERAGE', ({ licence }) => licence.overage],
  ['OFFER', ({ licence }) => licence.offer],
  ['SUBSCRIPTIONS', ({ licence }) => summarizeSubscriptions(licence)],
  ['VALID UNTIL', ({ licence }) => licence.validUntil],
  ['TAKEN', ({ taken }) => taken],
  ['OVER', ({ over }) => over],
];

const STATUSES = [
  'active',
  'not_yet',
  'expired',
  'suspended',
  'revoked',
  'offer_suspended',
] as const satisfies readonly EffectiveStatus[];

export const LICENCE_ID = ['<id>', 'the id of the licence'] as const;

export function createList(session: Session) {
  return serviceCommand(
    'list',
    'Lists licences, each with what it is worth now and the seats that were taken when they were counted last.',
  )
    .option('--query <words>', 'with words that begin so in the id, the customer or the note')
    .addOption(new Option('--status <status>', 'worth this now').choices(STATUSES))
    .option('--offer <offer>', 'of this offer, publisher/product/plan; the plan may be *')
    .option('--ends-before <time>', 'that end before this time, RFC 3339', parseInstant)
    .addOption(new Option('--sort <order>', 'default: by id').choices(['customer', 'end', 'changed'] as const))
    .option('--subscription <uuid>', 'of this subscription')
    .option('--cloud <name>', `of this cloud (with --subscription: ${USUAL_CLOUD} unless given)`)
    .option(...OPTIONS.limit)
    .addHelpText(
      'after',
      serviceHelp(
        'countersign licences list --subscription aaaaaaaa-0000-4000-8000-000000000001',
        'countersign licences list --query fabrikam',
        'countersign licences list --sort end --ends-before 2027-01-01T00:00:00Z',
      ),
    )
    .action(async (options) => {
      const { subscription, cloud = subscription === undefined ? undefined : USUAL_CLOUD, limit } = options;
      const { query: words, status, offer, endsBefore, sort } = options;
      const query = { query: words, status, offer, endsBefore, sort, cloud, subscription };
      const call = { path: '/licences', query, item: 'ListedLicence' } as const;
      const service = openService(session, options);
      const { items, more } = await readList(service.client, call, limit);
      showItems(service, { items: await addSeats(service.client, items), more }, COLUMNS);
    });
}

/** Pools come in the order of their names, and those of licences come first. */
async function addSeats(
  client: OperatorClient,
  listed: readonly Answers['ListedLicence'][],
): Promise<readonly SeatedLicence[]> {
  const missing = new Set(listed.map(({ licence }) => licence.id));
  const pools = new Map<string, PoolJson>();
  let continuation: string | undefined;
  while (missing.size > 0) {
    const query = { sort: 'name', limit: '1000', continuation };
    const page = await readPage(client, { path: '/pools', query, item: 'Pool' });
    for (const pool of page.items) {
      if (pool.kind === 'licence' && missing.delete(pool.licence)) pools.set(pool.licence, pool);
    }
    continuation = page.continuation ?? undefined;
    if (continuation === undefined || page.items.some(({ kind }) => kind !== 'licence')) break;
  }
  return listed.map((one) => {
    const { taken = null, over = null } = pools.get(one.licence.id) ?? {};
    return { ...one, taken, over };
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

export function readLicence(client: OperatorClient, id: string): Promise<LicenceDetail> {
  return client({ path: pathOf(id), answer: 'LicenceDetail' });
}

/** What an operator sends: what it leaves out has its default. */
export type LicenceEntry = z.input<typeof licenceEntry>;

/** Writes a new licence, and shows it. */
export function putLicence(service: Service, flags: EndingFlags, licence: LicenceEntry): Promise<void> {
  return end(service, flags, {
    effect: null,
    call: { method: 'PUT', path: pathOf(licence.id), body: jsonBody(licence), answer: 'LicenceItem' },
    show: (item) => {
      showLicence(service, item);
    },
  });
}

/** Members of a licence that change. What is undefined or null is removed, and has its default then. */
export type LicencePatch = Readonly<Partial<Record<keyof LicenceEntry, unknown>>>;

interface PatchedLicence extends Pick<LicenceItem, 'licence' | 'etag'> {
  readonly patch: LicencePatch;
  /** What it takes from somebody; null where it takes nothing. */
  readonly effect: ((report: EffectReportJson) => string) | null;
}

/** Changes a licence at the version with this ETag. */
export function patchLicence(
  service: Service,
  flags: EndingFlags,
  { licence, etag, patch, effect }: PatchedLicence,
): Promise<void> {
  const members = Object.entries(patch).map(([name, value]) => [name, value ?? null] as const);
  const body = { text: JSON.stringify(Object.fromEntries(members)), mediaType: 'application/merge-patch+json' };
  return end(service, flags, {
    effect,
    call: { method: 'PATCH', path: pathOf(licence.id), body, version: etag, answer: 'LicenceItem' },
    show: (item) => {
      showLicence(service, item);
    },
  });
}

export function pathOf(id: string): string {
  return `/licences/${encodeURIComponent(id)}`;
}

/** The only one, or how many. */
function summarizeSubscriptions(licence: LicenceItem['licence']): string {
  const list = listSubscriptions(licence);
  return list.length === 1 ? describeSubscriptions(licence) : `${list.length} subscriptions`;
}

function showLicence({ show, session }: Service, item: LicenceItem & Partial<LicenceDetail>): void {
  const { licence, usage, changedAt, changedBy } = item;
  const { customer, ...terms } = licence;
  const scope = ['cloud', 'subscription', 'subscriptions'];
  const facts = Object.entries(terms).filter(([name]) => !scope.includes(name));
  const people = {
    customer: cell(customer?.name),
    ...(customer !== null && {
      'customer reference': cell(customer.reference),
      'customer contact': cell(customer.contact),
    }),
  };
  const view = {
    ...Object.fromEntries(facts.map(([name, value]) => [name, cell(value)])),
    ...people,
    subscriptions: describeSubscriptions(licence),
    ...(usage === undefined ? {} : { 'seats taken': describeUsage(usage) }),
    changed: `${changedAt} by ${changedBy}`,
  };
  show(item, () => rows(view, session.terminal));
}

function describeUsage({ taken, over, overSince }: LicenceDetail['usage']): string {
  if (over === 0) return `${taken}`;
  const since = overSince === null ? '' : ` since ${overSince}`;
  return `${taken}, ${over} more than there are${since}`;
}
