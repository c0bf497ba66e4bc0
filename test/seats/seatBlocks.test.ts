import fc from '../support/properties.ts';
import { expect, test } from 'vitest';

import { changedBlocks, pickFreeSeat, seatCeiling, withSeat } from '../../src/seats/seatBlocks.ts';
import type { SeatBlock } from '../../src/seats/store.ts';

const FULL = (1n << 64n) - 1n;
const first = (): number => 0;

function blocksOf(seats: Iterable<number>): readonly SeatBlock[] {
  let blocks: readonly SeatBlock[] = [];
  for (const seat of seats) blocks = withSeat(blocks, seat, true);
  return blocks;
}

/** The definition, word by word. */
function ceilingByDefinition(taken: ReadonlySet<number>, limit: number): number {
  for (let ceiling = limit; ceiling > 0; ceiling -= 1) {
    const above = [...taken].filter((seat) => seat >= ceiling).length;
    if (ceiling + above <= limit) return ceiling;
  }
  return 0;
}

const takenSeats = fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { maxLength: 200 });

test('the ceiling is what its definition says, for any seats and any limit', () => {
  fc.assert(
    fc.property(takenSeats, fc.integer({ min: 0, max: 220 }), (taken, limit) => {
      expect(seatCeiling(blocksOf(taken), limit)).toBe(ceilingByDefinition(new Set(taken), limit));
    }),
    { numRuns: 500 },
  );
});

test('whoever takes free seats below the ceiling never holds more than the limit, unless more were taken before', () => {
  fc.assert(
    fc.property(takenSeats, fc.integer({ min: 0, max: 220 }), (taken, limit) => {
      let blocks = blocksOf(taken);
      let count = taken.length;
      for (;;) {
        const seat = pickFreeSeat(blocks, seatCeiling(blocks, limit), first);
        if (seat === null) break;
        blocks = withSeat(blocks, seat, true);
        count += 1;
      }
      expect(count).toBe(Math.max(limit, taken.length));
    }),
  );
});

test('a block is picked at random, the first free seat in it is taken, and a full one is passed over', () => {
  const blocks: SeatBlock[] = [
    { index: 0, taken: FULL, version: 'v0' },
    { index: 1, taken: 0b1011n, version: 'v1' },
  ];
  expect(pickFreeSeat(blocks, 192, () => 0)).toBe(66);
  expect(pickFreeSeat(blocks, 192, () => 0.99)).toBe(128);
  expect(pickFreeSeat(blocks, 66, first)).toBeNull();
  expect(pickFreeSeat([], 0, first)).toBeNull();
});

test('changed blocks keep the version that the write must name, and new ones have none', () => {
  const before: SeatBlock[] = [
    { index: 0, taken: 1n, version: 'v0' },
    { index: 1, taken: 1n, version: 'v1' },
  ];
  const after = withSeat(withSeat(before, 0, false), 130, true);
  expect(changedBlocks(before, after)).toEqual([
    { index: 0, taken: 0n, version: 'v0' },
    { index: 2, taken: 4n, version: null },
  ]);
  expect(changedBlocks(before, withSeat(withSeat(before, 5, true), 5, false))).toEqual([]);
});
