import * as z from 'zod';
import { forEachAtOnce } from '../../catalogue/atOnce.ts';
import { effectiveStatus, matchesLicence } from '../../catalogue/licenceFilter.ts';
import type { LicenceFilter } from '../../catalogue/licenceFilter.ts';
import type { Offer } from '../../catalogue/offer.ts';
import { poolName } from '../../catalogue/seatPool.ts';
import type { Catalogue, CatalogueStore, RecordedLicence } from '../../catalogue/store.ts';
import { EMULATOR_CLOUD } from '../../contract/clouds.ts';
import { formatInstant, formatNullable } from '../../contract/instants.ts';
import { must } from '../../contract/operators/fields.ts';
import { writeLicence } from '../../contract/operators/licence.ts';
import { LICENCE_FILTER } from '../../contract/operators/licenceFilter.ts';
import { licencePage } from '../../contract/operators/licenceList.ts';
import type { ListedLicenceJson } from '../../contract/operators/licenceList.ts';
import { ANY } from '../../contract/planName.ts';
import { listLicences as listPage, pageLicences } from '../../views/listLicences.ts';
import type { LicenceList } from '../../views/listLicences.ts';
import { LICENCE_ORDERS } from '../../views/store.ts';
import type { PoolViewStore, SortedLicenceStore } from '../../views/store.ts';
import { NO_BODY } from '../edge/bodies.ts';
import { pageQuery, readPageQuery, writePage } from '../edge/pages.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';
import { writeRecord } from '../edge/versions.ts';

export interface LicenceListNeeds {
  readonly store: SortedLicenceStore &
    Pick<PoolViewStore, 'readPoolView'> &
    Pick<CatalogueStore, 'readHoldings' | 'readLicence'>;
  readonly catalogue: Pick<Catalogue, 'readOffers'>;
  readonly acceptedClouds: readonly string[];
}

const defineRoute = routesThatNeed<LicenceListNeeds>();

const ORDERS = [...LICENCE_ORDERS, 'id'] as const;

const listQuery = z.strictObject({
  ...LICENCE_FILTER,
  subscription: LICENCE_FILTER.subscription.describe('Without a cloud, in every accepted one.'),
  sort: z
    .enum(ORDERS, must(`be one of ${ORDERS.join(', ')}`))
    .default('id')
    .describe(
      'customer and end: the least first. changed: the newest first. These three are copies, some minutes behind; id is not.',
    ),
  counted: z
    .literal('true', must('be true'))
    .optional()
    .describe('Tells of each licence how many seats are taken, as they were counted last. One more call each.'),
  ...pageQuery,
});

type Query = Omit<z.output<typeof listQuery>, 'counted'>;

const listLicences = defineRoute({
  ...{ name: 'listLicences', role: 'Reader' },
  summary: 'Licences: all, those of one subscription, or those that filters let through, in one of four orders',
  ...{ params: NOTHING, query: listQuery, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: licencePage },
  codes: [],
  handle: async ({ needs, query: { counted: isCounted, ...query }, change: { at }, log }) => {
    const offers = await needs.catalogue.readOffers();
    const page = await readPage(needs, query, offers, at);
    const counted = isCounted === undefined ? null : await readCounted(needs, page.items);
    const write = (stored: RecordedLicence) => ({
      ...{ licence: writeLicence(stored.value), effective: effectiveStatus(stored.value, { now: at, offers }) },
      ...writeRecord(stored),
      ...(counted !== null && { counted: counted.get(stored.value.id) ?? null }),
    });
    return { value: { ...writePage(page, write, { log, cloud: query.cloud }), lookedAt: page.lookedAt } };
  },
});

export const LICENCE_LIST_ROUTES: readonly OperatorRoute<LicenceListNeeds>[] = [listLicences];

async function readPage(
  needs: LicenceListNeeds,
  query: Query,
  offers: readonly Offer[],
  now: number,
): Promise<LicenceList> {
  const { sort: order, limit, continuation, ...filter } = query;
  const matches = ({ value }: RecordedLicence) => matchesLicence(value, filter, { now, offers });
  const page = readPageQuery({ limit, continuation });
  if (filter.subscription !== undefined)
    return pageLicences(await readLicencesOf(needs, filter), { order, matches }, page);
  const ends = order === 'end' && filter.endsBefore !== undefined ? { until: filter.endsBefore } : undefined;
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  return listPage(needs.store, { order, matches: isFiltered ? matches : null, ends }, page);
}

type Counted = NonNullable<ListedLicenceJson['counted']>;

async function readCounted(
  { store }: LicenceListNeeds,
  licences: readonly RecordedLicence[],
): Promise<ReadonlyMap<string, Counted>> {
  const counted = new Map<string, Counted>();
  await forEachAtOnce(licences, async ({ value: { id } }) => {
    const view = await store.readPoolView(poolName({ kind: 'licence', id }));
    if (view === null) return;
    const { taken, over, lastSeen, asOf } = view.value;
    counted.set(id, { taken, over, lastSeen: formatNullable(lastSeen), asOf: formatInstant(asOf) });
  });
  return counted;
}

/** The licences that a subscription is under, few as they are. One of all subscriptions of the emulator is one of each. */
async function readLicencesOf(
  { store, acceptedClouds }: LicenceListNeeds,
  { cloud, subscription: subscriptionId = '' }: LicenceFilter,
): Promise<readonly RecordedLicence[]> {
  const clouds = cloud === undefined ? acceptedClouds : [cloud];
  const keys = clouds.flatMap((name) => [
    { cloud: name, subscriptionId },
    ...(name === EMULATOR_CLOUD.name ? [{ cloud: name, subscriptionId: ANY }] : []),
  ]);
  const held = await Promise.all(keys.map((key) => store.readHoldings(key)));
  const ids = new Set(held.flatMap(({ holdings }) => holdings.flatMap(({ licences }) => licences)));
  const rows = await Promise.all([...ids].map((id) => store.readLicence(id)));
  return rows.filter((row) => row !== null);
}
