import * as z from 'zod';
import { isChanged } from '../../catalogue/file/cataloguePlan.ts';
import type { Upsert } from '../../catalogue/file/cataloguePlan.ts';
import { changeOffers, findInUse } from '../../catalogue/offers/changeOffers.ts';
import type { OfferStore } from '../../catalogue/offers/changeOffers.ts';
import type { OfferEdit, OfferList } from '../../catalogue/offers/offerList.ts';
import { DEFAULT_LIFETIME, formatDuration } from '../../contract/durations.ts';
import { must, productName } from '../../contract/operators/fields.ts';
import { offerEntry, writeOffer } from '../../contract/operators/offer.ts';
import { deletedSchema, offerItem, pageOf } from '../../contract/operators/records.ts';
import { planCatalogue } from '../../catalogue/file/planCatalogue.ts';
import { readLicencesNear } from '../../catalogue/offers/licencesUnder.ts';
import type { Licence } from '../../catalogue/licence.ts';
import type { Offer } from '../../catalogue/offer.ts';
import { poolName } from '../../catalogue/seatPool.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import { ANY, formatPlanName, isSamePlan } from '../../contract/planName.ts';
import type { PlanName } from '../../contract/planName.ts';
import type { Recorded } from '../../contract/stored.ts';
import { RequestError } from '../../http/requestError.ts';
import { licencePool } from '../../seats/poolUsage.ts';
import type { ActivationStore } from '../../seats/store.ts';
import type { UsageStore } from '../../usage/store.ts';
import { NO_BODY, jsonBody, parseShape } from '../edge/bodies.ts';
import { countVms, findRemoved, tellRemoved } from '../writes/effects.ts';
import type { WithDefaults } from '../writes/effects.ts';
import { applyMergePatch, mergePatchBody } from '../writes/mergePatch.ts';
import { checkVersion, isExpected, narrowVersion, writeRecord } from '../edge/versions.ts';
import {
  answerTrial,
  checkLife,
  checkPlanned,
  CREATED_MEANWHILE,
  describeChange,
  refuseInUse,
} from '../writes/oneRow.ts';
import type { Described } from '../writes/oneRow.ts';
import { pageQuery, readPageQuery, writePage } from '../edge/pages.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { Call, OperatorRoute } from '../edge/route.ts';
import type { CatalogueStore } from '../../catalogue/store.ts';

export interface OfferNeeds {
  readonly store: CatalogueStore & OfferStore & Pick<ActivationStore, 'countSeated'> & Pick<UsageStore, 'nextPool'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
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
    value: writePage(await needs.store.pageOffers(readPageQuery(query)), writeItem, { log }),
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
    if (!isSamePlan(call.body.plan, planOf(call.params))) {
      throw new RequestError('request_malformed', '"offer" in the body is not the one of the address.');
    }
    return replaceOffer(call);
  },
});

const patchOffer = defineRoute({
  ...{ name: 'patchOffer', role: 'Operator' },
  summary: 'Changes single members of an offer (RFC 7396): what is left out stays, null removes',
  ...{ params: planParams, query: NOTHING, body: mergePatchBody, ifMatch: true, dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: offerItem },
  codes: ['not_found', 'name_taken', 'in_use', 'changed_meanwhile', 'precondition_required'],
  handle: async (call) => {
    const stored = await call.needs.store.readOffer(planOf(call.params));
    if (stored === null) throw noSuchOffer();
    const body = applyToOffer(stored.value, call.body);
    return replaceOffer({ ...call, body, expected: narrowVersion(call.expected, stored.version) });
  },
});

const deleteOffer = defineRoute({
  ...{ name: 'deleteOffer', role: 'Operator' },
  summary:
    'Deletes an offer without licences and overrides: its VMs get plan_unknown, which ends no grace; leases count until they end',
  ...{ params: planParams, query: NOTHING, body: NO_BODY, ifMatch: true, dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: deletedSchema },
  codes: ['not_found', 'in_use', 'changed_meanwhile'],
  handle: async (call) => {
    const plan = planOf(call.params);
    if (call.dryRun) return tryOffer(call, (list) => planDelete(list, plan));
    await changeOffer(call, (list) => {
      const removal = planDelete(list, plan);
      if (!isExpected(call.expected, removal.stored.version)) throw new RequestError('changed_meanwhile');
      return removal;
    });
    return { value: { deleted: true as const } };
  },
});

export const OFFER_ROUTES: readonly OperatorRoute<OfferNeeds>[] = [
  ...[listOffers, readOffer, putOffer, patchOffer, deleteOffer],
];

export function planOf({ publisher, product, plan }: z.output<typeof planParams>): PlanName {
  return { publisher, product, name: plan };
}

function writeItem(stored: Recorded<Offer>): z.input<typeof offerItem> {
  return { offer: writeOffer(stored.value), ...writeRecord(stored) };
}

type OfferCall = Pick<Call<OfferNeeds>, 'needs' | 'change' | 'record'>;

type PutCall = OfferCall & Pick<Call<OfferNeeds, unknown, unknown, Offer>, 'body' | 'expected'>;

/** An offer as it shall be, null where it is deleted, and as it is. */
type OneEdit = Pick<OfferEdit, 'value' | 'stored'>;

type ReplaceCall = PutCall & Pick<Call<OfferNeeds>, 'dryRun'>;

