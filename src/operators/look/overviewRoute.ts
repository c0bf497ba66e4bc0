import * as z from 'zod';
import { formatInstant } from '../../contract/instants.ts';
import { must } from '../../contract/operators/fields.ts';
import { overview } from '../../contract/operators/overview.ts';
import type { OverviewJson } from '../../contract/operators/overview.ts';
import { formatPlanName } from '../../contract/planName.ts';
import type { Log } from '../../http/edge.ts';
import { thumbprint } from '../../tokens/publicJwk.ts';
import type { KeySets } from '../../tokens/keySets/keySets.ts';
import type { SigningKey } from '../../tokens/keySet.ts';
import { SigningKeyUnavailableError } from '../../tokens/signer.ts';
import type { SigningKeys } from '../../tokens/signingKeys.ts';
import type { LiveTrust } from '../../trust/live/liveTrust.ts';
import { addCounts, HOUR, NO_COUNTS, readDimension, readRefused } from '../../views/countDecisions.ts';
import type { HourCounts } from '../../views/countDecisions.ts';
import { readStatistics, roundTimes } from '../../views/readStatistics.ts';
import type { Statistics, StatisticsReader } from '../../views/readStatistics.ts';
import type { PoolViewStore, SortedLicenceStore, Times } from '../../views/store.ts';
import { NO_BODY } from '../edge/bodies.ts';
import { writePool } from './poolRoutes.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';

/** What the service found when it probed what it needs. */
export interface Readiness {
  readonly state: OverviewJson['readiness']['state'];
  readonly probedAt: string;
  readonly probes: Readonly<Record<string, Omit<OverviewJson['readiness']['probes'][number], 'name'>>>;
}

export interface OverviewNeeds {
  readonly store: StatisticsReader & Pick<PoolViewStore, 'pagePoolViews'> & SortedLicenceStore;
  readonly readReadiness: (log: Log) => Promise<Readiness>;
  readonly trust: Pick<LiveTrust, 'latest'>;
  readonly signingKeys: Pick<SigningKeys, 'readPublished'>;
  readonly keySets: Pick<KeySets, 'read'>;
  readonly acceptedClouds: readonly string[];
}

const defineRoute = routesThatNeed<OverviewNeeds>();

const DAY = 24 * HOUR;
/** Milliseconds of each period, and of each of its bars. */
const PERIODS = { '24h': { span: DAY, bar: HOUR, by: 'hour' }, '7d': { span: 7 * DAY, bar: DAY, by: 'day' } } as const;
const ENDING = 60 * DAY;
const MAX_ENDING = 20;
const MOST = 10;

const query = z.strictObject({ period: z.enum(['24h', '7d'], must('be 24h or 7d')).default('24h') });

const readOverview = defineRoute({
  ...{ name: 'readOverview', role: 'Reader' },
  summary: 'What to look at first: readiness, grants and refusals, who is refused, the fullest pools, what ends soon',
  ...{ params: NOTHING, query, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: overview },
  codes: [],
  handle: async ({ needs, query: { period }, change: { at }, log }) => {
    const { store } = needs;
    const { span, bar, by } = PERIODS[period];
    const shown = roundTimes({ from: at - span, until: at }, bar);
    // Refusals of today are compared with those of yesterday.
    const read = { ...roundTimes({ from: Math.min(shown.from, at - 2 * DAY), until: at }, HOUR) };
    const [statistics, readiness, pools, ending] = await Promise.all([
      readStatistics(store, read, at),
      needs.readReadiness(log),
      store.pagePoolViews('fullest', { size: MOST }),
      listEnding(needs, at),
    ]);
    const value = {
      ...{ at: formatInstant(at), asOf: formatInstant(statistics.asOf), cloud: null },
      readiness: writeReadiness(readiness),
      decisions: { period, by, ...writeTimes(shown), items: listDecisions(statistics, shown, bar) },
      refused: listRefused(statistics, read.until),
      pools: pools.items.map(({ value: pool }) => writePool(pool, at)),
      ending,
    };
    return { value };
  },
});

export const OVERVIEW_ROUTES: readonly OperatorRoute<OverviewNeeds>[] = [readOverview];

function writeReadiness({ state, probedAt, probes }: Readiness): OverviewJson['readiness'] {
  return { state, probedAt, probes: Object.entries(probes).map(([name, probe]) => ({ name, ...probe })) };
}

