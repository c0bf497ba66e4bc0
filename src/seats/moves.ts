import type { Activation } from './activation.ts';
import type { Entitlement } from '../catalogue/entitlement.ts';
import { parsePoolName, poolName } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { Stored } from '../contract/stored.ts';
import { isOfOtherCloud, writeAndCount } from './issue.ts';
import type { KnownRow } from './issue.ts';
import { hasLeaseEnded } from './lease.ts';
import type { SeatStore } from './store.ts';

/*
 * A VM that passes to another pool takes along what binds it: keys, newest challenge, block. Its row in the old pool is
 * marked first, on condition that it has not changed. From then on nobody issues from it, and what binds the VM stands
 * still, until it is written in the new pool. If the process dies in between, or if another one wants the VM in a third
 * pool, whoever comes next finishes this move before anything else. So the marks are one chain, and `moves`, which grows
 * along it, tells a row that has been written at the end of a move from one that is still to be replaced.
 *
 * One case is left: a VM without any row asks two instances at once, of which one does not know yet that the subscription
 * has moved. It then begins a row in each pool. That lasts as long as a licence may be cached.
 */

/** A VM's row, and the pool it is in. */
export interface Placed {
  readonly pool: SeatPool;
  readonly row: Stored<Activation>;
}

/** `isCarried`: it came from another pool, and is still to be written in this one. */
export interface OwnRow {
  readonly known: KnownRow | null;
  readonly isCarried: boolean;
}

type SeatReader = Pick<SeatStore, 'readActivation'>;

/** A pool for a VM. */
type Place = Pick<Entitlement, 'pool' | 'earlierPools'> & { readonly vmId: string };

/** Where a VM is to have its row. */
export interface Destination extends Place {
  readonly cloud: string;
  /** Milliseconds since the epoch: the licence in the old pool counts until then. */
  readonly at: number;
}

/** A VM that keeps coming back to the same pools is followed this far. */
const MAX_HOPS = 32;

/**
 * The VM's row in a pool. If it has none there, or has left the pool, its newest row elsewhere is marked as moved here.
 *
 * @returns `changed` if another process was faster: it is to be tried again
 * @throws StoreUnavailableError
 */
export async function readOwnRow(store: SeatStore, destination: Destination): Promise<OwnRow | 'changed'> {
  const { own, newest } = await findNewest(store, destination);
  if (newest === null) return { known: own, isCarried: false };
  const { pool } = destination;
  const { value, version } = newest.row;
  const carried = { value: carryOver(value, own?.value ?? null), version: own?.version ?? null };
  if (value.movedTo === poolName(pool)) return { known: carried, isCarried: true };
  if (value.movedTo !== null) return finishMove(store, newest);
  if (isOfOtherCloud(value, destination.cloud)) return { known: carried, isCarried: false };
  const next = { ...value, movedTo: poolName(pool) };
  const change = { known: { value, version }, next, at: destination.at };
  const { outcome } = await writeAndCount(store, newest.pool, change);
  return outcome === 'written' ? { known: carried, isCarried: true } : 'changed';
}

/**
 * The VM's row as {@link readOwnRow} would find it. Writes nothing: for operators.
 *
 * @throws StoreUnavailableError
 */
export async function foreseeOwnRow(store: SeatReader, destination: Place): Promise<Activation | null> {
  const { own, newest } = await findNewest(store, destination);
  return newest === null ? (own?.value ?? null) : carryOver(newest.row.value, own?.value ?? null);
}

/** `newest`: the VM's newest row in another pool, or a move from this one that has not been finished. */
async function findNewest(store: SeatReader, place: Place) {
  const { pool, vmId } = place;
  const own = await store.readActivation(pool, vmId);
  if (own !== null && isNewest(own.value)) return { own, newest: null };
  const start = own !== null && own.value.movedTo !== null ? { pool, row: own } : await findEarlier(store, place);
  return { own, newest: start && (await followMoves(store, start)) };
}

/** Whether nothing that binds the VM can be in another pool. An operator may have made the row before the VM came. */
function isNewest({ movedTo, challenge, moves }: Activation): boolean {
  return movedTo === null && (challenge !== null || moves > 0);
}

async function findEarlier(store: SeatReader, { earlierPools, vmId }: Place): Promise<Placed | null> {
  for (const pool of earlierPools) {
    const row = await store.readActivation(pool, vmId);
    if (row !== null) return { pool, row };
  }
  return null;
}

