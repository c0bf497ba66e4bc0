import { expect, test } from 'vitest';

import { readAroundLicence, readAroundOffer } from '../../../src/catalogue/file/readStored.ts';
import type { LicenceStore } from '../../../src/tables/licenceStore.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { useAzurite } from '../../support/azurite.ts';
import { AT, licence, offer, vmId } from '../../support/licensing.ts';
import { startStoreProxy } from '../../support/storeProxy.ts';

const tables = useAzurite();
const CHANGE = { by: 'test', at: AT };
const plan = (product: string, name = 'Pro') => ({ publisher: 'Contoso', product, name });

/** Three licences, under one offer with an alias, and the requests that come once they are there. */
async function createStore(): Promise<{ store: LicenceStore; requests: readonly string[] }> {
  const { connectionString, tablePrefix } = tables();
  const proxy = await startStoreProxy(connectionString, tablePrefix);
  const store = createTablesStore({ connection: { connectionString: proxy.connectionString }, tablePrefix });
  await store.ensureTables();
  await store.writeOffer(offer({ productAliases: ['preview'] }), null, CHANGE);
  await store.writeOffer(offer({ plan: plan('Router', '*') }), null, CHANGE);
  await store.writeLicence(licence(), null, CHANGE);
  await store.writeLicence(licence({ id: 'second', subscriptionId: vmId(2) }), null, CHANGE);
  await store.writeLicence(licence({ id: 'third', plan: plan('Router', 'Small') }), null, CHANGE);
  proxy.requests.length = 0;
  return { store, requests: proxy.requests };
}

const idsOf = ({ licences }: Awaited<ReturnType<typeof readAroundLicence>>) => licences.map(({ value }) => value.id);

test('of a licence that is there its row alone is read, and no search made', async () => {
  const { store, requests } = await createStore();
  expect(idsOf(await readAroundLicence(store, licence({ status: 'suspended' })))).toEqual(['fabrikam-2026']);
  expect(requests).toEqual(['GET offers()', 'GET licences(row)']);
  const byAlias = licence({ plan: plan('PREVIEW', 'pro') });
  expect(idsOf(await readAroundLicence(store, byAlias))).toEqual(['fabrikam-2026']);
  expect(requests.slice(2)).toEqual(['GET offers()', 'GET licences(row)', 'GET licences(row)']);
});

test('for a licence that is new the one that has its id is looked for', async () => {
  const { store, requests } = await createStore();
  expect(idsOf(await readAroundLicence(store, licence({ id: 'SECOND', subscriptionId: vmId(3) })))).toEqual(['second']);
  expect(idsOf(await readAroundLicence(store, licence({ id: 'new', subscriptionId: vmId(3) })))).toEqual([]);
  expect(idsOf(await readAroundLicence(store, licence({ id: 'new' })))).toEqual(['fabrikam-2026']);
  expect(requests.slice(0, 3)).toEqual(['GET offers()', 'GET licences(row)', 'GET licences()']);
});

test('for an offer licences are read only where it comes to be in marketplace mode, and only those of its plan', async () => {
  const { store, requests } = await createStore();
  expect(idsOf(await readAroundOffer(store, offer({ status: 'suspended' })))).toEqual([]);
  expect(requests).toEqual(['GET offers()']);
  const sold = { mode: 'marketplace', productAliases: [] } as const;
  expect(idsOf(await readAroundOffer(store, offer(sold))).sort()).toEqual(['fabrikam-2026', 'second']);
  expect(idsOf(await readAroundOffer(store, offer({ ...sold, plan: plan('ROUTER', '*') })))).toEqual(['third']);
  expect(idsOf(await readAroundOffer(store, offer({ ...sold, plan: plan('Router', 'small') })))).toEqual(['third']);
  expect(idsOf(await readAroundOffer(store, offer({ ...sold, plan: plan('Route', '*') })))).toEqual([]);
  const named = offer({ mode: 'marketplace', plan: plan('New'), productAliases: ['firewall'] });
  expect(idsOf(await readAroundOffer(store, named)).sort()).toEqual(['fabrikam-2026', 'second']);
});
