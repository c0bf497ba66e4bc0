import { expect, test } from 'vitest';

import { parseCatalogue } from '../../../src/catalogue/file/parseCatalogue.ts';
import type { Licence } from '../../../src/catalogue/licence.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { LICENCE_LIST_ROUTES } from '../../../src/operators/sold/licenceListRoute.ts';
import { projectViews } from '../../../src/app/projectViews.ts';
import { listLicences } from '../../../src/views/listLicences.ts';
import type { SortedLicenceStore } from '../../../src/views/store.ts';
import { applyCatalogue } from '../../support/applyCatalogue.ts';
import { useAzurite } from '../../support/azurite.ts';
import { AT, DAY, licence, offer, subscriptions, vmId } from '../../support/licensing.ts';
import { putOffer } from '../../support/putOffer.ts';

const tables = useAzurite();
const CHINA = [{ cloud: 'AzureChinaCloud', subscriptionId: vmId(99), until: null }];
const SUSPENDED = { publisher: 'contoso', product: 'old', name: 'pro' };

/** A list changes nothing. */
const NO_RECORD = () => Promise.reject(new Error('A list was recorded.'));

const named = (name: string) => ({ name, reference: null, contact: null });

/** Each with a subscription of its own. */
const LICENCES: readonly Partial<Licence>[] = [
  { id: 'd-active', customer: named('acme corp'), note: 'by the sea', validUntil: AT + 10 * DAY },
  { id: 'a-later', customer: named('Acme'), validFrom: AT + DAY, validUntil: AT + 90 * DAY },
  { id: 'c-over', customer: named('Ácme B'), validUntil: AT - DAY },
  { id: 'b-suspended', status: 'suspended', customer: named('Zeta') },
  { id: 'e-revoked', status: 'revoked', validUntil: AT + 20 * DAY },
  { id: 'f-old', plan: SUSPENDED, customer: named('beta') },
  { id: 'g-china', subscriptions: CHINA, customer: named('gamma') },
];

async function createScene(all: readonly Licence[] = LICENCES.map(own)) {
  let trips = 0;
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix, onRoundTrip: () => (trips += 1) });
  await store.ensureTables();
  await putOffer(store, offer());
  await putOffer(store, offer({ plan: SUSPENDED, status: 'suspended' }));
  for (const [index, one] of all.entries()) await store.writeLicence(one, null, { by: 'test', at: AT + index });
  await projectViews({ store, now: () => AT }, () => undefined);
  const offers = await store.readOffers();
  const needs = {
    store,
    catalogue: { readOffers: () => Promise.resolve(offers) },
    acceptedClouds: ['AzurePublicCloud', 'AzureChinaCloud'],
  };
  const list = async (query: string) => {
    const [route] = LICENCE_LIST_ROUTES;
    const raw = { needs, params: {}, query: new URLSearchParams(query), mediaType: '', text: '', expected: null };
    const run = await route?.prepare({
      ...raw,
      change: { by: 'test', at: AT },
      record: NO_RECORD,
      log: () => undefined,
    });
    const before = trips;
    const value = (await run?.())?.value as Answer;
    return { ...value, ids: value.items.map((item) => item.licence.id), calls: trips - before };
  };
  return { store, list };
}

const OF_ONE: readonly Partial<Licence>[] = [
  { id: 'p', customer: named('Zeta') },
  { id: 'q', customer: named('Beta'), validUntil: AT + DAY },
  { id: 'r', customer: named('Acme'), validUntil: AT + 2 * DAY },
];

/** One for all that only read. */
let shared: ReturnType<typeof createScene> | undefined;
const useScene = () => (shared ??= createScene());

interface Answer {
  readonly items: readonly { readonly licence: { readonly id: string }; readonly effective: string }[];
  readonly continuation: string | null;
  readonly cloud: string | null;
  readonly lookedAt: number;
}

function own(changed: Partial<Licence>, index: number): Licence {
  return licence({ subscriptions: subscriptions(vmId(index)), ...changed });
}

test('each licence has its effective status, and is listed by its id in one call', async () => {
  const { list } = await useScene();
  const { items, calls, cloud, continuation, lookedAt } = await list('');
  expect(items.map((item) => [item.licence.id, item.effective])).toEqual([
    ['a-later', 'not_yet'],
    ['b-suspended', 'suspended'],
    ['c-over', 'expired'],
    ['d-active', 'active'],
    ['e-revoked', 'revoked'],
    ['f-old', 'offer_suspended'],
    ['g-china', 'active'],
  ]);
  expect({ calls, cloud, continuation, lookedAt }).toEqual({ calls: 1, cloud: null, continuation: null, lookedAt: 7 });
});

test('asked for it, the list tells how many seats are taken, one call more for each licence', async () => {
  const { list } = await useScene();
  const { items, calls } = await list('counted=true&query=acme&limit=3');
  expect(items).toMatchObject([0, 1, 2].map(() => ({ counted: { taken: 0, over: 0, lastSeen: null } })));
  expect(calls).toBe(4);
  expect((await list('query=acme')).items.every((item) => !('counted' in item))).toBe(true);
  await expect(list('counted=yes')).rejects.toThrow('counted');
});