function writeTimes({ from, until }: Times) {
  return { from: formatInstant(from), until: formatInstant(until) };
}

function listDecisions({ hours }: Statistics, { from, until }: Times, bar: number) {
  const bars = new Map<string, OverviewJson['decisions']['items'][number]>();
  const shown = [...hours].filter(([hour]) => hour >= from && hour < until).sort(([left], [right]) => left - right);
  for (const [hour, { decisions }] of shown) {
    const at = formatInstant(Math.floor(hour / bar) * bar);
    for (const [key, count] of decisions) {
      const { code } = readDimension(key);
      bars.set(`${at} ${code}`, { at, code, count: count + (bars.get(`${at} ${code}`)?.count ?? 0) });
    }
  }
  return [...bars.values()];
}

/** @param until the end of the hour that it is now, in milliseconds since the epoch */
function listRefused({ hours }: Statistics, until: number): OverviewJson['refused'] {
  const sum = (from: number): HourCounts =>
    addCounts([
      NO_COUNTS,
      ...[...hours].filter(([hour]) => hour >= from && hour < from + DAY).map(([, counts]) => counts),
    ]);
  const [today, yesterday] = [sum(until - DAY), sum(until - 2 * DAY)];
  const items = [...today.refused]
    .sort(([, left], [, right]) => right - left)
    .map(([key, last24h]) => {
      const { code, cloud, subscriptionId: subscription, licenceId: licence } = readRefused(key);
      const customer = licence === null ? null : (today.customers.get(licence) ?? null);
      return { code, customer, licence, cloud, subscription, last24h, dayBefore: yesterday.refused.get(key) ?? 0 };
    });
  return { items: items.slice(0, MOST), complete: items.length <= MOST };
}

async function listEnding(needs: OverviewNeeds, at: number): Promise<OverviewJson['ending']> {
  const times = { from: at, until: at + ENDING };
  const [page, keys] = await Promise.all([
    needs.store.pageSorted('end', { after: null, size: MAX_ENDING, ends: times }),
    listKeys(needs, at),
  ]);
  const licences = page.items.map(({ licence: { value } }) => ({
    ...{ id: value.id, customer: value.customer?.name ?? null, offer: formatPlanName(value.plan) },
    ...{ status: value.status, endsAt: formatInstant(value.validUntil ?? at) },
  }));
  const ends = ({ endsAt }: { readonly endsAt: number }) => endsAt >= times.from && endsAt < times.until;
  return {
    ...{ until: formatInstant(times.until), licences, complete: page.after === null },
    pins: listPins(needs).filter(ends).map(writeEnd),
    keys: keys.filter(ends).map(writeEnd),
  };
}

function writeEnd<T extends { readonly endsAt: number }>(item: T) {
  return { ...item, endsAt: formatInstant(item.endsAt) };
}

/** Of the clouds whose VMs come here, as this instance trusts them now. */
function listPins({ trust, acceptedClouds }: OverviewNeeds) {
  const manifests = trust.latest().material.manifests.filter(({ cloud }) => acceptedClouds.includes(cloud));
  return manifests.flatMap(({ cloud, pins }) =>
    pins
      .filter(({ historic }) => historic !== true)
      .map(({ name, role, sha256, notAfter }) => ({ cloud, name, role, sha256, endsAt: notAfter })),
  );
}

async function listKeys({ signingKeys, keySets }: OverviewNeeds, at: number) {
  const [keys, roots] = await Promise.all([readPublished(signingKeys, at), keySets.read(at)]);
  const signing = keys.flatMap((key) => {
    const endsAt = key.state === 'retired' ? key.until : null;
    return endsAt === null ? [] : [{ kind: 'signing_key' as const, id: thumbprint(key.publicJwk), endsAt }];
  });
  const sets = roots.flatMap(({ thumbprint: id, set }) =>
    set === null ? [] : [{ kind: 'key_set' as const, id, endsAt: set.claims.exp * 1_000 }],
  );
  return [...signing, ...sets];
}

/** Where a vault does not answer, readiness says so, and the rest is worth as much as ever. */
async function readPublished(signingKeys: OverviewNeeds['signingKeys'], at: number): Promise<readonly SigningKey[]> {
  try {
    return (await signingKeys.readPublished(at)).keys;
  } catch (error) {
    if (error instanceof SigningKeyUnavailableError) return [];
    throw error;
  }
}
