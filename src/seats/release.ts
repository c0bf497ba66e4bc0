import type { LicenceClaims } from '../contract/claims.ts';
import type { LicenceCode } from '../contract/codes.ts';
import type { Activation, ChallengeMark, Seat } from './activation.ts';
import { isNewer } from './issue.ts';
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
import type { WriteOutcome } from '../contract/stored.ts';

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
 * The pool that a licence was issued from, by what the licence says. Whether offer and licence are still in force does
 * not matter: a seat can always be given back.
 *
 * @throws StoreUnavailableError
 */
export async function readReleaseTerms(
  catalogue: Pick<Catalogue, 'readOffers'>,
  { azure, licence }: Pick<LicenceClaims, 'azure' | 'licence'>,
): Promise<ReleaseTerms> {
  const { cloud, subscriptionId } = azure;
  const match = findOffer(await catalogue.readOffers(), licence.plan, undefined);
  if (!match.found) return match;
  const { mode, earlyRelease, plan } = match.offer;
  const found = { found: true, offer: formatPlanName(plan), earlyRelease } as const;
  const kind = licence.id.startsWith('mp:') ? 'marketplace' : licence.id.startsWith('trial:') ? 'trial' : 'licence';
  if (kind !== 'licence') return { ...found, pool: { kind, cloud, subscriptionId, plan } };
  if (mode === 'marketplace') return { ...found, pool: { kind: mode, cloud, subscriptionId, plan } };
  return { ...found, pool: { kind, id: licence.id } };
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
  let freed = false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const known = await store.readActivation(pool, request.vmId);
    if (known === null) return { released: false, reason: 'absent' };
    // A write may land though its answer is lost; what is then in its way is the write itself.
    if (known.value.licenceJti === request.releaseId) {
      return { released: true, seatFreeAt: seatFreeAt(known.value, request.at), freed };
    }
    const reason = refusalOf(known.value, request);
    if (reason !== null) return { released: false, reason };
    freed = earlyRelease && known.value.seat.kind !== 'none';
    const activation = spent(known.value, request, freed);
    const own = { row: 'activation', activation, version: known.version } as const;
    // A whole scale set may be deleted at once, and its seats be in one block; an uncounted seat is in none.
    const outcome =
      freed && known.value.seat.kind === 'numbered'
        ? await gate(pool, () => writeFreed(store, pool, own, known.value.seat), signal)
        : await store.writeSeats(pool, [own]);
    if (outcome === 'written') return { released: true, seatFreeAt: seatFreeAt(activation, request.at), freed };
    await pauseAfter(attempt, options);
  }
  throw new StoreUnavailableError('Too many changes of one activation at the same time: try again.');
}

async function writeFreed(store: SeatStore, pool: SeatPool, own: SeatWrite, seat: Seat): Promise<WriteOutcome> {
  const { blocks } = await store.readSeats(pool, null);
  return store.writeSeats(pool, [own, ...planGivingBack(seat, blocks)]);
}

function refusalOf(known: Activation, { challenge, jkt }: ReleaseRequest): 'challenge_replayed' | 'other_key' | null {
  if (!isNewer(challenge, known.challenge)) return 'challenge_replayed';
  return known.jkt === jkt ? null : 'other_key';
}

function spent(known: Activation, { challenge, releaseId, at }: ReleaseRequest, isFreed: boolean): Activation {
  const lastSeen = Math.max(known.lastSeen, at);
  return {
    ...known,
    challenge,
    licenceJti: releaseId,
    lastSeen,
    ...(isFreed && { seat: { kind: 'none' } as const, overSince: null }),
  };
}

/** Another VM can have it from then on, by any instance's clock. */
function seatFreeAt({ seat, leaseEnd }: Activation, at: number): number {
  if (seat.kind === 'none') return at;
  return Math.max(at, leaseEnd + (seat.kind === 'uncounted' ? UNCOUNTED_MARGIN : CLOCK_SKEW));
}
