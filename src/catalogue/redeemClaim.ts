import { ANY, isSameName, isSamePlan } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { Recorded, Stored } from '../contract/stored.ts';
import { MAX_SUBSCRIPTIONS } from '../contract/maxSubscriptions.ts';
import { claimIdOf, endUse, planUse } from './claimCode.ts';
import type { ClaimCode } from './claimCode.ts';
import { namingOf } from './holding.ts';
import type { HoldingKey, SubscriptionKey } from './holding.ts';
import type { Licence } from './licence.ts';
import type { CatalogueStore, ClaimStore } from './store.ts';
import { writeLicence } from './writeLicence.ts';

const ATTEMPTS = 5;

type RedeemStore = ClaimStore &
  Pick<CatalogueStore, 'readLicence' | 'writeLicence' | 'deleteLicence' | 'readHolding' | 'writeHolding'>;

/** Who comes with which code, and for which plan. */
export interface Redemption {
  readonly code: string;
  readonly subscription: SubscriptionKey;
  /** Of the VM, as its offer names it. */
  readonly plan: PlanName;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** `attached`: the subscription is under a licence now. */
export type Redeemed = { readonly attached: true; readonly licenceId: string } | { readonly attached: false };

const INVALID: Redeemed = { attached: false };

/**
 * Attaches a subscription that has no licence for a plan to the licence that a code names. The use is written down before the
 * subscription is attached, so that a code is never used beyond its number; a process that ends in between is gone on from by
 * the next request.
 *
 * @throws {StoreUnavailableError} the store fails, or others change the same rows again and again
 */
export async function redeemClaim(store: RedeemStore, redemption: Redemption): Promise<Redeemed> {
  const id = claimIdOf(redemption.code);
  if (id === null) return INVALID;
  const begun = await beginUse(store, id, redemption);
  if (begun === null) return INVALID;
  const { licenceId } = begun;
  await attach(store, id, licenceId, redemption);
  await finishUse(store, id, redemption.subscription);
  return { attached: true, licenceId };
}

/** `null` where the code cannot be used. */
async function beginUse(store: RedeemStore, id: string, redemption: Redemption): Promise<ClaimCode | null> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const claim = await store.readClaim(id);
    const licence = claim === null ? null : await store.readLicence(claim.value.licenceId);
    if (claim === null || licence === null || !canTake(licence.value, redemption)) return null;
    const next = planUse(claim.value, redemption.subscription, redemption.at);
    if (next === null || next === claim.value) return next;
    if ((await store.writeClaim(next, claim.version)).outcome === 'written') return next;
  }
  throw tooMany();
}

/** Whether the licence is for the plan, and has room for one more subscription. */
function canTake(licence: Licence, { plan, subscription, at }: Redemption): boolean {
  const { plan: own, subscriptions } = licence;
  const isForEvery =
    own.name === ANY && isSameName(own.publisher, plan.publisher) && isSameName(own.product, plan.product);
  if (subscriptions === ANY || (!isForEvery && !isSamePlan(own, plan))) return false;
  const isNamed = namingOf(licence, { ...subscription, plan: own }, at) !== null;
  return isNamed || withoutSubscription(subscriptions, subscription).length < MAX_SUBSCRIPTIONS;
}

async function attach(store: RedeemStore, id: string, licenceId: string, redemption: Redemption): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const stored = await store.readLicence(licenceId);
    if (stored === null || stored.value.subscriptions === ANY) return;
    const key: HoldingKey = { ...redemption.subscription, plan: stored.value.plan };
    if (namingOf(stored.value, key, redemption.at) === 'stays') return;
    const written = await addSubscription(store, stored, { by: `claim:${id}`, ...redemption });
    // Another licence has it meanwhile: that one counts.
    if (written === 'written' || written === 'held') return;
  }
  throw tooMany();
}

async function addSubscription(
  store: RedeemStore,
  stored: Recorded<Licence>,
  { subscription, at, by }: Redemption & { readonly by: string },
): Promise<string> {
  const { subscriptions } = stored.value;
  const others = subscriptions === ANY ? [] : withoutSubscription(subscriptions, subscription);
  const { cloud, subscriptionId } = subscription;
  const value = { ...stored.value, subscriptions: [...others, { cloud, subscriptionId, until: null }] };
  return (await writeLicence(store, { value, stored }, { by, at })).outcome;
}

function withoutSubscription<T extends SubscriptionKey>(
  list: readonly T[],
  { cloud, subscriptionId }: SubscriptionKey,
) {
  return list.filter((one) => one.cloud !== cloud || one.subscriptionId !== subscriptionId);
}

async function finishUse(store: RedeemStore, id: string, subscription: SubscriptionKey): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const claim: Stored<ClaimCode> | null = await store.readClaim(id);
    if (claim === null) return;
    if ((await store.writeClaim(endUse(claim.value, subscription), claim.version)).outcome === 'written') return;
  }
}

function tooMany(): StoreUnavailableError {
  return new StoreUnavailableError('Too many uses of one claim code at the same time: try again.');
}