test.each([
  ['query=ACME', ['a-later', 'c-over', 'd-active']],
  ['query=sea%20acm', ['d-active']],
  ['query=cme', []],
  ['query=-', []],
  ['status=active', ['d-active', 'g-china']],
  ['status=offer_suspended', ['f-old']],
  ['offer=Contoso/old/pro', ['f-old']],
  [`endsBefore=${new Date(AT + 15 * DAY).toISOString()}`, ['c-over', 'd-active']],
  [`endsBefore=${new Date(AT + 15 * DAY).toISOString()}&status=active`, ['d-active']],
  [`endsBefore=${new Date(AT + 30 * DAY).toISOString()}&sort=end`, ['c-over', 'd-active', 'e-revoked']],
  ['cloud=AzureChinaCloud', ['g-china']],
  ['cloud=azurechinacloud&status=expired', []],
  ['sort=customer', ['a-later', 'c-over', 'd-active', 'f-old', 'g-china', 'b-suspended', 'e-revoked']],
  ['sort=end', ['c-over', 'd-active', 'e-revoked', 'a-later', 'b-suspended', 'f-old', 'g-china']],
  ['sort=changed', ['g-china', 'f-old', 'e-revoked', 'b-suspended', 'c-over', 'a-later', 'd-active']],
])('%s', async (query, expected) => {
  const { list } = await useScene();
  const { ids, calls } = await list(query);
  expect(ids).toEqual(expected);
  expect(calls).toBe(1);
  const pages: string[] = [];
  let continuation = '';
  do {
    const page = await list(`${query}&limit=2${continuation}`);
    pages.push(...page.ids);
    continuation = page.continuation === null ? '' : `&continuation=${page.continuation}`;
  } while (continuation !== '');
  expect(pages).toEqual(expected);
});

test('the licences of a subscription are found in every accepted cloud, and filters hold for them too', async () => {
  const { store, list } = await createScene([]);
  const file = {
    offers: [{ offer: 'contoso/x/y', mode: 'licensed' }],
    licences: [{ id: 'one', offer: 'contoso/x/y', seats: 1, cloud: 'AzureChinaCloud', subscription: vmId(1) }],
  };
  await applyCatalogue(store, parseCatalogue(file), { change: { by: 'test', at: AT } });
  expect(await list(`subscription=${vmId(1)}`)).toMatchObject({ ids: ['one'], cloud: null });
  expect(await list(`subscription=${vmId(1)}&cloud=AzureChinaCloud`)).toMatchObject({ ids: ['one'] });
  expect(await list(`subscription=${vmId(1)}&cloud=AzurePublicCloud`)).toMatchObject({ ids: [] });
  expect(await list(`subscription=${vmId(1)}&status=expired`)).toMatchObject({ ids: [], lookedAt: 1 });
});

test('the licences of a subscription are paged in the order that was asked for', async () => {
  const plans = ['a', 'b', 'c'].map((name) => ({ publisher: 'contoso', product: 'x', name }));
  const all = plans.map((plan, index) => ({
    ...licence({ plan, subscriptions: subscriptions(vmId(1)) }),
    ...OF_ONE[index],
  }));
  const { store, list } = await createScene([]);
  const change = { by: 'test', at: AT };
  const [offers, licences] = [plans.map((plan) => offer({ plan })), all];
  await applyCatalogue(store, { offers, licences }, { change });
  const ids = async (query: string) => (await list(`subscription=${vmId(1)}&${query}`)).ids;
  expect(await ids('')).toEqual(['p', 'q', 'r']);
  expect(await ids('sort=customer')).toEqual(['r', 'q', 'p']);
  expect(await ids('sort=end')).toEqual(['q', 'r', 'p']);
  const first = await list(`subscription=${vmId(1)}&sort=customer&limit=2`);
  expect(first.ids).toEqual(['r', 'q']);
  const rest = await list(`subscription=${vmId(1)}&sort=customer&limit=2&continuation=${first.continuation ?? ''}`);
  expect([rest.ids, rest.continuation]).toEqual([['p'], null]);
});

test('a licence of every subscription of the emulator is one of each', async () => {
  const { store, list } = await createScene([]);
  const file = {
    offers: [{ offer: 'contoso/x/y', mode: 'licensed' }],
    licences: [{ id: 'all', offer: 'contoso/x/y', seats: 1, cloud: 'emulator', subscriptions: '*' }],
  };
  await applyCatalogue(store, parseCatalogue(file), { change: { by: 'test', at: AT } });
  expect(await list(`subscription=${vmId(1)}&cloud=emulator`)).toMatchObject({ ids: ['all'] });
  expect(await list(`subscription=${vmId(1)}&cloud=AzurePublicCloud`)).toMatchObject({ ids: [] });
});

test('a continuation of another order is refused', async () => {
  const { list } = await useScene();
  const { continuation } = await list('limit=1&sort=end');
  await expect(list(`continuation=${continuation ?? ''}`)).rejects.toThrow('begin the list anew');
});

test('a page ends after five calls, says how far it looked, and the next one looks on', async () => {
  const all = Array.from({ length: 6_200 }, (_, index) => {
    const value = licence({ id: `l-${index}` });
    return { key: `${index}`.padStart(5, '0'), licence: { value, version: '', claim: '', change: { by: '', at: AT } } };
  });
  let calls = 0;
  const store: SortedLicenceStore = {
    pageSorted: (_, { after, size }) => {
      calls += 1;
      const left = all.filter(({ key }) => after === null || key > after);
      const items = left.slice(0, size);
      const last = items.at(-1)?.key ?? null;
      return Promise.resolve({ items, unreadable: [], after: left.length > size ? last : null });
    },
  };
  const question = { order: 'end', matches: ({ value }: { value: Licence }) => value.id === 'l-6100' } as const;
  const first = await listLicences(store, question, { size: 10 });
  expect(first).toMatchObject({ items: [], lookedAt: 5_000 });
  const second = await listLicences(store, question, { size: 10, continuation: first.next ?? '' });
  expect(second).toMatchObject({ items: [{ value: { id: 'l-6100' } }], lookedAt: 1_200, next: null });
  expect(calls).toBe(7);
});
