import { expect, test } from 'vitest';

import { planCatalogue } from '../../../src/licensing/catalogue/planCatalogue.ts';
import type { CatalogueFile } from '../../../src/licensing/catalogue/parseCatalogue.ts';
import { writeTogether } from '../../../src/licensing/catalogue/writeTogether.ts';
import { StoreUnavailableError } from '../../../src/licensing/store.ts';
import type { LicenceStore } from '../../../src/licensing/store.ts';
import { createTablesStore } from '../../../src/licensing/tables/createTablesStore.ts';
import { useAzurite } from '../../support/azurite.ts';
import { AT, licence, offer, vmId } from '../../support/licensing.ts';

const tables = useAzurite();
const EARLIER = { by: 'before', at: AT };
const LATER = { by: 'import', at: AT + 1 };

/** Forty licences of as many subscriptions; the first ten are there already, with other seats. */
const licences = Array.from({ length: 40 }, (_, index) => licence({ id: `l${index}`, subscriptionId: vmId(index) }));
const before = licences.slice(0, 10).map((one) => ({ ...one, seats: 1 }));
const file: CatalogueFile = { offers: [], licences };

async function createStore(): Promise<LicenceStore> {
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  await store.writeOffer(offer(), null, EARLIER);
  for (const one of before) await store.writeLicence(one, null, EARLIER);
  return store;
}

async function planOf(store: LicenceStore) {
  const planned = await planCatalogue(store, file);
  if (!planned.ok) throw new Error(JSON.stringify(planned.problems));
  return planned.plan;
}

async function contentOf(store: LicenceStore) {
  const rows = await store.listLicences();
  return rows.map(({ value, change }) => ({ value, change })).sort((a, b) => (a.value.id < b.value.id ? -1 : 1));
}

/** The store, whose n-th write of a licence does something else. */
function disturbed(store: LicenceStore, nth: number, instead: LicenceStore['writeLicence']): LicenceStore {
  let writes = 0;
  return {
    ...store,
    writeLicence: (...given) => {
      writes += 1;
      return writes === nth ? instead(...given) : store.writeLicence(...given);
    },
  };
}

test('all rows are written, each with who changed it', async () => {
  const store = await createStore();
  expect(await writeTogether(store, await planOf(store), LATER)).toBe(true);
  const rows = await contentOf(store);
  expect(rows.length).toBe(40);
  expect(rows.every(({ value, change }) => value.seats === 20 && change.by === 'import')).toBe(true);
});

test('where one row was changed meanwhile nothing is written, and the changed row stays', async () => {
  const store = await createStore();
  const plan = await planOf(store);
  const [first] = await store.listLicences();
  if (first === undefined) throw new Error('There are ten.');
  await store.writeLicence({ ...first.value, note: 'mine' }, first.version, EARLIER);
  const expected = await contentOf(store);
  expect(await writeTogether(store, plan, LATER)).toBe(false);
  expect(await contentOf(store)).toEqual(expected);
});

test.each([1, 5, 23, 40])('where the store fails at write %i, what was written is taken back', async (nth) => {
  const store = await createStore();
  const expected = await contentOf(store);
  const failing = disturbed(store, nth, () => Promise.reject(new StoreUnavailableError('down')));
  await expect(writeTogether(failing, await planOf(store), LATER)).rejects.toThrow(StoreUnavailableError);
  expect(await contentOf(store)).toEqual(expected);
});

test.each([3, 30])('a write (%i) that was executed and got no answer is taken back too', async (nth) => {
  const store = await createStore();
  const expected = await contentOf(store);
  const failing = disturbed(store, nth, async (...given) => {
    await store.writeLicence(...given);
    throw new StoreUnavailableError('no answer');
  });
  await expect(writeTogether(failing, await planOf(store), LATER)).rejects.toThrow(StoreUnavailableError);
  expect(await contentOf(store)).toEqual(expected);
});

test('an offer that a failed file brought along is taken back with its licences', async () => {
  const store = await createStore();
  const plan = { publisher: 'Contoso', product: 'Other', name: 'Pro' };
  const both = { offers: [offer({ plan })], licences: [licence({ id: 'other', plan })] };
  const planned = await planCatalogue(store, both);
  if (!planned.ok) throw new Error('It can be applied.');
  const failing = disturbed(store, 1, () => Promise.reject(new StoreUnavailableError('down')));
  await expect(writeTogether(failing, planned.plan, LATER)).rejects.toThrow(StoreUnavailableError);
  expect((await store.listOffers()).map(({ value }) => value.plan.product)).toEqual(['Firewall']);
});
