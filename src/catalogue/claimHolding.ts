import { isSameName } from '../contract/planName.ts';
import type { Stored, WriteOutcome } from '../contract/stored.ts';
import { namingOf } from './holding.ts';
import type { Holding, HoldingKey } from './holding.ts';
import type { Licence } from './licence.ts';
import { poolName } from './seatPool.ts';

/*
 * A subscription is under at most one licence for a plan, but for the overlap of a move. The row of a holding is where
 * two instances that write at once meet: each writes it on the condition that it is as it was read.
 */

/** What a claim needs of the store. */
export interface HoldingStore {
  readHolding(key: HoldingKey): Promise<Stored<Holding> | null>;
  writeHolding(holding: Holding, version: string | null): Promise<WriteOutcome>;
}

/** Reads a licence past every cache. */
export type LookUp = (id: string) => Promise<Licence | null>;

/** A claim whose licence was not written a minute later was left behind by a process that ended. */
const ABANDONED = 60_000;
const MAX_FORMER = 4;
const ATTEMPTS = 5;

/** `held`: another licence has the subscription. `busy`: others write the same row, or a claim may still be on its way. */
export type ClaimOutcome = { readonly outcome: 'claimed' | 'busy' } | { readonly outcome: 'held'; readonly by: string };

/**
 * Claims a subscription for a licence, before the licence is written.
 *
 * @param at milliseconds since the epoch
 * @throws {StoreUnavailableError}
 */
export async function claimHolding(
  store: HoldingStore,
  lookUp: LookUp,
  { key, id, at }: { readonly key: HoldingKey; readonly id: string; readonly at: number },
): Promise<ClaimOutcome> {
  // Most are free: an insert tells it with one call.
  const fresh = { ...key, licences: [id], since: at, former: [] };
  if ((await store.writeHolding(fresh, null)) === 'written') return { outcome: 'claimed' };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const row = await store.readHolding(key);
    if (row === null) {
      if ((await store.writeHolding(fresh, null)) === 'written') return { outcome: 'claimed' };
      continue;
    }
    const planned = await planClaim(row.value, lookUp, id, at);
    if (!('next' in planned)) return planned;
    if (planned.next === null) return { outcome: 'claimed' };
    if ((await store.writeHolding(planned.next, row.version)) === 'written') return { outcome: 'claimed' };
  }
  return { outcome: 'busy' };
}

/** `next: null`: it is so already. */
async function planClaim(
  holding: Holding,
  lookUp: LookUp,
  id: string,
  at: number,
): Promise<ClaimOutcome | { readonly next: Holding | null }> {
  const others = holding.licences.filter((one) => !isSameName(one, id));
  const [first = ''] = holding.licences;
  const leaving: string[] = [];
  const left: string[] = [];
  for (const other of others) {
    const licence = await lookUp(other);
    const naming = licence === null ? null : namingOf(licence, holding, at);
    if (naming === 'stays') return { outcome: 'held', by: other };
    if (naming === 'leaves') leaving.push(other);
    else left.push(other);
    const mayBeOnItsWay = naming === null && other === first && at < holding.since + ABANDONED && at >= holding.since;
    if (mayBeOnItsWay) return { outcome: 'busy' };
  }
  const [other, ...more] = leaving;
  if (other !== undefined && more.length > 0) return { outcome: 'held', by: other };
  if (isSameName(first, id) && left.length === 0) return { next: null };
  return { next: { ...holding, licences: [id, ...leaving], since: at, former: addFormer(holding.former, left) } };
}

/**
 * Gives a subscription up for a licence, after the licence was written without it.
 *
 * @throws {StoreUnavailableError}
 */
export async function giveUpHolding(store: HoldingStore, key: HoldingKey, id: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const row = await store.readHolding(key);
    if (!row?.value.licences.some((one) => isSameName(one, id))) return;
    const licences = row.value.licences.filter((one) => !isSameName(one, id));
    const next = { ...row.value, licences, former: addFormer(row.value.former, [id]) };
    if ((await store.writeHolding(next, row.version)) === 'written') return;
  }
}

function addFormer(former: readonly string[], ids: readonly string[]): readonly string[] {
  const added = ids.map((id) => poolName({ kind: 'licence', id }));
  return [...new Set([...added, ...former])].slice(0, MAX_FORMER);
}