async function replaceOffer(call: ReplaceCall) {
  if (call.dryRun) return tryOffer(call, (list) => planPut(call, list));
  const before: { stored: Recorded<Offer> | null } = { stored: null };
  const row = await changeOffer(call, (list, isAgain) => {
    const upsert = planPut(call, list);
    before.stored = upsert.stored;
    // Already as it is asked for: success, whatever the version (RFC 9110 section 13.1.1).
    if (isChanged(upsert)) checkPut(call, upsert, isAgain);
    return upsert;
  });
  if (row === null) throw new Error('An offer that was put is there.');
  const told = tellRemoved(withDefaults, before.stored, row.value);
  return { value: { ...writeItem(row), ...told }, version: row.version, isNew: before.stored === null };
}

/** @throws {RequestError} `request_malformed` where that is no offer, or another one */
function applyToOffer(offer: Offer, patch: Readonly<Record<string, unknown>>): Offer {
  const patched = parseShape(offerEntry, applyMergePatch(writeOffer(offer), patch), 'The offer as it would be');
  if (formatPlanName(patched.plan) === formatPlanName(offer.plan)) return patched;
  throw new RequestError('request_malformed', 'The name of an offer cannot be changed. Remove "offer" from the body.');
}

/** @throws {RequestError} `name_taken` or `request_malformed` */
function planPut({ needs, body }: PutCall, { offers }: OfferList): Upsert<Offer> {
  const plan = checkPlanned(planCatalogue({ offers, licences: [] }, { offers: [body], licences: [] }));
  checkLife(plan, needs.licenceLife);
  const [upsert] = plan.offers;
  if (upsert === undefined) throw new Error('A plan has an entry for each of its file.');
  return upsert;
}

/** @throws {RequestError} `changed_meanwhile`, `precondition_required` or `name_taken` */
function checkPut({ expected }: PutCall, { stored }: Upsert<Offer>, isAgain: boolean): void {
  if (isAgain && expected === null && stored !== null) throw new RequestError('name_taken', CREATED_MEANWHILE);
  checkVersion(expected, stored?.version ?? null);
}

/** @throws {RequestError} `not_found` */
function planDelete({ offers }: OfferList, plan: PlanName) {
  const stored = offers.find(({ value }) => isSamePlan(value.plan, plan));
  if (stored === undefined) throw noSuchOffer();
  return { value: null, stored };
}

/**
 * @returns null where the offer is deleted
 * @throws {RequestError} `in_use`, `changed_meanwhile`, and what the plan throws
 */
async function changeOffer(
  { needs: { store }, change, record }: OfferCall,
  plan: (list: OfferList, isAgain: boolean) => OneEdit,
): Promise<Recorded<Offer> | null> {
  const changed = await changeOffers(store, change.at, async (list, isAgain) => {
    const edit = plan(list, isAgain);
    const offer = edit.value ?? edit.stored?.value;
    if (offer !== undefined && isChanged(edit)) await record(describeChange(describedOffer(offer), edit));
    return [{ ...edit, change }];
  });
  if (changed.outcome === 'in_use') throw refuseInUse(changed);
  if (changed.outcome === 'changed') throw new RequestError('changed_meanwhile');
  return changed.rows[0] ?? null;
}

/** In the record of its change. */
export function describedOffer({ plan }: Offer): Described<Offer> {
  return { kind: 'offer', key: formatPlanName(plan), show: writeOffer };
}

const MAX_TOLD = 100;

async function tryOffer(call: OfferCall & Pick<Call<OfferNeeds>, 'expected'>, plan: (list: OfferList) => OneEdit) {
  const { store } = call.needs;
  const list = await store.readOfferList();
  const { value, stored } = plan(list);
  const offer = value ?? stored?.value;
  if (offer === undefined) throw new Error('An edit has an offer.');
  const described = describedOffer(offer);
  const edits = [{ value, stored, change: call.change }];
  const inUse = await findInUse(store, { list, edits, at: call.change.at });
  if (inUse !== null) throw refuseInUse(inUse);
  const near = stored === null ? [] : await readLicencesNear(store, stored.value);
  const { old, new: changed } = describeChange(described, { value, stored });
  const counted = stored === null ? { vms: 0 } : await countVms(call.needs, poolsUnder(call.needs, stored.value, near));
  const ids = near.map((licence) => licence.value.id);
  return answerTrial(stored, call, {
    ...{ old, new: changed, effect: { ...counted, licences: ids.slice(0, MAX_TOLD) } },
    affected: [
      { id: described.key, version: stored?.version ?? null },
      ...near.map((licence) => ({ id: `licence ${licence.value.id}`, version: licence.version })),
    ],
    ...(value !== null && { removes: findRemoved(withDefaults, stored, value) }),
  });
}

/** The pools of seats of an offer: of its licences or, in marketplace mode, of its subscriptions; and those of trials. */
async function* poolsUnder(
  { store }: Pick<OfferNeeds, 'store'>,
  { plan, mode }: Offer,
  near: readonly Recorded<Licence>[],
): AsyncGenerator<SeatPool | null> {
  for (const { value } of near) yield licencePool(value);
  const kind = mode === 'marketplace' ? 'marketplace' : 'trial';
  // Names of pools begin with their kind.
  let pool = await store.nextPool(kind);
  while (pool?.kind === kind) {
    yield isSamePlan(pool.plan, plan) ? pool : null;
    pool = await store.nextPool(poolName(pool));
  }
}

/** Some times are by default as long as its own lifetime says. */
function withDefaults(value: Offer): WithDefaults {
  const members = writeOffer(value);
  const { offer, mode, lifetime } = members;
  const defaults = writeOffer(offerEntry.parse({ offer, mode, lifetime }));
  return { members, defaults: { ...defaults, lifetime: formatDuration(DEFAULT_LIFETIME) } };
}

function noSuchOffer(): RequestError {
  return new RequestError('not_found', 'There is no such offer.');
}
