import type { Activation, Seat } from './activation.ts';
import { changedBlocks, pickFreeSeat, seatCeiling, withSeat } from './seatBlocks.ts';
import type { SeatBlock, SeatWrite } from './store.ts';
import type { Stored } from '../contract/stored.ts';

/** A transaction has at most 100 rows: this many seats and their blocks fit, with the VM's own row and block. */
const MAX_FREED = 40;

/** What is known when a VM needs a seat. */
export interface SeatSearch {
  readonly blocks: readonly SeatBlock[];
  /** How many seats the blocks may hold, overage included. */
  readonly limit: number;
  /** How many seats were bought: whoever has one with this number or a higher one is over. */
  readonly bought: number;
  /** The numbered seat that the VM still has on its row, though its lease has ended. */
  readonly held: number | null;
  readonly random: () => number;
}

/** The seat that the VM gets, and the other rows that change with its own. */
export interface SeatGain {
  readonly seat: number;
  readonly writes: readonly SeatWrite[];
}

/** The numbered seat on a row, if any. */
export function seatNumber(seat: Seat): number | null {
  return seat.kind === 'numbered' ? seat.number : null;
}

/**
 * A seat numbered lower than `below` that no VM has, or the one that the VM itself still holds. Holding one is not enough
 * after the lease has ended: if `limit` was lowered meanwhile, another VM may live on the count of this one.
 */
export function planFreeSeat(search: SeatSearch, below: number): SeatGain | null {
  const { blocks, limit, held, random } = search;
  if (held !== null && held < Math.min(below, seatCeiling(blocks, limit))) return { seat: held, writes: [] };
  const without = withoutHeld(search);
  const seat = pickFreeSeat(without, Math.min(below, seatCeiling(without, limit)), random);
  if (seat === null) return null;
  return { seat, writes: blockWrites(blocks, withSeat(without, seat, true)) };
}

/** A seat taken over from a VM whose lease has ended; the old row stays, without a seat. */
export function planTakeOver(search: SeatSearch, ended: readonly Stored<Activation>[]): SeatGain | null {
  const without = withoutHeld(search);
  const ceiling = seatCeiling(without, search.limit);
  const below = ended.filter((row) => numberOf(row) < ceiling);
  const from = below[Math.floor(search.random() * below.length)];
  if (from === undefined) return null;
  return { seat: numberOf(from), writes: [vacate(from), ...blockWrites(search.blocks, without)] };
}

/**
 * After `limit` was lowered, seats at or above the ceiling are not handed on but given up, until the rest fits. Empty
 * when there is nothing to give up.
 */
export function planGivingUp(search: SeatSearch, ended: readonly Stored<Activation>[]): readonly SeatWrite[] {
  const chosen = ended.slice(0, MAX_FREED);
  let blocks = search.blocks;
  for (const row of chosen) blocks = withSeat(blocks, numberOf(row), false);
  return [...chosen.map(vacate), ...blockWrites(search.blocks, blocks)];
}

/** The block that changes when a VM gives its seat back at once. */
export function planGivingBack(seat: Seat, blocks: readonly SeatBlock[]): readonly SeatWrite[] {
  const number = seatNumber(seat);
  return number === null ? [] : blockWrites(blocks, withSeat(blocks, number, false));
}

function withoutHeld({ blocks, held }: SeatSearch): readonly SeatBlock[] {
  return held === null ? blocks : withSeat(blocks, held, false);
}

function numberOf(row: Stored<Activation>): number {
  return seatNumber(row.value.seat) ?? Number.POSITIVE_INFINITY;
}

function vacate({ value, version }: Stored<Activation>): SeatWrite {
  return { row: 'activation', activation: { ...value, seat: { kind: 'none' }, overSince: null }, version };
}

function blockWrites(before: readonly SeatBlock[], after: readonly SeatBlock[]): readonly SeatWrite[] {
  return changedBlocks(before, after).map((block) => ({ row: 'block', ...block }));
}
