import * as z from 'zod';
import { dayOf, dayStart } from '../../contract/dayHours.ts';
import { formatInstant, formatNullable, isInstant } from '../../contract/instants.ts';
import { must } from '../../contract/operators/fields.ts';
import { POOL_KINDS, poolHistory, poolPage } from '../../contract/operators/pool.ts';
import type { PoolJson } from '../../contract/operators/pool.ts';
import { findNamedPool } from '../../seats/namedPool.ts';
import { RequestError } from '../../http/requestError.ts';
import { countPool } from '../../usage/countPool.ts';
import type { PoolCounts } from '../../usage/countPool.ts';
import type { UsageReader } from '../../usage/store.ts';
import { tellRefusals } from '../../views/projectPools.ts';
import type { PoolView, PoolViewStore } from '../../views/store.ts';
import { NO_BODY } from '../edge/bodies.ts';
import { pageQuery, readPageQuery, writePage } from '../edge/pages.ts';
import { parsePool } from '../vms/pools.ts';
import type { PoolNeeds } from '../vms/pools.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';

export interface PoolListNeeds {
  readonly store: PoolNeeds['store'] & Pick<PoolViewStore, 'pagePoolViews'> & UsageReader;
}

const defineRoute = routesThatNeed<PoolListNeeds>();

const listQuery = z.strictObject({
  sort: z
    .enum(['name', 'fullest'], must('be name or fullest'))
    .default('name')
    .describe('fullest: those with the greatest share of their seats taken come first.'),
  kind: z.enum(POOL_KINDS, must(`be one of ${POOL_KINDS.join(', ')}`)).optional(),
  ...pageQuery,
});

const listPools = defineRoute({
  ...{ name: 'listPools', role: 'Reader' },
  summary: 'Every pool of seats: of licences, of trials, and of subscriptions in marketplace mode',
  ...{ params: NOTHING, query: listQuery, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: poolPage },
  codes: [],
  handle: async ({ needs, query, change: { at }, log }) => {
    const page = await needs.store.pagePoolViews(query.sort, readPageQuery(query), query.kind);
    return { value: writePage(page, ({ value }) => writePool(value, at), { log }) };
  },
});

const DAY = 24 * 60 * 60 * 1000;
const USUAL_DAYS = 30;
const MAX_DAYS = 400;

const day = z.iso.date(must('be a day such as "2026-11-01" (UTC)')).transform((text) => Date.parse(text));

const historyQuery = z.strictObject({
  from: day.optional().describe(`The first day; unless given, ${USUAL_DAYS} days before \`to\`.`),
  to: day.optional().describe(`The day after the last one, at most ${MAX_DAYS} days later; unless given, tomorrow.`),
});

const readHistory = defineRoute({
  ...{ name: 'readPoolHistory', role: 'Reader' },
  summary: 'How many VMs were licensed in a pool, day by day',
  params: z.strictObject({ pool: z.string().min(1).max(512).describe('The name of the pool.') }),
  ...{ query: historyQuery, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: poolHistory },
  codes: ['not_found'],
  handle: async ({ needs: { store }, params, query, change: { at } }) => {
    const pool = parsePool(params.pool);
    const until = query.to ?? dayStart(dayOf(at) + 1);
    const from = query.from ?? until - USUAL_DAYS * DAY;
    checkDays(from, until);
    const [named, counts] = await Promise.all([
      findNamedPool(store, pool),
      countPool(store, pool, { from, until, now: at, of: null }),
    ]);
    if (named === null && counts.licenceId === null) {
      throw new RequestError('not_found', 'There is no such pool, and none was used in these days.');
    }
    return { value: { pool: params.pool, limit: named?.seats ?? null, days: listDays(counts, from, until) } };
  },
});

export const POOL_ROUTES: readonly OperatorRoute<PoolListNeeds>[] = [listPools, readHistory];

function checkDays(from: number, until: number): void {
  if (from >= until) throw new RequestError('request_malformed', 'to must be later than from.');
  if (!isInstant(from)) throw new RequestError('request_malformed', 'The days must be within the years 0000 to 9999.');
  if (until - from > MAX_DAYS * DAY) {
    throw new RequestError('request_malformed', `These are more than ${MAX_DAYS} days: ask for them in parts.`);
  }
}

/** A VM is in one pool under one offer in an hour, so offers add up. */
function listDays({ offers }: PoolCounts, from: number, until: number) {
  const days = Array.from({ length: (until - from) / DAY }, (_, index) => dayOf(from) + index);
  return days.map((number) => {
    const hours = Array.from({ length: 24 }, (_, hour) =>
      [...offers.values()].reduce((sum, counts) => sum + (counts.get(number)?.[hour] ?? 0), 0),
    );
    return {
      day: new Date(dayStart(number)).toISOString().slice(0, 10),
      vmHours: hours.reduce((sum, count) => sum + count, 0),
      mostAtOnce: Math.max(...hours),
    };
  });
}

/** As answers have it. @param at milliseconds since the epoch */
export function writePool(view: PoolView, at: number): PoolJson {
  const { name, licenceId, kind, customer, cloud, subscriptionId, offer, seats, overage, taken, over } = view;
  const refused = tellRefusals(view, at);
  return {
    ...{ pool: name, licence: licenceId, kind, customer, cloud, subscription: subscriptionId, offer },
    ...{ taken, limit: seats, overage, over, overSince: formatNullable(view.overSince) },
    lastSeen: formatNullable(view.lastSeen),
    refused: { ...refused, since: formatNullable(refused.since) },
    asOf: formatInstant(view.asOf),
  };
}
