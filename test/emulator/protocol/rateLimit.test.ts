import { expect, test } from 'vitest';
import { createRateLimit, createRoom } from '../../../src/emulator/protocol/rateLimit.ts';

test('a second has so many requests, wherever it begins', () => {
  let at = 0;
  const isAllowed = createRateLimit(2, () => at);
  const ask = (time: number) => {
    at = time;
    return isAllowed('a');
  };
  expect([ask(0), ask(600), ask(999)]).toEqual([true, true, false]);
  expect([ask(1000), ask(1001), ask(1599), ask(1600)]).toEqual([true, false, false, true]);
});

test('refused requests are not counted', () => {
  let at = 0;
  const isAllowed = createRateLimit(1, () => at);
  expect(isAllowed('a')).toBe(true);
  for (at = 100; at < 1000; at += 100) expect(isAllowed('a')).toBe(false);
  at = 1000;
  expect(isAllowed('a')).toBe(true);
});

test('so many are answered at a time; one that has ended makes room', () => {
  const begin = createRoom(2);
  const ends = [begin('a'), begin('a')];
  expect(ends.every((end) => end !== null)).toBe(true);
  expect(begin('a')).toBeNull();
  expect(begin('b')).not.toBeNull();
  ends[0]?.();
  expect(begin('a')).not.toBeNull();
  expect(begin('a')).toBeNull();
});
