import * as z from 'zod';
import { formatInstant, isInstant } from '../../contract/instants.ts';
import { DECISION_CODES } from '../../contract/operators/decision.ts';
import { cloud, must } from '../../contract/operators/fields.ts';
import { statisticsPage } from '../../contract/operators/statistics.ts';
import type { StatisticsPageJson } from '../../contract/operators/statistics.ts';
import { isSameName } from '../../contract/planName.ts';
import { ContinuationError } from '../../contract/stored.ts';
import { RequestError } from '../../http/requestError.ts';
import { addCounts, HOUR, NO_COUNTS, NO_OFFER, readDimension, readIssuer } from '../../views/countDecisions.ts';
import type { HourCounts } from '../../views/countDecisions.ts';
import { readStatistics as readCounted, roundTimes } from '../../views/readStatistics.ts';
import type { StatisticsReader } from '../../views/readStatistics.ts';
import type { Times } from '../../views/store.ts';
import { NO_BODY } from '../edge/bodies.ts';
import { pageQuery } from '../edge/pages.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';

export interface StatisticsNeeds {
  readonly store: StatisticsReader;
}

const defineRoute = routesThatNeed<StatisticsNeeds>();

const DAY = 24 * HOUR;
const PERIODS = { hour: HOUR, day: DAY } as const;
/** Milliseconds that one answer is about: the rows of an hour are read for either. */
const MAX_RANGE = { hour: 31 * DAY, day: 400 * DAY } as const;
const USUAL_PAGE = 1_000;

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const listQuery = z.strictObject({
  from: time.optional().describe('The hour or day of this time is the first; unless given, 24 hours before `until`.'),
  until: time.optional().describe('The hour or day before this time is the last; unless given, it is now.'),
  by: z.enum(['hour', 'day'], must('be hour or day')).default('hour'),
  code: z.enum(DECISION_CODES).optional(),
  offer: z.string().min(1).max(512).optional().describe(`\`publisher/product/plan\`, or \`${NO_OFFER}\` for none.`),
  cloud: cloud.optional(),
  limit: pageQuery.limit.describe(
    `About how many items: whole hours or days, at least one. 1 to 1,000, unless given ${USUAL_PAGE}.`,
  ),
  continuation: pageQuery.continuation,
});

type Query = z.output<typeof listQuery>;

const readStatistics = defineRoute({
  ...{ name: 'readStatistics', role: 'Reader' },
  summary: 'How many VMs were granted and refused, by code, offer and cloud, in hours or days; and issues by CA',
  ...{ params: NOTHING, query: listQuery, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: statisticsPage },
  codes: [],
  handle: async ({ needs, query, change: { at } }) => {
    const period = PERIODS[query.by];
    const times = readTimes(query, at);
    const start = query.continuation === undefined ? times.from : parsePlace(query.continuation, times, period);
    const { hours, asOf } = await readCounted(needs.store, { ...times, from: start }, at);
    const { items, issues, next } = fillPage(groupByPeriod(hours, period), query);
    const value = {
      ...{ by: query.by, from: formatInstant(times.from), until: formatInstant(times.until) },
      ...{ asOf: formatInstant(asOf), cloud: query.cloud ?? null, items, issues },
      continuation: next === null ? null : formatInstant(next),
    };
    return { value };
  },
});

export const STATISTICS_ROUTES: readonly OperatorRoute<StatisticsNeeds>[] = [readStatistics];

/** @throws {RequestError} `request_malformed` */
function readTimes({ from, until, by }: Query, now: number): Times {
  const end = until ?? now;
  const start = from ?? end - DAY;
  if (start > end) {
    throw new RequestError('request_malformed', 'from is later than until: name the earlier time in from.');
  }
  if (end - start > MAX_RANGE[by]) {
    const days = MAX_RANGE[by] / DAY;
    throw new RequestError('request_malformed', `By ${by} an answer is about at most ${days} days. Ask in parts.`);
  }
  const times = roundTimes({ from: start, until: end }, PERIODS[by]);
  if (isInstant(times.from) && isInstant(times.until)) return times;
  throw new RequestError('request_malformed', 'Whole hours and days must be within the years 0000 to 9999 in UTC.');
}

/** The beginning of the next period. @throws {ContinuationError} */
function parsePlace(continuation: string, { from, until }: Times, period: number): number {
  const at = Date.parse(continuation);
  if (at > from && at < until && at % period === 0) return at;
  throw new ContinuationError('The continuation is not one of this list: begin the list anew.');
}

type Period = readonly [start: number, counts: HourCounts];

function groupByPeriod(hours: ReadonlyMap<number, HourCounts>, period: number): readonly Period[] {
  const periods = new Map<number, HourCounts>();
  for (const [hour, counts] of hours) {
    const start = Math.floor(hour / period) * period;
    periods.set(start, addCounts([periods.get(start) ?? NO_COUNTS, counts]));
  }
  return [...periods].sort(([left], [right]) => left - right);
}

interface Page {
  readonly items: StatisticsPageJson['items'];
  readonly issues: StatisticsPageJson['issues'];
  /** The period that the next page begins with. */
  readonly next: number | null;
}

function fillPage(periods: readonly Period[], query: Query): Page {
  const page: Page = { items: [], issues: [], next: null };
  for (const period of periods) {
    const items = listDecisions(period, query);
    const issues = listIssues(period, query);
    const before = page.items.length + page.issues.length;
    if (before > 0 && before + items.length + issues.length > (query.limit ?? USUAL_PAGE)) {
      return { ...page, next: period[0] };
    }
    page.items.push(...items);
    page.issues.push(...issues);
  }
  return page;
}

function listDecisions([start, { decisions }]: Period, { code, offer, cloud: where }: Query): Page['items'] {
  return [...decisions]
    .map(([key, count]) => ({ ...readDimension(key), count }))
    .filter((one) => code === undefined || one.code === code)
    .filter((one) => offer === undefined || isSameName(one.offer, offer))
    .filter((one) => where === undefined || one.cloud === where)
    .sort(
      (left, right) =>
        compare(left.code, right.code) || compare(left.offer, right.offer) || compare(left.cloud, right.cloud),
    )
    .map((one) => ({ at: formatInstant(start), ...one }));
}

function listIssues([start, { issues }]: Period, { cloud: where }: Query): Page['issues'] {
  return [...issues]
    .map(([key, count]) => ({ ...readIssuer(key), count }))
    .filter((one) => where === undefined || one.cloud === where)
    .sort((left, right) => compare(left.cloud, right.cloud) || compare(left.name, right.name))
    .map(({ name: issuer, ...one }) => ({ at: formatInstant(start), issuer, ...one }));
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
