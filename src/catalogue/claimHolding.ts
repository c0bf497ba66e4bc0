import { CLOCK_SKEW } from '../contract/clocks.ts';
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

/** One subscription for one licence; `at`: when the operator asked, in milliseconds since the epoch. */
export interface Claim {
  readonly key: HoldingKey;
  readonly id: string;
  readonly at: number;
  /** The name of the request's claims: no other request has it. */
  readonly claim: string;
}

/** A claim to give up, and the name of the claims of the licence as it was written before. */
export interface Spent extends Claim {
  readonly settled: string | null;
}

/** Reads a licence past every cache. */
export type LookUp = (id: string) => Promise<{ readonly value: Licence; readonly claim: string } | null>;

/** A claim whose licence was not written a minute later, by any instance's clock, was left behind by a process that ended. */
const ABANDONED = 60_000 + CLOCK_SKEW;
const MAX_FORMER = 4;
const ATTEMPTS = 5;

/** `isNew`: the licence had no claim before. `held`: another licence has the subscription. `busy`: others write the same row, or a claim may still be on its way. */
export type ClaimOutcome =
  | { readonly outcome: 'claimed'; readonly isNew: boolean }
  | { readonly outcome: 'busy' }
  | { readonly outcome: 'held'; readonly by: string };

/**
 * Claims a subscription for a licence, before the licence is written.
 *
 * @throws {StoreUnavailableError}
 */
export async function claimHolding(store: HoldingStore, lookUp: LookUp, own: Claim): Promise<ClaimOutcome> {
  const { key, id, at, claim } = own;
  // Most are free: an insert tells it with one call.
  const fresh = { ...key, licences: [id], since: at, claim, former: [] };
  if ((await store.writeHolding(fresh, null)) === 'written') return { outcome: 'claimed', isNew: true };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const row = await store.readHolding(key);
    if (row === null) {
      if ((await store.writeHolding(fresh, null)) === 'written') return { outcome: 'claimed', isNew: true };
      continue;
    }
    const planned = await planClaim(row.value, lookUp, own);
    if (!('next' in planned)) return planned;
    const isNew = !row.value.licences.some((one) => isSameName(one, id));
    if ((await store.writeHolding(planned.next, row.version)) === 'written') return { outcome: 'claimed', isNew };
  }
  return { outcome: 'busy' };
}

/**
 * A claim is written even where nothing changes: whoever planned by the row as it was must look again. And while a first
 * claim is young and was not written with its licence, what the licence says may change at any moment.
 */
async function planClaim(
  holding: Holding,
  lookUp: LookUp,
  { id, at, claim }: Claim,
): Promise<ClaimOutcome | { readonly next: Holding }> {
  const leaving: string[] = [];
  const left: string[] = [];
  for (const [place, other] of holding.licences.entries()) {
    if (isSameName(other, id)) continue;
    const licence = await lookUp(other);
    const naming = licence === null ? null : namingOf(licence.value, holding, at);
    if (naming === 'stays') return { outcome: 'held', by: other };
    const isWritten = licence?.claim === holding.claim;
    if (place === 0 && !isWritten && at < holding.since + ABANDONED) return { outcome: 'busy' };
    if (naming === 'leaves') leaving.push(other);
    else left.push(other);
  }
  const [other, ...more] = leaving;
  if (other !== undefined && more.length > 0) return { outcome: 'held', by: other };
  return {
    next: { ...holding, licences: [id, ...leaving], since: at, claim, former: addFormer(holding.former, left) },
  };
}

/**
 * Gives a subscription up for a licence: after the licence was written without it, or where the write for which it was claimed
 * came to nothing. It stays where the licence names it by now, or another request may be about to write that it does.
 *
 * @throws {StoreUnavailableError}
 */
export async function giveUpHolding(store: HoldingStore, lookUp: LookUp, spent: Spent): Promise<void> {
  const { key, id, at, claim, settled } = spent;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const row = await store.readHolding(key);
    if (!row?.value.licences.some((one) => isSameName(one, id))) return;
    const { licences, since, former, claim: present } = row.value;
    const [first = ''] = licences;
    const isKnown = present === claim || present === settled;
    if (isSameName(first, id) && !isKnown && since >= at - CLOCK_SKEW) return;
    const licence = await lookUp(id);
    if (licence !== null && namingOf(licence.value, key, at) !== null) return;
    const others = licences.filter((one) => !isSameName(one, id));
    // What is first now was written long before: nobody could claim the subscription before it was.
    const settling = isSameName(first, id) ? { since: 0, claim: '' } : {};
    const next = { ...row.value, ...settling, licences: others, former: addFormer(former, [id]) };
    if ((await store.writeHolding(next, row.version)) === 'written') return;
  }
}

function addFormer(former: readonly string[], ids: readonly string[]): readonly string[] {
  const added = ids.map((id) => poolName({ kind: 'licence', id }));
  return [...new Set([...added, ...former])].slice(0, MAX_FORMER);
}
