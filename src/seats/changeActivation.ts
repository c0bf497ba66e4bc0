import { isDeepStrictEqual } from 'node:util';

import type { Activation } from './activation.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { readNewest } from './moves.ts';
import { planGivingBack } from './seatPlan.ts';
import type { SeatStore } from './store.ts';

/**
 * `absent`: the VM never came. `changed`: it is no longer at the version named. `pool`: where the row is that was changed,
 * because the VM may have passed to another pool.
 */
export type ActivationChange =
  | { readonly outcome: 'written'; readonly activation: Activation; readonly pool: SeatPool }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'changed' };

export interface ChangeOptions {
  /** Whether the operator means this version of the row; left out, the change is made to whatever is there. */
  readonly isRightVersion?: ((version: string) => boolean) | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Renewals write the same row, so that a change may have to be tried again. */
const ATTEMPTS = 8;

/**
 * Blocks a VM, at once and on all instances: its next renewal is refused. It keeps its seat until its lease ends, for
 * the licence it has lives on.
 *
 * @throws StoreUnavailableError
 */
export function blockKnownVm(store: SeatStore, pool: SeatPool, vmId: string, options: ChangeOptions) {
  return changeActivation(store, { pool, vmId, ...options }, (known) => known && { ...known, blocked: true });
}

export interface BlockOptions extends ChangeOptions {
  /** Of the pool: what the row says until the VM comes. */
  readonly licenceId: string;
  /** Where the VM is expected. */
  readonly cloud: string;
  readonly subscriptionId: string;
}

/**
 * As {@link blockKnownVm}, also for a VM that never came: whoever calls this knows that the pool is one.
 *
 * @throws StoreUnavailableError
 */
export function blockVm(store: SeatStore, pool: SeatPool, vmId: string, options: BlockOptions) {
  const change = (known: Activation | null) => ({ ...(known ?? unseen(vmId, options)), blocked: true });
  return changeActivation(store, { pool, vmId, ...options }, change);
}

/** @throws StoreUnavailableError */
export function unblockVm(store: SeatStore, pool: SeatPool, vmId: string, options: ChangeOptions) {
  return changeActivation(store, { pool, vmId, ...options }, (known) => known && { ...known, blocked: false });
}

/**
 * Forgets a VM's changes of key, so that it may change it again: for that long it may hold live licences for more keys
 * than its offer allows.
 *
 * @throws StoreUnavailableError
 */
export function clearKeyChanges(store: SeatStore, pool: SeatPool, vmId: string, options: ChangeOptions) {
  return changeActivation(store, { pool, vmId, ...options }, (known) => known && { ...known, keyChanges: [] });
}

/**
 * Frees a VM's seat at once: another VM can have it. The licence given out lives to its `exp`, so that until then there
 * may be one VM more than seats and overage. The VM looks for a seat again when it renews.
 *
 * @throws StoreUnavailableError
 */
export async function freeSeat(
  store: SeatStore,
  pool: SeatPool,
  vmId: string,
  { isRightVersion = () => true }: ChangeOptions,
): Promise<ActivationChange> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const known = await store.readActivation(pool, vmId);
    if (known === null) return { outcome: 'absent' };
    const { seat } = known.value;
    if (seat.kind === 'none') return { outcome: 'written', activation: known.value, pool };
    if (!isRightVersion(known.version)) return { outcome: 'changed' };
    const activation = { ...known.value, seat: { kind: 'none' }, overSince: null } as const;
    // An uncounted seat is in no block.
    const blocks = seat.kind === 'numbered' ? (await store.readSeats(pool, null)).blocks : [];
    const own = { row: 'activation', activation, version: known.version } as const;
    const outcome = await store.writeSeats(pool, [own, ...planGivingBack(seat, blocks)]);
    if (outcome === 'written') return { outcome, activation, pool };
  }
  return { outcome: 'changed' };
}

interface Change extends ChangeOptions {
  readonly pool: SeatPool;
  readonly vmId: string;
}

/** What binds a VM that has passed to another pool is changed there. */
async function changeActivation(
  store: SeatStore,
  { pool, vmId, isRightVersion = () => true }: Change,
  change: (known: Activation | null) => Activation | null,
): Promise<ActivationChange> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const row = await store.readActivation(pool, vmId);
    const place = row === null ? { pool, row } : await readNewest(store, { pool, row });
    if (place === 'changed') continue;
    const known = place.row;
    const activation = change(known?.value ?? null);
    if (activation === null) return { outcome: 'absent' };
    // Already as it is asked for: success, whatever the version (RFC 9110 section 13.1.1).
    const written = { outcome: 'written', activation, pool: place.pool } as const;
    if (known !== null && isDeepStrictEqual(known.value, activation)) return written;
    if (known !== null && !isRightVersion(known.version)) return { outcome: 'changed' };
    const write = { row: 'activation', activation, version: known?.version ?? null } as const;
    if ((await store.writeSeats(place.pool, [write])) === 'written') return written;
  }
  return { outcome: 'changed' };
}

function unseen(vmId: string, { licenceId, cloud, subscriptionId, at }: BlockOptions): Activation {
  return {
    ...{ vmId, cloud, subscriptionId },
    licenceId,
    offer: '',
    seat: { kind: 'none' },
    ...{ jkt: null, keyUntil: 0, keyChanges: [], challenge: null, licenceJti: null, leaseEnd: 0, graceUntil: 0 },
    ...{ issuedAt: 0, expiresAt: 0, counted: null, overSince: null, movedTo: null, moves: 0 },
    ...{ region: null, sku: '', client: null, label: null },
    ...{ firstSeen: at, lastSeen: at, blocked: true },
  };
}
