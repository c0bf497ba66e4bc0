import { expect, onTestFinished, test, vi } from 'vitest';

import type { CatalogueFile } from '../../../src/catalogue/file/cataloguePlan.ts';
import { planCatalogue } from '../../../src/catalogue/file/planCatalogue.ts';
import { readStored } from '../../../src/catalogue/file/readStored.ts';
import { PartlyWrittenError } from '../../../src/catalogue/file/partlyWritten.ts';
import { writeTogether } from '../../../src/catalogue/file/writeTogether.ts';
import { grantLicence } from '../../../src/catalogue/offers/grantLicence.ts';
import { writeLicence } from '../../../src/catalogue/writeLicence.ts';
import { StoreUnavailableError } from '../../../src/contract/stored.ts';
import type { LicenceStore } from '../../../src/tables/licenceStore.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { useAzurite } from '../../support/azurite.ts';
import { AT, licence, offer, subscriptions, vmId } from '../../support/licensing.ts';
import { startStoreProxy } from '../../support/storeProxy.ts';
import { deleteOffer, putOffer } from '../../support/putOffer.ts';

const tables = useAzurite();
const EARLIER = { by: 'before', at: AT };
const LATER = { by: 'import', at: AT + 1 };

/** Forty licences of as many subscriptions; the first ten are there already, with other seats. */
const licences = Array.from({ length: 40 }, (_, index) =>
  licence({ id: `l${index}`, subscriptions: subscriptions(vmId(index)) }),
);
const before = licences.slice(0, 10).map((one) => ({ ...one, seats: 1 }));
const file: CatalogueFile = { offers: [], licences };

async function createStore(): Promise<LicenceStore> {
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  await putOffer(store, offer(), EARLIER);
  for (const value of before) await writeLicence(store, { value, stored: null }, EARLIER);
  return store;
}

async function planOf(store: LicenceStore, applied = file) {
  const planned = planCatalogue(await readStored(store), applied);
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
  const planned = planCatalogue(await readStored(store), both);
  if (!planned.ok) throw new Error('It can be applied.');
  const failing = disturbed(store, 1, () => Promise.reject(new StoreUnavailableError('down')));
  await expect(writeTogether(failing, planned.plan, LATER)).rejects.toThrow(StoreUnavailableError);
  expect((await store.listOffers()).map(({ value }) => value.plan.product)).toEqual(['Firewall']);
});

/** More offers than one transaction takes: each has a name that another one had before, in the order of the file. */
function manyOffers(shift: number): CatalogueFile {
  const offers = Array.from({ length: 90 }, (_, index) =>
    offer({ plan: { ...offer().plan, product: `P${index}` }, productAliases: [`A${index + shift}`] }),
  );
  return { offers, licences: [licence({ id: `under-${shift}`, plan: { ...offer().plan, product: 'P0' } })] };
}

test.each([1, -1])('names pass from one offer to the next in one file (%i), and back where it fails', async (shift) => {
  const store = await createStore();
  const aliasesOf = async () => (await store.readOffers()).map(({ productAliases }) => productAliases[0]).sort();
  const first = manyOffers(0);
  expect(await writeTogether(store, await planOf(store, { ...first, licences: [] }), LATER)).toBe(true);
  const earlier = await aliasesOf();
  const shifted = await planOf(store, manyOffers(shift));
  const failing = disturbed(store, 1, () => Promise.reject(new StoreUnavailableError('down')));
  await expect(writeTogether(failing, shifted, LATER)).rejects.toThrow('down');
  expect(await aliasesOf()).toEqual(earlier);
  expect(await writeTogether(store, await planOf(store, manyOffers(shift)), LATER)).toBe(true);
  expect(await aliasesOf()).not.toEqual(earlier);
  expect((await store.readOfferList()).notices).toEqual([]);
});

test('where an offer goes while a file brings a licence for it, nothing is written', async () => {
  const store = await createStore();
  const plan = { ...offer().plan, product: 'Other' };
  await putOffer(store, offer({ plan }), EARLIER);
  const file: CatalogueFile = { offers: [offer({ grace: 0 })], licences: [licence({ id: 'other', plan })] };
  const planned = await planOf(store, file);
  await deleteOffer(store, plan);
  expect(await writeTogether(store, planned, LATER)).toBe(false);
  expect(await store.readOffers()).toEqual([offer()]);
  expect((await store.readOfferList()).notices).toEqual([]);
});

test('an offer of a failed file stays where somebody else has a licence under it by now', async () => {
  const store = await createStore();
  const plan = { ...offer().plan, product: 'Other' };
  const file = { offers: [offer({ plan })], licences: [licence({ id: 'other', plan })] };
  const failing = disturbed(store, 1, async () => {
    const value = licence({ id: 'theirs', plan, subscriptions: subscriptions(vmId(1)) });
    expect((await grantLicence(store, value, EARLIER)).outcome).toBe('written');
    throw new StoreUnavailableError('down');
  });
  const failure = await writeTogether(failing, await planOf(store, file), LATER).catch((error: unknown) => error);
  expect((failure as PartlyWrittenError).rows).toEqual(['offer Contoso/Other/Pro']);
  expect((await store.readOffers()).map((one) => one.plan.product)).toEqual(['Firewall', 'Other']);
});