/** The end of the chain of marks: the VM's newest row, or one whose move has not been finished. */
async function followMoves(store: SeatReader, start: Placed): Promise<Placed> {
  let place = start;
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const { value } = place.row;
    if (value.movedTo === null) return place;
    const pool = parseMark(value.movedTo);
    const row = await store.readActivation(pool, value.vmId);
    if (row === null || row.value.moves <= value.moves) return place;
    place = { pool, row };
  }
  throw new StoreUnavailableError('A VM has moved between pools of seats too often to be followed.');
}

/** @throws StoreUnavailableError */
function parseMark(name: string): SeatPool {
  const pool = parsePoolName(name);
  if (pool === null) throw new StoreUnavailableError('A row of kind activation cannot be read: movedTo.');
  return pool;
}

/** Writes the row in the pool that it was marked for, without a seat. */
async function finishMove(store: SeatStore, { row: { value } }: Placed): Promise<'changed'> {
  const pool = parseMark(value.movedTo ?? '');
  const present = await store.readActivation(pool, value.vmId);
  // Finished by another process meanwhile.
  if (present !== null && present.value.moves > value.moves) return 'changed';
  await writeCarried(store, pool, {
    value: carryOver(value, present?.value ?? null),
    version: present?.version ?? null,
  });
  return 'changed';
}

/** Keeps what binds a VM in its new pool, though it gets no licence there. */
export async function writeCarried(store: SeatStore, pool: SeatPool, { value, version }: KnownRow): Promise<void> {
  await store.writeSeats(pool, [{ row: 'activation', activation: value, version }]);
}

/**
 * The newest row of a VM, from one that it has or had. A move that is under way is finished first.
 *
 * @returns `changed` if it is to be tried again
 * @throws StoreUnavailableError
 */
export async function readNewest(store: SeatStore, start: Placed): Promise<Placed | 'changed'> {
  const newest = await followMoves(store, start);
  return newest.row.value.movedTo === null ? newest : finishMove(store, newest);
}

/**
 * The row in the new pool. What binds the VM is that of the newest row; seat and lease are those of the pool, where the
 * VM may have been before.
 */
function carryOver(newest: Activation, present: Activation | null): Activation {
  return {
    ...newest,
    seat: present?.seat ?? { kind: 'none' },
    leaseEnd: present?.leaseEnd ?? 0,
    overSince: present?.overSince ?? null,
    counted: present?.counted ?? null,
    // The hours of its last licence in this pool were counted when the VM left.
    ...{ issuedAt: 0, expiresAt: 0, licenceJti: null, movedTo: null },
    graceUntil: Math.max(newest.graceUntil, present?.graceUntil ?? 0),
    blocked: newest.blocked || isBlockedBefore(present),
    moves: newest.moves + 1,
  };
}

/** A block on a VM that an operator expects here. A row that the VM has left says nothing any more. */
function isBlockedBefore(present: Activation | null): boolean {
  return present !== null && present.movedTo === null && present.blocked;
}

/** What a VM is entitled to while its subscription moves from one licence to another. */
export interface Choice {
  readonly entitlement: Entitlement | null;
  /** Under the licence that the subscription is leaving; `null` if it is leaving none. */
  readonly staying: Entitlement | null;
}

/**
 * A VM with a seat in the old pool renews there, every other VM takes one in the new pool. Nothing is read where no
 * subscription moves.
 *
 * @param at milliseconds since the epoch
 * @returns `null` if the VM is entitled to nothing
 * @throws StoreUnavailableError
 */
export async function chooseEntitlement(
  store: Pick<SeatStore, 'readActivation'>,
  { entitlement, staying }: Choice,
  vmId: string,
  at: number,
): Promise<Entitlement | null> {
  if (staying === null) return entitlement;
  const known = await store.readActivation(staying.pool, vmId);
  const { seat, leaseEnd, movedTo } = known?.value ?? { seat: { kind: 'none' }, leaseEnd: 0, movedTo: null };
  if (seat.kind !== 'none' && movedTo === null && !hasLeaseEnded(leaseEnd, at)) return staying;
  return entitlement && { ...entitlement, earlierPools: [staying.pool, ...entitlement.earlierPools] };
}
