import type { LicenceClaims } from '../contract/claims.ts';
import type { LicenceCode } from '../contract/codes.ts';
import type { Activation, ChallengeMark, Seat } from './activation.ts';
import { isNewer } from './issue.ts';
import { parseLicenceId } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { findOffer } from '../catalogue/findOffer.ts';
import { formatPlanName } from '../contract/planName.ts';
import { CLOCK_SKEW } from '../contract/clocks.ts';
import { UNCOUNTED_MARGIN } from './lease.ts';
import { createSeatGate } from './seatGate.ts';
import { ATTEMPTS, pauseAfter, withoutLateWrites } from './seatOptions.ts';
import type { SeatOptions } from './seatOptions.ts';
import { planGivingBack } from './seatPlan.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { Catalogue } from '../catalogue/store.ts';
import type { SeatStore, SeatWrite } from './store.ts';
import type { Stored, WriteOutcome } from '../contract/stored.ts';
import { readNewest } from './moves.ts';
import type { Placed } from './moves.ts';

/** Where the seat of a licence is, and whether it is free at once when it is given back. */
export type ReleaseTerms =
  | { readonly found: true; readonly offer: string; readonly pool: SeatPool; readonly earlyRelease: boolean }
  | { readonly found: false; readonly code: LicenceCode };

/** What a VM came with to give its seat back. Times are milliseconds since the epoch. */
export interface ReleaseRequest {
  readonly vmId: string;
  /** RFC 7638 thumbprint of the key that was proved, which is the licence's own. */
  readonly jkt: string;
  readonly challenge: ChallengeMark;
  /** Of this very request: no other one has it, even with the same challenge. */
  readonly releaseId: string;
  readonly at: number;
}

/** `freed`: a seat is free at once that was taken before. `absent`: the VM has no activation. `other_key`: its newest licence is bound to another key. */
export type ReleaseOutcome =
  | { readonly released: true; readonly seatFreeAt: number; readonly freed: boolean }
  | { readonly released: false; readonly reason: 'challenge_replayed' | 'absent' | 'other_key' };

/**
 * The pool that a licence was issued from, by the id that the licence carries. Whether offer and licence are still in
 * force does not matter: a seat can always be given back.
 *
 * @throws StoreUnavailableError
 */
export async function readReleaseTerms(
  catalogue: Pick<Catalogue, 'readOffers'>,
  { licence }: Pick<LicenceClaims, 'licence'>,
): Promise<ReleaseTerms> {
  const pool = parseLicenceId(licence.id);
  if (pool === null) return { found: false, code: 'subscription_not_licensed' };
  const match = findOffer(await catalogue.readOffers(), licence.plan, undefined);
  if (!match.found) return match;
  const { earlyRelease, plan } = match.offer;
  return { found: true, offer: formatPlanName(plan), earlyRelease, pool };
}

/**
 * Writes down that a VM gives its seat back. The challenge is spent by it. Neither the lease nor the history of keys
 * changes: the licence given back lives on to its `exp`, so that only an early release frees the seat before that.
 *
 * @throws StoreUnavailableError if the store fails, if every attempt lost its race, or if it took too long
 */
export async function releaseSeat(
  unbounded: SeatStore,
  { pool, earlyRelease }: Pick<Extract<ReleaseTerms, { found: true }>, 'pool' | 'earlyRelease'>,
  request: ReleaseRequest,
  options: SeatOptions = {},
): Promise<ReleaseOutcome> {
  const { gate = createSeatGate(), signal } = options;
  const store = withoutLateWrites(unbounded, signal);
  const free = (write: () => Promise<WriteOutcome>) => gate(pool, write, signal);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const known = await store.readActivation(pool, request.vmId);
    if (known === null) return { released: false, reason: 'absent' };
    const outcome = await tryRelease(store, { pool, earlyRelease, known, free }, request);
    if (outcome !== 'changed') return outcome;
    await pauseAfter(attempt, options);
  }
  throw new StoreUnavailableError('Too many changes of one activation at the same time: try again.');
}