test('a name that a failed file gave up stays with whoever has it by now', async () => {
  const store = await createStore();
  await putOffer(store, offer({ productAliases: ['preview'] }), EARLIER);
  const plan = { ...offer().plan, product: 'Other' };
  const applied = { offers: [offer()], licences: [licence({ id: 'new', subscriptions: subscriptions(vmId(50)) })] };
  const failing = disturbed(store, 1, async () => {
    await putOffer(store, offer({ plan, productAliases: ['PREVIEW'] }), EARLIER);
    throw new StoreUnavailableError('down');
  });
  const failure = await writeTogether(failing, await planOf(store, applied), LATER).catch((error: unknown) => error);
  expect((failure as PartlyWrittenError).rows).toEqual(['offer Contoso/Firewall/Pro']);
  expect((await store.readOffers()).map(({ productAliases }) => productAliases)).toEqual([[], ['PREVIEW']]);
});

/** A store whose requests a proxy disturbs, beside the store itself. */
async function createProxied() {
  const { connectionString, tablePrefix } = tables();
  const proxy = await startStoreProxy(connectionString, tablePrefix);
  const [store, direct] = [proxy.connectionString, connectionString].map((one) =>
    createTablesStore({ connection: { connectionString: one }, tablePrefix }),
  ) as [LicenceStore, LicenceStore];
  await direct.ensureTables();
  await putOffer(direct, offer(), EARLIER);
  for (const one of before) await direct.writeLicence(one, null, EARLIER);
  return { proxy, store, direct };
}

const DOWN = { status: 503, code: 'ServerBusy' } as const;
const EVERY = Array.from({ length: 500 }, () => DOWN);

test.each([
  ['inserted', /^POST licences/],
  ['replaced', /^PUT licences/],
])('a row that was %s and whose answer was lost is our own, and counts as written', async (_, on) => {
  const { proxy, store, direct } = await createProxied();
  const plan = await planOf(store);
  proxy.fail(on, 'lost');
  expect(await writeTogether(store, plan, LATER)).toBe(true);
  expect(proxy.recover()).toBe(0);
  expect((await contentOf(direct)).every(({ value, change }) => value.seats === 20 && change.by === 'import')).toBe(
    true,
  );
});

test('such a row is taken back too, where a later write fails', async () => {
  const { proxy, store, direct } = await createProxied();
  const plan = await planOf(store);
  const expected = await contentOf(direct);
  proxy.fail(/^POST licences/, 'lost', ...Array.from({ length: 28 }, () => 'none' as const), ...EVERY);
  await expect(writeTogether(store, plan, LATER)).rejects.toThrow(StoreUnavailableError);
  expect(await contentOf(direct)).toEqual(expected);
});

test('the same row of another operator is not ours: it is not overwritten, and stays', async () => {
  const store = await createStore();
  const plan = await planOf(store);
  const same = licences[20];
  if (same === undefined) throw new Error('There are forty.');
  await store.writeLicence(same, null, EARLIER);
  const expected = await contentOf(store);
  expect(await writeTogether(store, plan, LATER)).toBe(false);
  const lost = disturbed(store, 1, () => Promise.reject(new StoreUnavailableError('no answer')));
  await expect(writeTogether(lost, { ...plan, licences: [{ value: same, stored: null }] }, LATER)).rejects.toThrow();
  expect(await contentOf(store)).toEqual(expected);
});

test('what cannot be taken back at first is tried again, and nothing is left', async () => {
  const { proxy, store, direct } = await createProxied();
  const plan = await planOf(store);
  const expected = await contentOf(direct);
  proxy.fail(/^POST licences/, ...Array.from({ length: 25 }, () => 'none' as const), ...EVERY);
  proxy.fail(/^DELETE licences/, ...EVERY.slice(0, 50));
  await expect(writeTogether(store, plan, LATER)).rejects.not.toThrow(PartlyWrittenError);
  expect(await contentOf(direct)).toEqual(expected);
});

test('every row is tried, and those that stay are named', async () => {
  const { proxy, store, direct } = await createProxied();
  const plan = await planOf(store);
  proxy.fail(/^POST licences/, 'none', 'none', ...EVERY);
  proxy.fail(/^DELETE licences/, ...EVERY);
  const failure = await writeTogether(store, plan, LATER).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(PartlyWrittenError);
  const rows = await contentOf(direct);
  const left = rows.filter(({ value }) => !before.some(({ id }) => id === value.id));
  expect(left.length).toBe(2);
  for (const { value } of left) expect((failure as PartlyWrittenError).rows).toContain(`licence ${value.id}`);
  expect(rows.filter(({ value }) => value.seats === 1).length).toBe(10);
});

test('rows for which there was no time are named with those that stay', async () => {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const spy = vi
    .spyOn(AbortSignal, 'timeout')
    .mockImplementation((wait) => (wait === 60_000 ? AbortSignal.abort() : timeout(wait)));
  onTestFinished(() => {
    spy.mockRestore();
  });
  const store = await createStore();
  const failing = disturbed(store, 20, () => Promise.reject(new StoreUnavailableError('down')));
  const failure = await writeTogether(failing, await planOf(store), LATER).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(PartlyWrittenError);
  expect((failure as PartlyWrittenError).rows.length).toBeGreaterThanOrEqual(20);
});

test('what takes too long is taken back while there is time', async () => {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const ending = new AbortController();
  const spy = vi
    .spyOn(AbortSignal, 'timeout')
    .mockImplementation((wait) => (wait === 120_000 ? ending.signal : timeout(wait)));
  onTestFinished(() => {
    spy.mockRestore();
  });
  const store = await createStore();
  const plan = await planOf(store);
  const slow = {
    ...store,
    writeLicence: (...args: Parameters<typeof store.writeLicence>) => {
      ending.abort();
      return store.writeLicence(...args);
    },
  };
  const stored = await contentOf(store);
  await expect(writeTogether(slow, plan, LATER)).rejects.toThrow('split the file');
  expect(await contentOf(store)).toEqual(stored);
});
