import { expect, test } from 'vitest';

import { readAroundLicence } from '../../../src/catalogue/file/readStored.ts';
import { readLicencesNear } from '../../../src/catalogue/offers/licencesUnder.ts';
import { writeLicence } from '../../../src/catalogue/writeLicence.ts';
import type { Offer } from '../../../src/catalogue/offer.ts';
import type { Licence } from '../../../src/catalogue/licence.ts';
import type { LicenceStore } from '../../../src/tables/licenceStore.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { useAzurite } from '../../support/azurite.ts';
import { AT, licence, offer, SUBSCRIPTION, subscriptions, vmId } from '../../support/licensing.ts';
import { startStoreProxy } from '../../support/storeProxy.ts';
import { putOffer } from '../../support/putOffer.ts';

const tables = useAzurite();
const CHANGE = { by: 'test', at: AT };
const plan = (product: string, name = 'Pro') => ({ publisher: 'Contoso', product, name });

/** Three licences, under one offer with an alias, and the requests that come once they are there. */
async function createStore(): Promise<{ store: LicenceStore; requests: readonly string[] }> {
  const { connectionString, tablePrefix } = tables();
  const proxy = await startStoreProxy(connectionString, tablePrefix);
  const store = createTablesStore({ connection: { connectionString: proxy.connectionString }, tablePrefix });
  await store.ensureTables();
  await putOffer(store, offer({ productAliases: ['preview'] }));
  await putOffer(store, offer({ plan: plan('Router', '*') }));
  await writeLicence(store, { value: licence(), stored: null }, CHANGE);
  await writeLicence(
    store,
    { value: licence({ id: 'second', subscriptions: subscriptions(vmId(2)) }), stored: null },
    CHANGE,
  );
  await writeLicence(store, { value: licence({ id: 'third', plan: plan('Router', 'Small') }), stored: null }, CHANGE);
  proxy.requests.length = 0;
  return { store, requests: proxy.requests };
}

const idsOf = ({ licences }: Awaited<ReturnType<typeof readAroundLicence>>) => licences.map(({ value }) => value.id);

const around = (store: LicenceStore, changed: Partial<Licence>) => readAroundLicence(store, licence(changed), AT);

test('of a licence that is there its row alone is read, and no search made', async () => {
  const { store, requests } = await createStore();
  expect(idsOf(await around(store, { status: 'suspended' }))).toEqual(['fabrikam-2026']);
  expect([...requests].sort()).toEqual(['GET licences(row)', 'GET offers()']);
  expect(idsOf(await around(store, { plan: plan('PREVIEW', 'pro') }))).toEqual(['fabrikam-2026']);
  expect(requests).toHaveLength(4);
});

test('for a licence that is new, or has new subscriptions, the licences that have them are read', async () => {
  const { store, requests } = await createStore();
  expect(idsOf(await around(store, { id: 'SECOND', subscriptions: subscriptions(vmId(3)) }))).toEqual(['second']);
  expect(idsOf(await around(store, { id: 'new', subscriptions: subscriptions(vmId(3)) }))).toEqual([]);
  expect(idsOf(await around(store, { id: 'new', plan: plan('PREVIEW') }))).toEqual(['fabrikam-2026']);
  const both = await around(store, { subscriptions: subscriptions(SUBSCRIPTION, vmId(2)) });
  expect(idsOf(both)).toEqual(['fabrikam-2026', 'second']);
  expect(requests.filter((request) => request.endsWith('licences()'))).toEqual([]);
});

test('for an offer the licences of its plan are read, by all names of its product', async () => {
  const { store } = await createStore();
  const near = async (changed: Partial<Offer>) =>
    (await readLicencesNear(store, offer(changed))).map(({ value }) => value.id).sort();
  expect(await near({})).toEqual(['fabrikam-2026', 'second']);
  expect(await near({ plan: plan('ROUTER', '*') })).toEqual(['third']);
  expect(await near({ plan: plan('Router', 'small') })).toEqual(['third']);
  expect(await near({ plan: plan('Route', '*') })).toEqual([]);
  expect(await near({ plan: plan('New'), productAliases: ['firewall'] })).toEqual(['fabrikam-2026', 'second']);
});
