import { expect, test } from 'vitest';
import { createLaterStore } from '../../src/tables/laterStore.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import type { LicenceStore } from '../../src/tables/licenceStore.ts';
import { createTestTables } from '../support/azurite.ts';
import { change } from '../support/changes.ts';

function createReal(): LicenceStore {
  const { connectionString, tablePrefix } = createTestTables();
  return createTablesStore({ connection: { connectionString }, tablePrefix });
}

test('the code is loaded once, by the first call', async () => {
  let loads = 0;
  const { store, load } = createLaterStore(() => {
    loads += 1;
    return Promise.resolve(createReal());
  });
  expect(loads).toBe(0);
  await Promise.all([store.ensureTables(), store.ensureTables()]);
  await load();
  expect(loads).toBe(1);
});

test('what could not be loaded is loaded by the next call', async () => {
  let loads = 0;
  const { store } = createLaterStore(() => {
    loads += 1;
    return loads === 1 ? Promise.reject(new Error('no such file')) : Promise.resolve(createReal());
  });
  await expect(store.ensureTables()).rejects.toThrow('no such file');
  await store.ensureTables();
  expect(loads).toBe(2);
});

test('answers what the store answers, in one piece and in pieces', async () => {
  const { store } = createLaterStore(() => Promise.resolve(createReal()));
  await store.ensureTables();
  const written = change({ state: 'done' });
  await store.putChanges([written]);
  expect((await store.pageChanges({}, { size: 9 })).items).toEqual([written]);
  const pieces: number[] = [];
  for await (const piece of store.deleteChanges(written.at + 1, () => Promise.resolve(false))) pieces.push(piece);
  expect(pieces.reduce((sum, piece) => sum + piece, 0)).toBe(1);
  expect((await store.pageChanges({}, { size: 9 })).items).toEqual([]);
});

test('is not taken for a promise', async () => {
  const { store } = createLaterStore(() => Promise.resolve(createReal()));
  expect(await Promise.resolve(store)).toBe(store);
});
