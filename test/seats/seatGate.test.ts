import { expect, test } from 'vitest';

import { createSeatGate } from '../../src/seats/seatGate.ts';
import { StoreUnavailableError } from '../../src/contract/stored.ts';
import { entitlement } from '../support/licensing.ts';

const { pool } = entitlement();

test('few look for a seat of one pool at a time, in the order in which they came', async () => {
  const gate = createSeatGate(2);
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const run = (number: number) => async () => {
    started.push(number);
    most = Math.max(most, (running += 1));
    await new Promise((settle) => setImmediate(settle));
    running -= 1;
    return number;
  };
  const all = Array.from({ length: 9 }, (_, number) => gate(pool, run(number)));
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(most).toBe(2);
});

test('another pool has a gate of its own, and the spelling of its name makes no other', async () => {
  const gate = createSeatGate(1);
  let open: () => void = () => undefined;
  const held = gate(pool, () => new Promise<void>((settle) => (open = settle)));
  expect(await gate({ kind: 'licence', id: 'another' }, () => Promise.resolve('through'))).toBe('through');
  let isThrough = false;
  const second = gate({ kind: 'licence', id: 'FABRIKAM-2026' }, () => Promise.resolve((isThrough = true)));
  await new Promise((settle) => setImmediate(settle));
  expect(isThrough).toBe(false);
  open();
  await Promise.all([held, second]);
  expect(isThrough).toBe(true);
});

test('one that fails leaves its place to the next', async () => {
  const gate = createSeatGate(1);
  const failed = gate(pool, () => Promise.reject(new Error('the store failed')));
  const next = gate(pool, () => Promise.resolve('through'));
  await expect(failed).rejects.toThrow('the store failed');
  expect(await next).toBe('through');
});

test('whoever waits too long is sent away, and is in nobody’s way', async () => {
  const gate = createSeatGate(1);
  let open: () => void = () => undefined;
  const held = gate(pool, () => new Promise<void>((settle) => (open = settle)));
  const through = () => Promise.resolve();
  const waiting = new AbortController();
  const late = gate(pool, through, waiting.signal);
  waiting.abort();
  await expect(late).rejects.toThrow(StoreUnavailableError);
  await expect(gate(pool, through, AbortSignal.abort())).rejects.toThrow(StoreUnavailableError);
  open();
  await held;
  expect(await gate(pool, () => Promise.resolve('through'))).toBe('through');
});
