import * as z from 'zod';
import type { Licence } from '../catalogue/licence.ts';
import type { Offer } from '../catalogue/offer.ts';
import type { Catalogue, CatalogueStore, RecordedLicence } from '../catalogue/store.ts';
import { EMULATOR_CLOUD } from '../contract/clouds.ts';
import { cloud, instant, must, planName, uuid } from '../contract/operators/fields.ts';
import { writeLicence } from '../contract/operators/licence.ts';
import { EFFECTIVE_STATUSES, licencePage } from '../contract/operators/licenceList.ts';
import { ANY, isSamePlan } from '../contract/planName.ts';
import { effectiveStatus } from '../views/effectiveStatus.ts';
import { listLicences as listPage } from '../views/listLicences.ts';
import type { LicenceList } from '../views/listLicences.ts';
import { LICENCE_ORDERS } from '../views/store.ts';
import type { SortedLicenceStore } from '../views/store.ts';
import { beginWords, splitWords, wordsOf } from '../views/words.ts';
import { NO_BODY } from './bodies.ts';
import { pageQuery, readPageQuery, writePage } from './pages.ts';
import { NOTHING, routesThatNeed } from './route.ts';
import type { OperatorRoute } from './route.ts';
import { writeRecord } from './versions.ts';

export interface LicenceListNeeds {
  readonly store: SortedLicenceStore & Pick<CatalogueStore, 'readHoldings' | 'readLicence'>;
  readonly catalogue: Pick<Catalogue, 'readOffers'>;
  readonly acceptedClouds: readonly string[];
}

const defineRoute = routesThatNeed<LicenceListNeeds>();

const ORDERS = [...LICENCE_ORDERS, 'id'] as const;

const listQuery = z.strictObject({
  query: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Beginnings of words of id, customer and note, without regard to case: all of them must be there.'),
  status: z
    .enum(EFFECTIVE_STATUSES, must(`be one of ${EFFECTIVE_STATUSES.join(', ')}`))
    .optional()
    .describe('The effective status.'),
  offer: planName.optional().describe('`publisher/product/plan`, as the licence has it.'),
  endsBefore: instant.optional().describe('Licences that end before this time, those that have ended too.'),
  cloud: cloud.optional().describe('Licences with a subscription in this cloud.'),
  subscription: uuid.optional().describe('The licences of one subscription; without a cloud, in every accepted one.'),
  sort: z
    .enum(ORDERS, must(`be one of ${ORDERS.join(', ')}`))
    .default('id')
    .describe(
      'customer and end: the least first. changed: the newest first. These three are copies, some minutes behind; id is not.',
    ),
  ...pageQuery,
});

type Query = z.output<typeof listQuery>;

const listLicences = defineRoute({
  ...{ name: 'listLicences', role: 'Reader' },
  summary: 'Licences: all, those of one subscription, or those that filters let through, in one of four orders',
  ...{ params: NOTHING, query: listQuery, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: licencePage },
  codes: [],
  handle: async ({ needs, query, change: { at }, log }) => {
    const offers = await needs.catalogue.readOffers();
    const page = await readPage(needs, query, offers, at);
    const write = (stored: RecordedLicence) => ({
      ...{ licence: writeLicence(stored.value), effective: effectiveStatus(stored.value, offers, at) },
      ...writeRecord(stored),
    });
    return { value: { ...writePage(page, write, log), cloud: query.cloud ?? null, lookedAt: page.lookedAt } };
  },
});

export const LICENCE_LIST_ROUTES: readonly OperatorRoute<LicenceListNeeds>[] = [listLicences];

function readPage(needs: LicenceListNeeds, query: Query, offers: readonly Offer[], at: number): Promise<LicenceList> {
  const conditions = listConditions(query, offers, at);
  const matches = ({ value }: RecordedLicence) => conditions.every((isMet) => isMet(value));
  if (query.subscription !== undefined) return readLicencesOf(needs, query, matches);
  const { sort: order, endsBefore } = query;
  const ends = order === 'end' && endsBefore !== undefined ? { until: endsBefore } : undefined;
  return listPage(
    needs.store,
    { order, matches: conditions.length === 0 ? null : matches, ends },
    readPageQuery(query),
  );
}

type Condition = (licence: Licence) => boolean;

function listConditions(query: Query, offers: readonly Offer[], at: number): readonly Condition[] {
  const { status, offer, endsBefore, cloud: where } = query;
  const words = query.query === undefined ? [] : splitWords(query.query);
  const conditions: (Condition | false)[] = [
    query.query !== undefined && ((licence) => words.length > 0 && beginWords(words, wordsOf(licence))),
    status !== undefined && ((licence) => effectiveStatus(licence, offers, at) === status),
    offer !== undefined && ((licence) => isSamePlan(licence.plan, offer)),
    endsBefore !== undefined && (({ validUntil }) => validUntil !== null && validUntil < endsBefore),
    where !== undefined && ((licence) => cloudsOf(licence).includes(where)),
  ];
  return conditions.filter((condition) => condition !== false);
}

function cloudsOf({ subscriptions }: Licence): readonly string[] {
  return subscriptions === ANY ? [EMULATOR_CLOUD.name] : subscriptions.map((one) => one.cloud);
}

/** The licences that a subscription is under, few as they are, in the order of their ids. */
async function readLicencesOf(
  { store, acceptedClouds }: LicenceListNeeds,
  { cloud: where, subscription: subscriptionId = '' }: Query,
  matches: (licence: RecordedLicence) => boolean,
): Promise<LicenceList> {
  const clouds = where === undefined ? acceptedClouds : [where];
  const held = await Promise.all(clouds.map((name) => store.readHoldings({ cloud: name, subscriptionId })));
  const ids = new Set(held.flatMap(({ holdings }) => holdings.flatMap(({ licences }) => licences)));
  const rows = await Promise.all([...ids].sort().map((id) => store.readLicence(id)));
  const present = rows.filter((row) => row !== null).filter(({ value }) => names(value, clouds, subscriptionId));
  return { items: present.filter(matches), next: null, unreadable: [], lookedAt: present.length };
}

function names({ subscriptions }: Licence, clouds: readonly string[], subscriptionId: string): boolean {
  if (subscriptions === ANY) return false;
  return subscriptions.some((one) => clouds.includes(one.cloud) && one.subscriptionId === subscriptionId);
}
