import type { SeatBlock } from './store.ts';

/** Seats are numbered from 0; a block holds 64 of them as a bitmap. */
export const BLOCK_SIZE = 64;

/**
 * The number below which new VMs may take seats: the largest L for which L plus the taken seats numbered L or higher is
 * at most `limit`. Before `limit` is ever lowered that is `limit` itself.
 *
 * Why one block's condition then guards the whole pool: while `limit` stays the same, L never falls. Taking a seat below
 * L leaves L plus the seats above it as it was, and giving one back can only raise it. A reader whose blocks are stale,
 * or were read one after another, counts at least the seats above that are still taken, and so finds an L that is too
 * small rather than too large. A free seat below its L is therefore below the true one, where at most `limit` fit. A VM
 * that moves to a lower seat gives the higher one back in the same transaction: that is both of these steps at once.
 */
export function seatCeiling(blocks: readonly SeatBlock[], limit: number): number {
  let over = 0;
  for (const block of blocks) over += countTaken(takenFrom(block, limit));
  let ceiling = limit;
  const byIndex = indexed(blocks);
  // Each free seat given up below the limit makes room for one that is taken above it.
  while (over > 0 && ceiling > 0) {
    const index = Math.floor((ceiling - 1) / BLOCK_SIZE);
    const start = index * BLOCK_SIZE;
    const free = ceiling - start - countTaken((byIndex.get(index)?.taken ?? 0n) & lowest(ceiling - start));
    if (free < over) {
      over -= free;
      ceiling = start;
    } else {
      ceiling -= 1;
      if (!hasSeat(blocks, ceiling)) over -= 1;
    }
  }
  return ceiling;
}

/** Free numbers that an unlimited pool has at least beyond the seats, so that boots at the same time seldom meet. */
const SPARE = 4 * BLOCK_SIZE;

/**
 * The limit of a pool whose overage is unlimited. Twice as many numbers as are taken, and some to spare: there is always
 * a free one, and yet the blocks stay half full.
 */
export function limitWithoutEnd(blocks: readonly SeatBlock[], seats: number): number {
  return Math.max(seats, 2 * blocks.reduce((sum, block) => sum + countTaken(block.taken), 0)) + SPARE;
}

/** A free seat below `ceiling`: the first one of a block picked at random, so that boots at the same time seldom meet. */
export function pickFreeSeat(blocks: readonly SeatBlock[], ceiling: number, random: () => number): number | null {
  const byIndex = indexed(blocks);
  const candidates: number[] = [];
  for (let start = 0; start < ceiling; start += BLOCK_SIZE) {
    const offset = firstFree(byIndex.get(start / BLOCK_SIZE)?.taken ?? 0n);
    if (offset !== null && start + offset < ceiling) candidates.push(start + offset);
  }
  return candidates[Math.floor(random() * candidates.length)] ?? null;
}

/** The blocks with one seat taken or free; a block without a row is made up. */
export function withSeat(blocks: readonly SeatBlock[], seat: number, isTaken: boolean): readonly SeatBlock[] {
  const index = Math.floor(seat / BLOCK_SIZE);
  const block = blocks.find((one) => one.index === index) ?? { index, taken: 0n, version: null };
  const bit = 1n << BigInt(seat % BLOCK_SIZE);
  const taken = isTaken ? block.taken | bit : block.taken & ~bit;
  return [...blocks.filter((one) => one.index !== index), { ...block, taken }];
}

/** The blocks of `after` whose seats differ from those of `before`. */
export function changedBlocks(before: readonly SeatBlock[], after: readonly SeatBlock[]): readonly SeatBlock[] {
  const byIndex = indexed(before);
  return after.filter((block) => block.taken !== (byIndex.get(block.index)?.taken ?? 0n));
}

function hasSeat(blocks: readonly SeatBlock[], seat: number): boolean {
  const block = blocks.find((one) => one.index === Math.floor(seat / BLOCK_SIZE));
  return block !== undefined && ((block.taken >> BigInt(seat % BLOCK_SIZE)) & 1n) === 1n;
}

function indexed(blocks: readonly SeatBlock[]): ReadonlyMap<number, SeatBlock> {
  return new Map(blocks.map((block) => [block.index, block]));
}

/** The bits of a block that stand for seats numbered `seat` or higher. */
function takenFrom(block: SeatBlock, seat: number): bigint {
  const offset = seat - block.index * BLOCK_SIZE;
  if (offset <= 0) return block.taken;
  return offset >= BLOCK_SIZE ? 0n : block.taken & ~lowest(offset);
}

function lowest(count: number): bigint {
  return (1n << BigInt(count)) - 1n;
}

function firstFree(taken: bigint): number | null {
  for (let offset = 0; offset < BLOCK_SIZE; offset += 1) {
    if (((taken >> BigInt(offset)) & 1n) === 0n) return offset;
  }
  return null;
}

function countTaken(taken: bigint): number {
  let count = 0;
  for (let rest = taken; rest > 0n; rest &= rest - 1n) count += 1;
  return count;
}
