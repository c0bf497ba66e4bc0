import { isDeepStrictEqual } from 'node:util';

import type { Activation } from './activation.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import type { SeatStore } from './store.ts';

/** `absent`: the VM never came. `changed`: it is no longer at the version named. */
export type ActivationChange =
  { readonly outcome: 'written'; readonly activation: Activation } | { readonly outcome: 'absent' | 'changed' };

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

async function changeActivation(
  store: SeatStore,
  { pool, vmId, isRightVersion = () => true }: ChangeOptions & { readonly pool: SeatPool; readonly vmId: string },
  change: (known: Activation | null) => Activation | null,
): Promise<ActivationChange> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const known = await store.readActivation(pool, vmId);
    const activation = change(known?.value ?? null);
    if (activation === null) return { outcome: 'absent' };
    // Already as it is asked for: success, whatever the version (RFC 9110 section 13.1.1).
    if (known !== null && isDeepStrictEqual(known.value, activation)) return { outcome: 'written', activation };
    if (known !== null && !isRightVersion(known.version)) return { outcome: 'changed' };
    const write = { row: 'activation', activation, version: known?.version ?? null } as const;
    if ((await store.writeSeats(pool, [write])) === 'written') return { outcome: 'written', activation };
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
    ...{ issuedAt: 0, expiresAt: 0, counted: null, overSince: null, movedTo: null },
    ...{ region: null, sku: '', client: null, label: null },
    ...{ firstSeen: at, lastSeen: at, blocked: true },
  };
}
