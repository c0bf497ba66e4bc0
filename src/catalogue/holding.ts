import type { Override } from '../contract/operators/override.ts';
import { ANY, formatPlanName, isSamePlan, parsePlanName } from '../contract/planName.ts';
import type { PlanName } from '../contract/planName.ts';
import type { Licence } from './licence.ts';
import type { Seats } from './offer.ts';

/** One subscription in one cloud. */
export interface SubscriptionKey {
  readonly cloud: string;
  /** Lower-case UUID; `*` in the emulator's cloud, for every subscription. */
  readonly subscriptionId: string;
}

/** One subscription under one plan, as a licence or an offer names the plan. */
export interface HoldingKey extends SubscriptionKey {
  readonly plan: PlanName;
}

/** What the override of a subscription is called in the log of changes: `publisher/product/plan/cloud/subscription`. */
export function overrideKey({ plan, cloud, subscriptionId }: HoldingKey): string {
  return [formatPlanName(plan), cloud, subscriptionId].join('/');
}

/** The opposite of {@link overrideKey}; `null` for any other text. */
export function parseOverrideKey(key: string): HoldingKey | null {
  const [publisher, product, name, cloud = '', subscriptionId = ''] = key.split('/');
  const plan = parsePlanName([publisher, product, name].join('/'));
  return plan === null ? null : { plan, cloud, subscriptionId };
}

/**
 * Which licences claim a subscription for a plan. What counts is the licence itself: one that does not name the subscription
 * has no effect, so that a row left behind by a write that was cut short does no harm.
 */
export interface Holding extends HoldingKey {
  /** Their ids, the newest claim first: the second one is a licence that the subscription is leaving. */
  readonly licences: readonly string[];
  /** When the first one claimed it, in milliseconds since the epoch. */
  readonly since: number;
  /** The name of that claim: no other request has it. */
  readonly claim: string;
  /** Names of pools that the subscription has left, the latest first: what binds a VM there goes with it. */
  readonly former: readonly string[];
}

/** A subscription's trial of an offer. It is written once and never deleted: there is no second one. */
export interface Trial extends HoldingKey {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endsAt: number;
  readonly seats: Seats;
}

/** What one subscription has otherwise than an offer in marketplace mode says. */
export interface SubscriptionOverride extends HoldingKey {
  readonly override: Override;
}

/** Everything that is known of one subscription's entitlements, but for the licences themselves. */
export interface Holdings {
  readonly holdings: readonly Holding[];
  readonly trials: readonly Trial[];
  readonly overrides: readonly SubscriptionOverride[];
}

/** What of a list is for a plan. */
export function forPlan<T extends HoldingKey>(rows: readonly T[], plan: PlanName): T | null {
  return rows.find((row) => isSamePlan(row.plan, plan)) ?? null;
}

/** The subscriptions of a licence as keys of holdings. */
export function holdingKeys({ subscriptions, plan }: Pick<Licence, 'subscriptions' | 'plan'>): readonly HoldingKey[] {
  if (subscriptions === ANY) return [{ cloud: 'emulator', subscriptionId: ANY, plan }];
  return subscriptions.map(({ cloud, subscriptionId }) => ({ cloud, subscriptionId, plan }));
}

/** How a licence names a subscription: it stays, it leaves at a time, or it is not named, or no longer. */
export type Naming = 'stays' | 'leaves' | null;

/** @param at milliseconds since the epoch */
export function namingOf(
  { subscriptions, plan: own }: Pick<Licence, 'subscriptions' | 'plan'>,
  { cloud, subscriptionId, plan }: HoldingKey,
  at: number,
): Naming {
  if (!isSamePlan(own, plan)) return null;
  if (subscriptions === ANY) return subscriptionId === ANY && cloud === 'emulator' ? 'stays' : null;
  const named = subscriptions.find((one) => one.cloud === cloud && one.subscriptionId === subscriptionId);
  if (named === undefined) return null;
  if (named.until === null) return 'stays';
  return at < named.until ? 'leaves' : null;
}
