import { TableClient, odata } from '@azure/data-tables';
import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';

import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { useAzurite } from '../../support/azurite.ts';
import { change, changeFilters, changes, expectedChanges } from '../../support/changes.ts';
import { readAll } from '../../support/decisions.ts';
import { AT, DAY, HOUR, SUBSCRIPTION } from '../../support/licensing.ts';

const tables = useAzurite();

async function createStore() {
  const where = tables();
  const { connectionString, tablePrefix } = where;
  let trips = 0;
  const store = createTablesStore({ connection: { connectionString }, tablePrefix, onRoundTrip: () => (trips += 1) });
  await store.ensureTables();
  const countTrips = async (run: () => Promise<unknown>): Promise<number> => {
    const before = trips;
    await run();
    return trips - before;
  };
  return { store, where, countTrips };
}

const count = async (pieces: AsyncIterable<number>) => {
  let sum = 0;
  for await (const piece of pieces) sum += piece;
  return sum;
};

const NOTHING_HOLDS = () => Promise.resolve(false);

test('whatever the filter and the size of a page, the newest come first, of one object from its copies', async () => {
  const { store } = await createStore();
  const [all = []] = fc.sample(changes(150), 1);
  await store.putChanges(all);
  await fc.assert(
    fc.asyncProperty(changeFilters, fc.integer({ min: 1, max: 40 }), async (filter, size) => {
      const listed = await readAll((page) => store.pageChanges(filter, page), size);
      expect(listed).toEqual(expectedChanges(all, filter));
    }),
    { numRuns: 60 },
  );
});

test('a record is replaced by its id, in two calls at the same time, and dropped in two', async () => {
  const { store, countTrips } = await createStore();
  const begun = change({ state: 'begun', old: null, new: { seats: 1 }, reason: null, byName: null, version: null });
  expect(await countTrips(() => store.putChanges([begun]))).toBe(2);
  const done = { ...begun, state: 'done' } as const;
  await store.putChanges([done]);
  const lists = () =>
    Promise.all(
      [{}, { kind: begun.kind, key: begun.key.toUpperCase() }].map((filter) => store.pageChanges(filter, { size: 9 })),
    );
  for (const { items } of await lists()) expect(items).toEqual([done]);
  expect(await countTrips(() => store.dropChanges([done]))).toBe(2);
  for (const { items } of await lists()) expect(items).toEqual([]);
});

test('a page costs one call, of one object too, and what was changed is read from the oldest on', async () => {
  const { store, countTrips } = await createStore();
  await store.putChanges([change({ at: AT + HOUR }), change({ at: AT - DAY, kind: 'offer', key: 'a/b/*' })]);
  expect(await countTrips(() => store.pageChanges({}, { size: 10 }))).toBe(1);
  expect(await countTrips(() => store.pageChanges({ kind: 'offer', key: 'a/b/*' }, { size: 10 }))).toBe(1);
  const range = { from: AT - DAY, until: AT + HOUR + 1 };
  expect(await store.readChanged(range, 2)).toEqual([
    { at: AT - DAY, kind: 'offer', key: 'a/b/*' },
    { at: AT + HOUR, kind: 'licence', key: 'fabrikam-2026' },
  ]);
  expect(await store.readChanged(range, 1)).toBeNull();
  expect(await store.readChanged({ ...range, until: AT + HOUR }, 1)).toHaveLength(1);
});

test('old records go with their copies, but for those of what holds', async () => {
  const { store } = await createStore();
  const pins = ['pin', 'distrust', 'block'].map((kind) =>
    change({ at: AT - 2 * DAY, kind: kind as 'pin', key: `${kind}-held` }),
  );
  const old = [change({ at: AT - DAY }), change({ at: AT - 2 * DAY, kind: 'pin', key: 'gone' })];
  await store.putChanges([...pins, ...old, change()]);
  const deleted = store.deleteChanges(AT, (record) => Promise.resolve(record.key.endsWith('held')));
  expect(await count(deleted)).toBe(2);
  expect((await store.pageChanges({}, { size: 9 })).items.map(({ key }) => key)).toEqual([
    'fabrikam-2026',
    ...pins.toSorted((left, right) => (left.id < right.id ? -1 : 1)).map(({ key }) => key),
  ]);
  expect((await store.pageChanges({ kind: 'pin', key: 'gone' }, { size: 9 })).items).toEqual([]);
  expect((await store.pageChanges({ kind: 'pin', key: 'pin-held' }, { size: 9 })).items).toHaveLength(1);
});

test('those that are about one subscription alone can be deleted', async () => {
  const { store } = await createStore();
  const of = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION };
  await store.putChanges([change({ of }), change()]);
  expect(await count(store.deleteChangesOf(of, NOTHING_HOLDS))).toBe(1);
  expect((await store.pageChanges({}, { size: 9 })).items.map((one) => one.of)).toEqual([null]);
});

test('many records are written in transactions, and so are their copies', async () => {
  const { store, countTrips } = await createStore();
  const all = Array.from({ length: 250 }, (_, index) => change({ key: `licence-${index}` }));
  expect(await countTrips(() => store.putChanges(all))).toBe(3 + 16);
  expect((await store.pageChanges({ kind: 'licence', key: 'licence-77' }, { size: 9 })).items).toEqual([all[77]]);
  await store.dropChanges(all);
  expect((await store.pageChanges({}, { size: 9 })).items).toEqual([]);
});

test('a copy that is left alone by a process that ended is deleted too', async () => {
  const { store, where } = await createStore();
  const { connectionString, tablePrefix } = where;
  const table = TableClient.fromConnectionString(connectionString, `${tablePrefix}changes`, {
    allowInsecureConnection: true,
  });
  const old = change({ at: AT - DAY });
  await store.putChanges([old]);
  for await (const row of table.listEntities({ queryOptions: { filter: odata`PartitionKey lt 'a'` } })) {
    await table.deleteEntity(row.partitionKey ?? '', row.rowKey ?? '');
  }
  expect((await store.pageChanges({ kind: old.kind, key: old.key }, { size: 9 })).items).toHaveLength(1);
  expect(await count(store.deleteChanges(AT, NOTHING_HOLDS))).toBe(0);
  expect((await store.pageChanges({ kind: old.kind, key: old.key }, { size: 9 })).items).toEqual([]);
});
