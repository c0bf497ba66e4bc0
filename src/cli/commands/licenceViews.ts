import type { Answers } from '../operatorAnswers.ts';
import { Option } from '@commander-js/extra-typings';
import type * as z from 'zod';
import type { EffectiveStatus } from '../../contract/operators/licenceFilter.ts';
import type { EffectReportJson } from '../../contract/operators/records.ts';
import type { licenceEntry } from '../../contract/operators/licence.ts';
import type { Session } from '../command.ts';
import { end } from '../endings.ts';
import type { EndingFlags } from '../endings.ts';
import { rows } from '../layout.ts';
import type { OperatorClient } from '../operatorClient.ts';
import { OPTIONS, parseInstant } from '../options.ts';
import { describeSubscriptions, listSubscriptions } from '../subscriptions.ts';
import { jsonBody, openService, serviceCommand, serviceHelp, showList } from '../serviceCommand.ts';
import type { Service } from '../serviceCommand.ts';
import { cell } from '../table.ts';
import type { Column } from '../table.ts';

type LicenceItem = Answers['LicenceItem'];
export type LicenceDetail = Answers['LicenceDetail'];

const COLUMNS: readonly Column<Answers['ListedLicence']>[] = [
  ['ID', ({ licence }) => licence.id],
  ['STATUS', ({ effective }) => effective],
  ['CUSTOMER', ({ licence }) => licence.customer?.name],
  ['CLASS', ({ licence }) => licence.class],
  ['SEATS', ({ licence }) => licence.seats],
  ['OVERAGE', ({ licence }) => licence.overage],
  ['OFFER', ({ licence }) => licence.offer],
  ['SUBSCRIPTIONS', ({ licence }) => summarizeSubscriptions(licence)],
  ['VALID UNTIL', ({ licence }) => licence.validUntil],
];

const STATUSES = [
  'active',
  'not_yet',
  'expired',
  'suspended',
  'revoked',
  'offer_suspended',
] as const satisfies readonly EffectiveStatus[];

export const USUAL_CLOUD = 'AzurePublicCloud';

export const LICENCE_ID = ['<id>', 'the id of the licence'] as const;

export function createList(session: Session) {
  return serviceCommand('list', 'Lists licences, each with what it is worth now.')
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
    .action((options) => {
      const { subscription, cloud = subscription === undefined ? undefined : USUAL_CLOUD, limit } = options;
      const { query: words, status, offer, endsBefore, sort } = options;
      const query = { query: words, status, offer, endsBefore, sort, cloud, subscription };
      const call = { path: '/licences', query, item: 'ListedLicence' } as const;
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
