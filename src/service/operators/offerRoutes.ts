import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { offerEntry } from '../../licensing/catalogue/offerEntry.ts';
import { planCatalogue } from '../../licensing/catalogue/planCatalogue.ts';
import type { Offer } from '../../licensing/offer.ts';
import { isSamePlan } from '../../licensing/planName.ts';
import type { PlanName } from '../../licensing/planName.ts';
import type { Recorded } from '../../licensing/store.ts';
import type { Parts } from '../parts.ts';
import { RequestError } from '../requestError.ts';
import { NO_BODY, jsonBody } from './bodies.ts';
import { offerSchema, recordFields, writeOffer, writeRecord } from './entries.ts';
import { pageOf, pageQuery, readPageQuery, writePage } from './pages.ts';
import { NOTHING, defineRoute } from './route.ts';
import type { Call, OperatorRoute } from './route.ts';
import { checkVersion } from './versions.ts';

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
  .describe('As the Marketplace names it.');

const planParams = z.strictObject({
  publisher: name,
  product: name,
  plan: z.union([z.literal('*'), name]).describe('Of the offer; * for the offer of every plan.'),
});

const item = z.strictObject({ offer: offerSchema, ...recordFields }).meta({ id: 'OfferItem' });

const listOffers = defineRoute({
  ...{ name: 'listOffers', method: 'GET', path: '/offers', role: 'Reader' },
  summary: 'The offers, in the order of their names',
  ...{ params: NOTHING, query: z.strictObject(pageQuery), body: NO_BODY },
  answer: { mediaType: 'application/json', schema: pageOf(item) },
  codes: [],
  handle: async ({ parts, query }) => ({
    value: writePage(await parts.store.pageOffers(readPageQuery(query)), writeItem),
  }),
});

const readOffer = defineRoute({
  ...{ name: 'readOffer', method: 'GET', path: '/offers/{publisher}/{product}/{plan}', role: 'Reader' },
  summary: 'One offer',
  ...{ params: planParams, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: item },
  codes: ['not_found'],
  handle: async ({ parts, params }) => {
    const stored = await parts.store.readOffer(planOf(params));
    if (stored === null) throw new RequestError('not_found', 'There is no such offer.');
    return { value: writeItem(stored), version: stored.version };
  },
});

const putOffer = defineRoute({
  ...{ name: 'putOffer', method: 'PUT', path: '/offers/{publisher}/{product}/{plan}', role: 'Operator' },
  summary: 'Creates an offer or, with If-Match, replaces it',
  ...{ params: planParams, query: NOTHING, body: jsonBody(offerEntry), ifMatch: true },
  answer: { mediaType: 'application/json', schema: item },
  codes: ['conflict', 'changed_meanwhile'],
  handle: async (call) => {
    const { parts, params, body: offer } = call;
    if (!isSamePlan(offer.plan, planOf(params))) {
      throw new RequestError('request_malformed', '"offer" in the body is not the one of the address.');
    }
    const stored = await parts.store.readOffer(offer.plan);
    // Already as it is asked for: success, whatever the version (RFC 9110 section 13.1.1).
    if (stored !== null && isDeepStrictEqual(stored.value, offer)) return answerWith(stored);
    const version = checkVersion(call.expected, stored?.version ?? null);
    await checkOffer(parts, offer);
    return answerWith(await write(call, offer, version));
  },
});

export const OFFER_ROUTES: readonly OperatorRoute[] = [listOffers, readOffer, putOffer];

function planOf({ publisher, product, plan }: z.output<typeof planParams>): PlanName {
  return { publisher, product, name: plan };
}

function writeItem(stored: Recorded<Offer>): z.input<typeof item> {
  return { offer: writeOffer(stored.value), ...writeRecord(stored) };
}

function answerWith(stored: Recorded<Offer>) {
  return { value: writeItem(stored), version: stored.version };
}

/** Two offers with one name could not be told apart. */
async function checkOffer({ store }: Parts, offer: Offer): Promise<void> {
  const planned = await planCatalogue(store, { offers: [offer], licences: [] });
  if (!planned.ok) throw new RequestError('conflict', planned.problems.map(({ message }) => message).join(' '));
}

async function write({ parts, change }: Call<unknown, unknown, Offer>, offer: Offer, version: string | null) {
  const written = await parts.store.writeOffer(offer, version, change);
  if (written.outcome !== 'written') throw new RequestError('changed_meanwhile');
  return { value: offer, version: written.version, change };
}
