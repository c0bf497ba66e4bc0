import type * as z from 'zod';
import { overrideKey } from '../../catalogue/holding.ts';
import type { HoldingKey, SubscriptionOverride } from '../../catalogue/holding.ts';
import type { Offer } from '../../catalogue/offer.ts';
import { grantUnder } from '../../catalogue/offers/grantUnder.ts';
import type { CatalogueStore, OverrideStore } from '../../catalogue/store.ts';
import { cloud, uuid } from '../../contract/operators/fields.ts';
import { overrideEntry, writeOverride } from '../../contract/operators/override.ts';
import { deletedSchema, overrideItem } from '../../contract/operators/records.ts';
import { isSamePlan } from '../../contract/planName.ts';
import type { Recorded, Written } from '../../contract/stored.ts';
import { RequestError } from '../../http/requestError.ts';
import { marketplacePool } from '../../seats/poolUsage.ts';
import type { ActivationStore } from '../../seats/store.ts';
import { licenceIdOf } from '../../catalogue/seatPool.ts';
import { NO_BODY, jsonBody } from '../edge/bodies.ts';
import { planOf, planParams } from './offerRoutes.ts';
import { countVms, findRemoved, tellRemoved } from '../writes/effects.ts';
import type { WithDefaults } from '../writes/effects.ts';
import { answerTrial, deleteOne, writeOne } from '../writes/oneRow.ts';
import type { Described } from '../writes/oneRow.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { Call, OperatorRoute } from '../edge/route.ts';
import { writeRecord } from '../edge/versions.ts';

export interface OverrideNeeds {
  readonly store: OverrideStore &
    Pick<CatalogueStore, 'readOffer' | 'readOfferList' | 'putNotice' | 'dropNotice'> &
    Pick<ActivationStore, 'countSeated'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const defineRoute = routesThatNeed<OverrideNeeds>();

const params = planParams.extend({ cloud, subscription: uuid });

const readOverride = defineRoute({
  ...{ name: 'readOverride', role: 'Reader' },
  summary: 'What one subscription has otherwise than the offer says, in marketplace mode',
  ...{ params, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: overrideItem },
  codes: ['not_found'],
  handle: async ({ needs, params: names }) => answerWith(await findOverride(needs, keyOf(names))),
});

const putOverride = defineRoute({
  ...{ name: 'putOverride', role: 'Operator' },
  summary: 'Creates what one subscription has otherwise than the offer says or, with If-Match, replaces it',
  ...{ params, query: NOTHING, body: jsonBody(overrideEntry), ifMatch: true, creates: true, dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: overrideItem },
  codes: ['not_found', 'name_taken', 'changed_meanwhile', 'precondition_required'],
  handle: async (call) => {
    const { store } = call.needs;
    const key = keyOf(call.params);
    await checkOffer(call.needs, key);
    const stored = await store.readOverride(key);
    const value = { ...key, override: call.body };
    if (call.dryRun) return tryOverride(call, key, stored, value);
    const { row, isNew } = await writeOne([{ value, stored }], call, described(key), (_, version) =>
      version === null ? insertOverride(call, value) : store.writeOverride(value, version, call.change),
    );
    const { value: item, version } = answerWith(row);
    return { value: { ...item, ...tellRemoved(withDefaults, stored, value) }, version, isNew };
  },
});

const deleteOverride = defineRoute({
  ...{ name: 'deleteOverride', role: 'Operator' },
  summary: 'Deletes it: the subscription has again what the offer says',
  ...{ params, query: NOTHING, body: NO_BODY, ifMatch: true, dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: deletedSchema },
  codes: ['not_found', 'changed_meanwhile'],
  handle: async (call) => {
    const key = keyOf(call.params);
    const stored = await findOverride(call.needs, key);
    if (call.dryRun) return tryOverride(call, key, stored, null);
    return deleteOne(stored, call, described(key), (version) => call.needs.store.deleteOverride(key, version));
  },
});

export const OVERRIDE_ROUTES: readonly OperatorRoute<OverrideNeeds>[] = [readOverride, putOverride, deleteOverride];

function keyOf({ cloud: where, subscription, ...names }: z.output<typeof params>): HoldingKey {
  return { cloud: where, subscriptionId: subscription, plan: planOf(names) };
}

function described(key: HoldingKey): Described<SubscriptionOverride> {
  const of = { cloud: key.cloud, subscriptionId: key.subscriptionId };
  return { kind: 'override', key: overrideKey(key), of, show: ({ override }) => writeOverride(override) };
}

/** @throws {RequestError} `not_found` */
async function findOverride({ store }: OverrideNeeds, key: HoldingKey): Promise<Recorded<SubscriptionOverride>> {
  const stored = await store.readOverride(key);
  if (stored === null) throw new RequestError('not_found', 'The subscription has no override for this offer.');
  return stored;
}

/** @throws {RequestError} `not_found` or `request_malformed` */
async function checkOffer({ store }: OverrideNeeds, { plan }: HoldingKey): Promise<void> {
  const offer = await store.readOffer(plan);
  if (offer === null) throw new RequestError('not_found', 'There is no such offer.');
  if (offer.value.mode === 'marketplace') return;
  const detail =
    'The offer is in licensed mode, where overrides have no effect: change the licence of the subscription.';
  throw new RequestError('request_malformed', detail);
}

/** @throws {RequestError} `not_found` or `request_malformed` where the offer went, or changed, in the same instant */
async function insertOverride(
  { needs, change }: Pick<Call<OverrideNeeds>, 'needs' | 'change'>,
  value: SubscriptionOverride,
): Promise<Written> {
  const { store } = needs;
  const { plan } = value;
  const isFounded = (offers: readonly Offer[]) =>
    offers.some((offer) => isSamePlan(offer.plan, plan) && offer.mode === 'marketplace');
  const granted = await grantUnder<Written>(
    store,
    { about: 'an override', plans: [plan], at: change.at, isFounded },
    {
      write: () => store.writeOverride(value, null, change),
      undo: async (written) => {
        if (written.outcome === 'written') await store.deleteOverride(value, written.version);
      },
    },
  );
  if (granted.outcome !== 'unfounded') return granted;
  await checkOffer(needs, value);
  return { outcome: 'changed' };
}

async function tryOverride(
  call: Call<OverrideNeeds>,
  key: HoldingKey,
  stored: Recorded<SubscriptionOverride> | null,
  value: SubscriptionOverride | null,
) {
  const pool = marketplacePool({ plan: key.plan }, key.cloud, key.subscriptionId);
  const counted = await countVms(call.needs, [pool]);
  return answerTrial(stored, call, {
    old: stored === null ? null : writeOverride(stored.value.override),
    new: value === null ? null : writeOverride(value.override),
    effect: { ...counted, licences: [licenceIdOf(pool)] },
    affected: [{ id: overrideKey(key), version: stored?.version ?? null }],
    ...(value !== null && { removes: findRemoved(withDefaults, stored, value) }),
  });
}

function withDefaults({ override }: SubscriptionOverride): WithDefaults {
  return { members: writeOverride(override), defaults: writeOverride(overrideEntry.parse({})) };
}

function answerWith(stored: Recorded<SubscriptionOverride>) {
  const { cloud: where, subscriptionId, override } = stored.value;
  const named = { cloud: where, subscription: subscriptionId, override: writeOverride(override) };
  return { value: { ...named, ...writeRecord(stored) }, version: stored.version };
}
