import type { TrustEntry, TrustStore } from './trustEntry.ts';
import type { TrustMaterial } from '../createTrust.ts';
import type { Trust } from '../../verifier/x509/trust.ts';
import { addOperatorMaterial, addOperatorTrust, nameRows } from './operatorTrust.ts';
import type { TrustMade } from './operatorTrust.ts';

/** What an operator pins or distrusts holds on every instance within a minute; these are milliseconds of age. */
const REFRESHED_BEHIND = 20_000;
/** What is judged by it is answered before that minute is over. */
const MAX_AGE = 60_000;

/** Milliseconds: a request may come to this after another that began later and asked the store. */
const MAX_OVERTAKEN = 2_000;

/** How a store that cannot be read is logged. */
export type Warn = (level: 'warn', event: string, facts: Readonly<Record<string, unknown>>) => void;

/** Trust as package and operators make it together. */
export interface LiveTrust {
  /**
   * For judging evidence. What the store says of it is less than a minute old, or nothing is judged.
   *
   * @param at milliseconds since the epoch
   * @throws {StoreUnavailableError}
   */
  read(at: number, log: Warn): Promise<Trust>;
  /** Reads the store's rows now. @throws {StoreUnavailableError} */
  refresh(at: number): Promise<TrustMade>;
  /** As it was made last; asks nothing. */
  latest(): TrustMade;
  /** What it would be made of with these entries of operators. */
  preview(entries: readonly TrustEntry[]): TrustMaterial;
}

export interface LiveTrustOptions {
  /** Of the package alone: what there is before the store was asked for the first time. */
  readonly base: TrustMaterial;
  readonly store: Pick<TrustStore, 'listTrust'>;
  /** The most milliseconds from a reading of trust to the answer that rests on it. */
  readonly longestAnswer: number;
}

export function createLiveTrust({ base, store, longestAnswer }: LiveTrustOptions): LiveTrust {
  const refreshedBefore = MAX_AGE - longestAnswer;
  let made = addOperatorTrust(base, []);
  let rowsName = '';
  let checkedAt = Number.NEGATIVE_INFINITY;
  let begun = 0;
  let applied = 0;
  let pending: Promise<TrustMade> | null = null;

  const refresh = async (at: number): Promise<TrustMade> => {
    begun += 1;
    const turn = begun;
    const rows = await store.listTrust();
    // An answer that was overtaken by a later question's says nothing new.
    if (turn < applied) return made;
    const name = nameRows(rows);
    if (name !== rowsName)
      made = addOperatorTrust(
        base,
        rows.map(({ value }) => value),
      );
    [rowsName, checkedAt, applied] = [name, at, turn];
    return made;
  };
  /** Requests that come while an answer is on its way share it. */
  const refreshShared = (at: number): Promise<TrustMade> => {
    pending ??= refresh(at).finally(() => {
      pending = null;
    });
    return pending;
  };
  return {
    refresh,
    latest: () => made,
    preview: (entries) => addOperatorMaterial(base, entries),
    read: async (at, log) => {
      const age = at - checkedAt;
      // A clock that was set back makes rows old, not young; a request that another overtook is no such clock.
      if (age < -MAX_OVERTAKEN || age >= refreshedBefore) return (await refreshShared(at)).trust;
      if (age >= REFRESHED_BEHIND) {
        refreshShared(at).catch((error: unknown) => {
          log('warn', 'trust_not_refreshed', { reason: error instanceof Error ? error.message : 'unknown' });
        });
      }
      return made.trust;
    },
  };
}
