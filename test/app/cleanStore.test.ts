import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { CleaningNeeds } from '../../src/app/cleanStore.ts';
import { cleanStore } from '../../src/app/cleanStore.ts';
import { AT, DAY, MINUTE } from '../support/licensing.ts';

const config = { DECISION_DAYS: 90, REQUEST_DAYS: 7, ACTIVATION_DAYS: 30, USAGE_DAYS: 400 };

const nothing = () => Promise.resolve(null);
const NO_OBJECTS = {
  ...{ readLicence: nothing, readOffer: nothing, readOverride: nothing, readClaim: nothing },
  ...{ readActivation: nothing, readTrust: nothing, readRestoreMark: nothing, listKeySets: () => Promise.resolve([]) },
  pageChanges: () => Promise.resolve({ items: [], next: null, unreadable: [] }),
};

function createStore(...pieces: readonly (readonly number[])[]) {
  const calls: string[] = [];
  const all = [...pieces];
  const deleteOld = (name: string) =>
    async function* (before: number) {
      calls.push(`${name} ${(AT - before) / DAY}`);
      for (const piece of all.shift() ?? []) yield await Promise.resolve(piece);
    };
  const store: CleaningNeeds['store'] = {
    ...NO_OBJECTS,
    readMark: nothing,
    writeMark: () => Promise.resolve({ outcome: 'written', version: '1' }),
    deleteDecisions: deleteOld('decisions'),
    deleteChanges: deleteOld('changes'),
    deleteRepeats: deleteOld('repeats'),
    deleteRequests: deleteOld('requests'),
    deleteActivations: deleteOld('activations'),
    deleteUsage: deleteOld('hours'),
    deleteStatistics: deleteOld('statistics'),
    deleteIds: deleteOld('ids'),
    deleteStaged: deleteOld('restores'),
  };
  return { store, calls };
}

test('each kind is deleted piece by piece to its end, by its own age, also past pieces in which nothing is old', async () => {
  const { store, calls } = createStore([500, 0, 3], [6], [7], [], [0, 0, 2], [4], [8], [5], [9]);
  const lines: unknown[] = [];
  await cleanStore({ store, config, now: () => AT }, (...line) => lines.push(line));
  expect(calls).toEqual([
    ...['decisions 90', 'changes 90', 'repeats 1', 'requests 7', 'activations 30', 'hours 400'],
    ...['statistics 400', 'ids 90', 'restores 1'],
  ]);
  const counts = {
    decisions: 503,
    changes: 6,
    repeats: 7,
    requests: 0,
    activations: 2,
    hours: 4,
    statistics: 8,
    ids: 5,
    restores: 9,
  };
  expect(lines).toEqual([['info', 'store_cleaned', counts]]);
});

test('a run ends before the platform ends it, and the next one goes on', async () => {
  const others = new Array<number[]>(7).fill([1, 1]);
  const { store } = createStore(new Array<number>(100).fill(500), ...others);
  const lines: unknown[][] = [];
  let now = AT;
  await cleanStore({ store, config, now: () => (now += MINUTE) }, (...line) => lines.push(line));
  // Each kind has its turn all the same.
  const rest = { restores: 0, changes: 1, repeats: 1, requests: 1, activations: 1, hours: 1, statistics: 1, ids: 1 };
  expect(lines[0]?.[2]).toEqual({ decisions: 2_000, ...rest });
});

test('the host lets a run end by itself', async () => {
  const { functionTimeout } = JSON.parse(readFileSync(join(import.meta.dirname, '../../host.json'), 'utf8')) as {
    functionTimeout: string;
  };
  const [hours = 0, minutes = 0, seconds = 0] = functionTimeout.split(':').map(Number);
  const { store } = createStore(new Array<number>(1_000).fill(500));
  let now = AT;
  await cleanStore({ store, config, now: () => (now += 1_000) }, () => undefined);
  // Room for the last page and for the cold start.
  expect(now - AT + 30_000).toBeLessThan(((hours * 60 + minutes) * 60 + seconds) * 1_000);
});