/** One attempt to give a seat back. */
interface Attempt {
  readonly pool: SeatPool;
  readonly earlyRelease: boolean;
  readonly known: Stored<Activation>;
  /** A whole scale set may be deleted at once, and its seats be in one block: each waits for its turn. */
  readonly free: (write: () => Promise<WriteOutcome>) => Promise<WriteOutcome>;
}

async function tryRelease(
  store: SeatStore,
  attempt: Attempt,
  request: ReleaseRequest,
): Promise<ReleaseOutcome | 'changed'> {
  const { pool, earlyRelease, known } = attempt;
  const { value } = known;
  const isFreed = earlyRelease && value.seat.kind !== 'none';
  if (value.movedTo !== null) {
    const spending = await spendElsewhere(store, { pool, row: known }, request);
    if (spending !== 'spent') return spending;
    if (!isFreed) return { released: true, seatFreeAt: seatFreeAt(value, request.at), freed: false };
    return writeSeat(store, attempt, { ...value, ...WITHOUT_SEAT }, { isFreed, at: request.at });
  }
  // A write may land though its answer is lost; what is then in its way is the write itself.
  if (value.licenceJti === request.releaseId) {
    return { released: true, seatFreeAt: seatFreeAt(value, request.at), freed: earlyRelease };
  }
  const reason = refusalOf(value, request);
  if (reason !== null) return { released: false, reason };
  const next = { ...spent(value, request), ...(isFreed && WITHOUT_SEAT) };
  return writeSeat(store, attempt, next, { isFreed, at: request.at });
}

const WITHOUT_SEAT = { seat: { kind: 'none' }, overSince: null } as const;

async function writeSeat(
  store: SeatStore,
  { pool, known, free }: Attempt,
  activation: Activation,
  { isFreed, at }: { readonly isFreed: boolean; readonly at: number },
): Promise<ReleaseOutcome | 'changed'> {
  const own = { row: 'activation', activation, version: known.version } as const;
  const { seat } = known.value;
  // An uncounted seat is in no block.
  const outcome =
    isFreed && seat.kind === 'numbered'
      ? await free(() => writeFreed(store, pool, own, seat))
      : await store.writeSeats(pool, [own]);
  return outcome === 'written' ? { released: true, seatFreeAt: seatFreeAt(activation, at), freed: isFreed } : 'changed';
}

/**
 * The VM has gone on in another pool: its key and its challenges are judged by its newest row, and spent there. That row
 * keeps its seat, because the licence given back is not the one issued there.
 */
async function spendElsewhere(
  store: SeatStore,
  moved: Placed,
  request: ReleaseRequest,
): Promise<ReleaseOutcome | 'changed' | 'spent'> {
  const newest = await readNewest(store, moved);
  if (newest === 'changed') return 'changed';
  const { value, version } = newest.row;
  if (value.licenceJti === request.releaseId) return 'spent';
  const reason = refusalOf(value, request);
  if (reason !== null) return { released: false, reason };
  const write = { row: 'activation', activation: spent(value, request), version } as const;
  return (await store.writeSeats(newest.pool, [write])) === 'written' ? 'spent' : 'changed';
}

async function writeFreed(store: SeatStore, pool: SeatPool, own: SeatWrite, seat: Seat): Promise<WriteOutcome> {
  const { blocks } = await store.readSeats(pool, null);
  return store.writeSeats(pool, [own, ...planGivingBack(seat, blocks)]);
}

function refusalOf(known: Activation, { challenge, jkt }: ReleaseRequest): 'challenge_replayed' | 'other_key' | null {
  if (!isNewer(challenge, known.challenge)) return 'challenge_replayed';
  return known.jkt === jkt ? null : 'other_key';
}

function spent(known: Activation, { challenge, releaseId, at }: ReleaseRequest): Activation {
  return { ...known, challenge, licenceJti: releaseId, lastSeen: Math.max(known.lastSeen, at) };
}

/** Another VM can have it from then on, by any instance's clock. */
function seatFreeAt({ seat, leaseEnd }: Activation, at: number): number {
  if (seat.kind === 'none') return at;
  return Math.max(at, leaseEnd + (seat.kind === 'uncounted' ? UNCOUNTED_MARGIN : CLOCK_SKEW));
}
