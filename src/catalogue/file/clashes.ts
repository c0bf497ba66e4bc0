import { mapPieces } from '../../contract/pieces.ts';
import type { Pieces } from '../../contract/pieces.ts';
import type { Licence } from '../licence.ts';
import { ANY, foldCase, formatPlanName } from '../../contract/planName.ts';
import type { Upsert } from './cataloguePlan.ts';

/** What makes two licences the same row. */
export function licenceKey({ id }: Pick<Licence, 'id'>): string {
  return foldCase(id);
}

/** The subscriptions that are to stay under a licence, each with the plan: of two licences with one in common, nobody could say which counts. */
export function subscriptionNames({ subscriptions, plan }: Licence): readonly string[] {
  const name = foldCase(formatPlanName(plan));
  if (subscriptions === ANY) return [`every subscription/${name}`];
  const staying = subscriptions.filter(({ until }) => until === null);
  return staying.map(({ cloud, subscriptionId }) => `${cloud}/${subscriptionId}/${name}`);
}

/** Pairs of indexes, the earlier one first, of things that have a name in common; in pieces. */
export function* findClashes<T>(
  things: readonly T[],
  namesOf: (thing: T) => readonly string[],
): Pieces<readonly (readonly [number, number])[]> {
  const owners = new Map<string, number>();
  const clashes: (readonly [number, number])[] = [];
  for (const [index, thing] of things.entries()) {
    const names = namesOf(thing);
    const owner = names.map((name) => owners.get(name)).find((one) => one !== undefined);
    if (owner !== undefined) clashes.push([owner, index]);
    for (const name of names) if (!owners.has(name)) owners.set(name, index);
    yield;
  }
  return clashes;
}

/** An entry, and what has the name already that the entry brings in. */
interface NewClash<T> {
  readonly index: number;
  readonly holder: T;
}

/**
 * Clashes over the names that entries bring in: with what stays in the store as it is, or with another entry. Rows that
 * are at odds already are no concern of an entry that keeps its names, so that such a row can be suspended all the same.
 *
 * In pieces.
 *
 * @param others what the store holds beside the entries
 */
export function* findNewClashes<T>(
  entries: readonly Upsert<T>[],
  others: readonly T[],
  namesOf: (thing: T) => readonly string[],
): Pieces<readonly NewClash<T>[]> {
  const holders = new Map<string, T>();
  yield* mapPieces(others, (other) => {
    for (const name of namesOf(other)) holders.set(name, other);
  });
  const named = yield* mapPieces(entries, ({ value, stored }) => {
    const before = new Set(stored === null ? [] : namesOf(stored.value));
    const names = [...new Set(namesOf(value))];
    for (const name of names) if (before.has(name)) holders.set(name, value);
    return { value, brought: names.filter((name) => !before.has(name)) };
  });
  const clashes = yield* mapPieces(named, ({ value, brought }, index) => {
    const holder = brought.map((name) => holders.get(name)).find((one) => one !== undefined);
    for (const name of brought) if (!holders.has(name)) holders.set(name, value);
    return holder === undefined ? null : { index, holder };
  });
  return clashes.filter((clash) => clash !== null);
}
