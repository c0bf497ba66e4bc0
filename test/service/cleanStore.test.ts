import { expect, test } from 'vitest';

import type { CleaningStore } from '../../src/licensing/store.ts';
import { cleanStore } from '../../src/service/cleanStore.ts';
import { AT, DAY, MINUTE } from '../support/licensing.ts';

const config = { DECISION_DAYS: 90, REQUEST_DAYS: 7, ACTIVATION_DAYS: 30 };

function createStore(found: readonly number[]) {
  const calls: string[] = [];
  const left = [...found];
  const piece = (name: string) => (before: number) => {
    calls.push(`${name} ${(AT - before) / DAY}`);
    return Promise.resolve(left.shift() ?? 0);
  };
  const store: CleaningStore = {
    deleteDecisions: piece('decisions'),
    deleteRequests: piece('requests'),
    deleteActivations: piece('activations'),
  };
  return { store, calls };
}

test('each kind is deleted piece by piece until nothing old is left, by its own age', async () => {
  const { store, calls } = createStore([500, 3, 0, 0, 2]);
  const lines: unknown[] = [];
  await cleanStore({ store, config, now: () => AT }, (...line) => lines.push(line));
  expect(calls).toEqual([
    'decisions 90',
    'decisions 90',
    'decisions 90',
    'requests 7',
    'activations 30',
    'activations 30',
  ]);
  expect(lines).toEqual([['info', 'store_cleaned', { decisions: 503, requests: 0, activations: 2 }]]);
});

test('a run ends before the platform ends it, and the next one goes on', async () => {
  const { store, calls } = createStore(new Array<number>(100).fill(500));
  let now = AT;
  await cleanStore({ store, config, now: () => (now += MINUTE) }, () => undefined);
  expect(calls.length).toBeLessThan(6);
});
