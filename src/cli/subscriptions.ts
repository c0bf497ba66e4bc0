import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { LicenceJson } from '../contract/operators/licence.ts';
import { UsageError } from './command.ts';
import { USUAL_CLOUD, parseInstant } from './options.ts';
import { printable } from './printable.ts';

/* The subscriptions of a licence: one is named by cloud and subscription, several by a list. */

export interface Subscription {
  readonly cloud: string;
  readonly subscription: string;
  /** When it leaves the licence; `null` if it stays. */
  readonly until: string | null;
}

type Scope = Pick<LicenceJson, 'cloud' | 'subscription' | 'subscriptions'>;

/** `*` where they are all of the emulator. */
export function listSubscriptions({ cloud, subscription, subscriptions }: Scope): '*' | readonly Subscription[] {
  if (typeof subscriptions === 'object') return subscriptions;
  if (subscriptions !== undefined) return '*';
  return cloud === undefined || subscription === undefined ? [] : [{ cloud, subscription, until: null }];
}

/** All three members, so that none of an earlier form is left. */
export function writeSubscriptions(list: readonly Subscription[]): Scope {
  const [first] = list;
  if (first?.until === null && list.length === 1) {
    return { cloud: first.cloud, subscription: first.subscription, subscriptions: undefined };
  }
  return { cloud: undefined, subscription: undefined, subscriptions: [...list] };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A subscription as options name it; its cloud is another option's unless it stands before it. */
export interface NamedSubscription {
  readonly cloud: string | null;
  readonly subscription: string;
}

/** @throws {InvalidArgumentError} */
export function parseSubscription(text: string): NamedSubscription {
  const [, cloud = null, subscription = ''] = /^(?:([A-Za-z]+):)?(.*)$/.exec(text) ?? [];
  if (UUID.test(subscription)) return { cloud, subscription: subscription.toLowerCase() };
  throw new InvalidArgumentError('Write a UUID, or CLOUD:UUID.');
}

/** For an option that may be given several times. @throws {InvalidArgumentError} */
export function collectSubscriptions(
  text: string,
  earlier: readonly NamedSubscription[] | undefined,
): readonly NamedSubscription[] {
  return [...(earlier ?? []), parseSubscription(text)];
}

export interface EndingSubscription extends NamedSubscription {
  readonly until: string;
}

/** `UUID=TIME`, several times. @throws {InvalidArgumentError} */
export function collectEndings(text: string, earlier: readonly EndingSubscription[] | undefined) {
  const [name = '', time] = text.split('=');
  if (time === undefined) throw new InvalidArgumentError('Write UUID=TIME, such as …=2027-01-31T00:00:00Z.');
  return [...(earlier ?? []), { ...parseSubscription(name), until: parseInstant(time) }];
}

export interface SubscriptionChanges {
  readonly added: readonly NamedSubscription[];
  readonly removed: readonly NamedSubscription[];
  readonly ended: readonly EndingSubscription[];
  /** Of those that are named without one. */
  readonly cloud: string | undefined;
}

/** @throws {UsageError} for a subscription that the licence does not have, or has already */
export function changeSubscriptions(licence: LicenceJson, changes: SubscriptionChanges): Scope {
  const present = listSubscriptions(licence);
  if (present === '*') throw new UsageError('the licence is for every subscription of the emulator');
  const list = new Map(present.map((one) => [keyOf(one), one]));
  const find = (named: NamedSubscription) => findSubscription(present, named, changes.cloud);
  for (const one of changes.removed) list.delete(keyOf(find(one)));
  for (const one of changes.ended) list.set(keyOf(find(one)), { ...find(one), until: one.until });
  for (const { cloud, subscription } of changes.added) {
    const one = { cloud: cloud ?? changes.cloud ?? USUAL_CLOUD, subscription, until: null };
    list.set(keyOf(one), one);
  }
  if (list.size === 0) throw new UsageError('a licence has at least one subscription. Use licences delete or suspend');
  return writeSubscriptions([...list.values()]);
}

/** Without a cloud it is the only one of this id. @throws {UsageError} */
function findSubscription(
  present: readonly Subscription[],
  { cloud: own, subscription }: NamedSubscription,
  usual: string | undefined,
): Subscription {
  const cloud = own ?? usual;
  const found = present.filter((one) => one.subscription === subscription && (cloud ?? one.cloud) === one.cloud);
  const [first, ...others] = found;
  if (first === undefined) {
    const where = cloud === undefined ? '' : ` in ${printable(cloud)}`;
    throw new UsageError(`the licence does not have the subscription ${subscription}${where}`);
  }
  if (others.length === 0) return first;
  const names = found.map((one) => printable(keyOf(one))).join(', ');
  throw new UsageError(`the licence has this subscription in several clouds. Name one of ${names}`);
}

function keyOf({ cloud, subscription }: Pick<Subscription, 'cloud' | 'subscription'>): string {
  return `${cloud}:${subscription}`;
}

function endOf({ until }: Pick<Subscription, 'until'>): number {
  return until === null ? Number.POSITIVE_INFINITY : Date.parse(until);
}

/** For people, one a line of a list. */
export function describeSubscriptions(scope: Scope): string {
  const list = listSubscriptions(scope);
  if (list === '*') return 'all of the emulator';
  return list.map(({ until, ...one }) => `${keyOf(one)}${until === null ? '' : ` until ${until}`}`).join(', ');
}

/** The subscriptions that one change takes away, or gives an end or an earlier one. */
export function findLostSubscriptions(before: Scope, after: Scope): readonly string[] {
  const [old, next] = [listSubscriptions(before), listSubscriptions(after)];
  if (old === '*' || next === '*') return next === '*' ? [] : ['all of the emulator'];
  const ends = new Map(next.map((one) => [keyOf(one), endOf(one)]));
  return old.filter((one) => (ends.get(keyOf(one)) ?? 0) < endOf(one)).map(({ subscription }) => subscription);
}
