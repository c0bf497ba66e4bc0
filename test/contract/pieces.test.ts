import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { finish, inTurns, mapPieces } from '../../src/contract/pieces.ts';

test('work in pieces has the same result at once and in turns', async () => {
  const double = () => mapPieces([1, 2, 3], (item, index) => item * 2 + index);
  expect(finish(double())).toEqual([2, 5, 8]);
  expect(await inTurns(double())).toEqual([2, 5, 8]);
});

test('others have their turn before long work is done', async () => {
  let pieces = 0;
  const isDone = { value: false };
  function* work() {
    // Each turn of others is seen, so that the work ends with the first.
    while (!isDone.value) {
      pieces += 1;
      yield;
    }
    return pieces;
  }
  const working = inTurns(work());
  await setImmediate();
  isDone.value = true;
  expect(await working).toBeGreaterThan(1);
});

test('what fails in a piece fails the whole', async () => {
  const failing = () =>
    mapPieces([1], () => {
      throw new Error('no');
    });
  expect(() => finish(failing())).toThrow('no');
  await expect(inTurns(failing())).rejects.toThrow('no');
});
