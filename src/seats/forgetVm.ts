import { CLOCK_SKEW } from '../contract/clocks.ts';
import { SHORTEST_LIFETIME } from '../contract/durations.ts';
import type { Stored } from '../contract/stored.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import type { Activation } from './activation.ts';
import { learnHours, writeAndCount } from './issue.ts';
import { planGivingBack } from './seatPlan.ts';
import type { ActivationStore, SeatStore } from './store.ts';

/** Why a VM's row cannot be forgotten yet. */
export interface Hold {
  readonly why: 'block' | 'key_change' | 'licence';
  /** Milliseconds since the epoch; `null`: until an operator ends it. */
  readonly until: number | null;
}

/** What still rests on a VM's row: an unexpired licence, key changes that count, a block. None: it can be forgotten. */
export function listHolds(activation: Activation, at: number): readonly Hold[] {
  const { blocked, keyChanges, expiresAt, keyUntil, lastSeen } = activation;
  // A challenge that the VM has used lives as long as the shortest licence.
  const licensedUntil = Math.max(expiresAt, keyUntil, lastSeen + SHORTEST_LIFETIME) + CLOCK_SKEW;
  const changesUntil = Math.max(0, ...keyChanges.map(({ until }) => until + CLOCK_SKEW));
  const holds: readonly Hold[] = [
    ...(blocked ? [{ why: 'block' as const, until: null }] : []),
    { why: 'key_change', until: changesUntil },
    { why: 'licence', until: licensedUntil },
  ];
  return holds.filter(({ until }) => until === null || until >= at);
}

/**
 * Deletes a VM's row once the ledger has the hours of its newest licence, and gives its seat back. A row that has changed
 * meanwhile stays.
 *
 * @param at by which the newest licence has expired
 * @returns whether it was deleted
 * @throws StoreUnavailableError
 */
export async function forgetVm(
  store: SeatStore & Pick<ActivationStore, 'deleteActivation'>,
  pool: SeatPool,
  known: Stored<Activation>,
  at: number,
): Promise<boolean> {
  const { vmId, licenceJti, seat, expiresAt } = known.value;
  let last: Stored<Activation> | null = known;
  // No store takes a condition for a deletion in a transaction: the row is emptied first, and that very row is deleted.
  if (seat.kind === 'numbered' || learnHours(known.value, at).together.length > 0) {
    const blocks = seat.kind === 'numbered' ? (await store.readSeats(pool, null)).blocks : [];
    const next = { ...known.value, seat: { kind: 'none' }, issuedAt: expiresAt } as const;
    const { outcome } = await writeAndCount(store, pool, { known, next, at, others: planGivingBack(seat, blocks) });
    last = outcome === 'written' ? await store.readActivation(pool, vmId) : null;
  }
  if (last?.value.licenceJti !== licenceJti || last.value.blocked || last.value.seat.kind === 'numbered') return false;
  return (await store.deleteActivation(pool, vmId, last.version)) === 'deleted';
}
