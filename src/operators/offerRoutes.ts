import * as z from 'zod';
import { offerKey } from '../catalogue/file/clashes.ts';
import { countLicences, groupByOffer } from '../catalogue/file/licencesUnder.ts';
import { must, productName } from '../contract/operators/fields.ts';
import { offerEntry, writeOffer } from '../contract/operators/offer.ts';
import { deletedSchema, offerItem, pageOf } from '../contract/operators/records.ts';
import { planCatalogue } from '../catalogue/file/planCatalogue.ts';
import { readAroundOffer, readLicencesNear } from '../catalogue/file/readStored.ts';
import type { Offer } from '../catalogue/offer.ts';
import { ANY, isSamePlan } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';
import type { Recorded } from '../contract/stored.ts';
import { RequestError } from '../http/requestError.ts';
import { NO_BODY, jsonBody } from './bodies.ts';
import { writeRecord } from './versions.ts';
import { answerTrial, checkLife, checkPlanned, deleteOne, writeOne } from './oneRow.ts';
import { pageQuery, readPageQuery, writePage } from './pages.ts';
import { NOTHING, routesThatNeed } from './route.ts';
import type { Call, OperatorRoute } from './route.ts';
import type { CatalogueStore } from '../catalogue/store.ts';

export interface OfferNeeds {
  readonly store: CatalogueStore;
  /** Seconds: the most from a licence's issue to the end of its grace. */
  readonly licenceLife: number;
}

const defineRoute = routesThatNeed<OfferNeeds>();

const name = productName.describe('As the Marketplace names it.');

export const planParams = z.strictObject({
  publisher: name,
  product: name,
  plan: z
    .union([z.literal(ANY), name], must('be the name of a plan, or *'))
    .describe('Of the offer; * for the offer of every plan.'),
});

const listOffers = defineRoute({
  ...{ name: 'listOffers', role: 'Reader' },
  summary: 'The offers, in the order of their names',
  ...{ params: NOTHING, query: z.strictObject(pageQuery), body: NO_BODY },
  answer: { mediaType: 'application/json', schema: pageOf(offerItem) },
  codes: [],
  handle: async ({ needs, query, log }) => ({
    value: writePage(await needs.store.pageOffers(readPageQuery(query)), writeItem, log),
  }),
});

const readOffer = defineRoute({
  ...{ name: 'readOffer', role: 'Reader' },
  summary: 'One offer',
  ...{ params: planParams, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: offerItem },
  codes: ['not_found'],
  handle: async ({ needs, params }) => {
    const stored = await needs.store.readOffer(planOf(params));
    if (stored === null) throw noSuchOffer();
    return { value: writeItem(stored), version: stored.version };
  },
});

const putOffer = defineRoute({
  ...{ name: 'putOffer', role: 'Operator' },
  summary: 'Creates an offer or, with If-Match, replaces it',
  ...{ params: planParams, query: NOTHING, body: jsonBody(offerEntry), ifMatch: true, creates: true, dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: offerItem },
  codes: ['name_taken', 'in_use', 'changed_meanwhile', 'precondition_required'],
  handle: async (call) => {
    const { store, licenceLife } = call.needs;
    if (!isSamePlan(call.body.plan, planOf(call.params))) {
      throw new RequestError('request_malformed', '"offer" in the body is not the one of the address.');
    }
    const file = { offers: [call.body], licences: [] };
    const plan = checkPlanned(planCatalogue(await readAroundOffer(store, call.body), file));
    checkLife(plan, licenceLife);
    if (call.dryRun) return tryOffer(call, plan.offers[0]?.stored ?? null, call.body);
    const { row, isNew } = await writeOne(plan.offers, call, (offer, version) =>
      store.writeOffer(offer, version, call.change),
    );
    return { ...answerWith(row), isNew };
  },
});

const deleteOffer = defineRoute({
  ...{ name: 'deleteOffer', role: 'Operator' },
  summary:
    'Deletes an offer under which no licence stands: its VMs get plan_unknown, which ends no grace; leases count until they end',
  ...{ params: planParams, query: NOTHING, body: NO_BODY, ifMatch: true, dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: deletedSchema },
  codes: ['not_found', 'in_use', 'changed_meanwhile'],
  handle: async (call) => {
    const { store } = call.needs;
    const offers = await store.listOffers();
    const stored = offers.find(({ value }) => isSamePlan(value.plan, planOf(call.params)));
    if (stored === undefined) throw noSuchOffer();
    await checkUnused(call.needs, stored.value, offers);
    if (call.dryRun) return tryOffer(call, stored, null);
    return deleteOne(stored, call, (version) => store.deleteOffer(stored.value.plan, version));
  },
});

export const OFFER_ROUTES: readonly OperatorRoute<OfferNeeds>[] = [listOffers, readOffer, putOffer, deleteOffer];

export function planOf({ publisher, product, plan }: z.output<typeof planParams>): PlanName {
  return { publisher, product, name: plan };
}

function writeItem(stored: Recorded<Offer>): z.input<typeof offerItem> {
  return { offer: writeOffer(stored.value), ...writeRecord(stored) };
}

function answerWith(stored: Recorded<Offer>) {
  return { value: writeItem(stored), version: stored.version };
}

const MAX_TOLD = 100;

/** The VMs of an offer are in the pools of all its subscriptions, and are not counted. */
async function tryOffer(call: Call<OfferNeeds>, stored: Recorded<Offer> | null, value: Offer | null) {
  const near = stored === null ? [] : await readLicencesNear(call.needs.store, stored.value);
  return answerTrial(stored, call, {
    old: stored === null ? null : writeOffer(stored.value),
    new: value === null ? null : writeOffer(value),
    effect: { vms: null, licences: near.slice(0, MAX_TOLD).map((licence) => licence.value.id) },
  });
}

function noSuchOffer(): RequestError {
  return new RequestError('not_found', 'There is no such offer.');
}

/** @throws {RequestError} `in_use` */
async function checkUnused({ store }: OfferNeeds, offer: Offer, offers: readonly Recorded<Offer>[]): Promise<void> {
  const near = await readLicencesNear(store, offer);
  const byOffer = groupByOffer(
    offers.map(({ value }) => value),
    near.map(({ value }) => value),
  );
  const under = byOffer.get(offerKey(offer)) ?? [];
  if (under.length === 0) return;
  throw new RequestError('in_use', `It has licences: ${countLicences(under)}. Delete them first.`);
}
