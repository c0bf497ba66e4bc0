import * as z from 'zod';
import { USAGE_HEADER, writeUsageFile } from '../../catalogue/file/usageFile.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import type { CatalogueStore } from '../../catalogue/store.ts';
import { CLOUD_NAMES } from '../../contract/clouds.ts';
import { cloud, licenceId, must, planName, uuid } from '../../contract/operators/fields.ts';
import { pageOf } from '../../contract/operators/records.ts';
import { usageRow } from '../../contract/operators/usage.ts';
import type { UsageRowJson } from '../../contract/operators/usage.ts';
import { inTurns } from '../../contract/pieces.ts';
import { formatPlanName } from '../../contract/planName.ts';
import type { PageRequest } from '../../contract/stored.ts';
import { RequestError } from '../../http/requestError.ts';
import { reportUsage } from '../../usage/report.ts';
import type { UsageItem, UsageQuery } from '../../usage/report.ts';
import type { UsageReader } from '../../usage/store.ts';
import { NO_BODY } from '../edge/bodies.ts';
import { pageQuery, readPageQuery } from '../edge/pages.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';

export interface UsageNeeds {
  readonly store: UsageReader & Pick<CatalogueStore, 'readLicence'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const defineRoute = routesThatNeed<UsageNeeds>();

const MAX_DAYS = 400;
const DAY = 24 * 60 * 60 * 1000;

const TIME = must('be a day such as "2026-11-01" (UTC), or a time with its zone such as "2026-11-01T00:00:00Z"');

/** To milliseconds since the epoch. */
const time = z.union([z.iso.date(), z.iso.datetime({ offset: true })], TIME).transform((text) => Date.parse(text));

const usageQuery = z.strictObject({
  from: time.describe('The first day, or a time. An hour belongs to the range in which it begins.'),
  to: time.describe(`The day after the last one, or a time: exclusive, at most ${MAX_DAYS} days after \`from\`.`),
  by: z.enum(['day', 'month'], must('be day or month')).default('day'),
  licence: z.string().min(1).max(700).optional().describe('One licence, by its id, or `mp:…` or `trial:…`.'),
  offer: planName.optional().describe('What was licensed under one offer.'),
  cloud: cloud.optional().describe(`${CLOUD_NAMES.join(', ')}. With it: subscription.`),
  subscription: uuid.optional().describe('With it: cloud.'),
});

type Query = z.output<typeof usageQuery>;

const readUsage = defineRoute({
  ...{ name: 'readUsage', role: 'Reader' },
  summary: 'Hours in which VMs were licensed, and how many VMs at once, by licence, offer and day or month',
  ...{ params: NOTHING, query: usageQuery.extend(pageQuery), body: NO_BODY },
  answer: { mediaType: 'application/json', schema: pageOf(usageRow) },
  codes: ['not_found'],
  handle: async ({ needs, query, change: { at } }) => {
    const { items, continuation } = await readRows(needs, query, { at, page: readPageQuery(query) });
    return { value: { items: [...items], continuation, cloud: query.cloud ?? null } };
  },
});

/** Of one answer. */
const MAX_ROWS = 100_000;
/** Milliseconds: the platform ends a request after 230 seconds. */
const MAX_TIME = 180_000;

const exportUsage = defineRoute({
  ...{ name: 'exportUsage', role: 'Reader' },
  summary: `The same as CSV, at most ${MAX_ROWS} rows`,
  ...{ params: NOTHING, query: usageQuery, body: NO_BODY },
  answer: { mediaType: 'text/csv', schema: z.string().describe(`RFC 4180 with a header: ${USAGE_HEADER}.`) },
  codes: ['not_found'],
  handle: async ({ needs, query, change: { at } }) => {
    const rows: UsageRowJson[] = [];
    let continuation: string | undefined;
    do {
      const page = await readRows(needs, query, { at, page: { size: 1_000, continuation } });
      rows.push(...page.items);
      continuation = page.continuation ?? undefined;
      if (continuation !== undefined && (rows.length >= MAX_ROWS || needs.now() - at >= MAX_TIME)) throw tooMuch();
    } while (continuation !== undefined);
    return { value: await inTurns(writeUsageFile(rows)) };
  },
});

export const USAGE_ROUTES: readonly OperatorRoute<UsageNeeds>[] = [readUsage, exportUsage];

function tooMuch(): RequestError {
  const detail =
    'This is too much usage for one file. Ask for fewer days, for one licence, or by month, or read it as JSON page by page.';
  return new RequestError('request_malformed', detail);
}

interface Asked {
  readonly at: number;
  readonly page: PageRequest;
}

async function readRows(needs: UsageNeeds, query: Query, { at, page }: Asked) {
  const asked = readQuery(query, at);
  const { items, next } = await reportUsage(needs.store, asked, { ...page, clock: needs.now });
  if (items.length === 0 && next === null && page.continuation === undefined) await checkLicence(needs, asked.pool);
  return { items: items.map((item) => writeRow(item, asked)), continuation: next };
}

/** A misspelt id is no licence without usage; one that was deleted still has its usage. */
async function checkLicence({ store }: UsageNeeds, pool: SeatPool | null): Promise<void> {
  if (pool?.kind !== 'licence' || (await store.readLicence(pool.id)) !== null) return;
  throw new RequestError('not_found', 'There is no licence with this id, and none with it was used in this time.');
}

function readQuery({ from, to, by, licence, offer, cloud, subscription }: Query, now: number): UsageQuery {
  if (from >= to) throw new RequestError('request_malformed', 'to must be later than from.');
  if (to - from > MAX_DAYS * DAY) {
    throw new RequestError('request_malformed', `These are more than ${MAX_DAYS} days: ask for them in parts.`);
  }
  if ((cloud === undefined) !== (subscription === undefined)) {
    throw new RequestError('request_malformed', 'cloud and subscription go together: name both or neither.');
  }
  const of = cloud === undefined || subscription === undefined ? null : { cloud, subscriptionId: subscription };
  const pool = licence === undefined ? null : parseLicence(licence);
  return { from, until: to, now, of, by, pool, offer: offer === undefined ? null : formatPlanName(offer) };
}

const ownPool = z.tuple([z.enum(['mp', 'trial']), z.enum(CLOUD_NAMES), uuid, planName]);

/** The pool of a licence as tokens call it: its id, `mp:…` or `trial:…`. Whether it is still there does not matter. */
function parseLicence(id: string): SeatPool {
  if (licenceId.safeParse(id).success) return { kind: 'licence', id };
  const parsed = ownPool.safeParse(id.split(':'));
  if (!parsed.success) throw new RequestError('not_found', 'No licence can be called so.');
  const [prefix, cloud, subscriptionId, plan] = parsed.data;
  return { kind: prefix === 'mp' ? 'marketplace' : 'trial', cloud, subscriptionId, plan };
}

function writeRow({ period, licence, offer, vmHours, mostAtOnce }: UsageItem, { of }: UsageQuery): UsageRowJson {
  const subscription = of === null ? {} : { cloud: of.cloud, subscription: of.subscriptionId };
  return { period, licence, offer, ...subscription, vmHours, mostAtOnce };
}
