import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import { foldCase, formatPlanName } from '../planName.ts';

/** The names under which an offer is found: of two offers with one in common, nobody could say which is meant. */
export function sellsTheSame(offer: Offer): readonly string[] {
  const { publisher, product, name } = offer.plan;
  return [product, ...offer.productAliases].map((one) => foldCase(`${publisher}/${one}/${name}`));
}

/** What a licence is for: a subscription has one licence a plan. */
export function licensedPlan(licence: Licence): readonly string[] {
  return [`${licence.cloud}/${licence.subscriptionId}/${foldCase(formatPlanName(licence.plan))}`];
}

/** Pairs of indexes, the earlier one first, of things that have a name in common. */
export function findClashes<T>(
  things: readonly T[],
  namesOf: (thing: T) => readonly string[],
): readonly (readonly [number, number])[] {
  const owners = new Map<string, number>();
  const clashes: (readonly [number, number])[] = [];
  things.forEach((thing, index) => {
    const names = namesOf(thing);
    const owner = names.map((name) => owners.get(name)).find((one) => one !== undefined);
    if (owner !== undefined) clashes.push([owner, index]);
    for (const name of names) if (!owners.has(name)) owners.set(name, index);
  });
  return clashes;
}
