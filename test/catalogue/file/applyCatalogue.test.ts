import { expect, test } from 'vitest';

import { applyCatalogue } from '../../support/applyCatalogue.ts';
import { CatalogueError, parseCatalogue } from '../../../src/catalogue/file/parseCatalogue.ts';
import type { LicenceStore } from '../../../src/tables/licenceStore.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { useAzurite } from '../../support/azurite.ts';
import { AT, HOUR, licence, offer, SUBSCRIPTION, subscriptions, vmId } from '../../support/licensing.ts';

const tables = useAzurite();
const options = { change: { by: 'test', at: AT } };
const NOTHING = { created: 0, updated: 0, unchanged: 0 };

async function createStore(): Promise<LicenceStore> {
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  return store;
}

test('what is new is created, what differs updated, what is the same left alone', async () => {
  const store = await createStore();
  const other = offer({ plan: { publisher: 'Contoso', product: 'Router', name: '*' } });
  const file = { offers: [offer(), other], licences: [licence()] };
  expect(await applyCatalogue(store, file, options)).toEqual({
    offers: { ...NOTHING, created: 2 },
    licences: { ...NOTHING, created: 1 },
  });
  const changed = { offers: [offer(), { ...other, grace: HOUR }], licences: [licence({ seats: 21 })] };
  expect(await applyCatalogue(store, changed, options)).toEqual({
    offers: { ...NOTHING, updated: 1, unchanged: 1 },
    licences: { ...NOTHING, updated: 1 },
  });
  expect(await applyCatalogue(store, changed, options)).toEqual({
    offers: { ...NOTHING, unchanged: 2 },
    licences: { ...NOTHING, unchanged: 1 },
  });
  expect(await store.readOffers()).toEqual(expect.arrayContaining(changed.offers));
  expect((await store.listLicences()).map(({ value }) => value)).toEqual(changed.licences);
});

test('a parsed file that was applied is unchanged when it is parsed and applied again', async () => {
  const store = await createStore();
  const file = {
    offers: [{ offer: 'contoso/firewall/*', mode: 'licensed', features: { a: 1 }, skus: [''] }],
    licences: [
      {
        ...{
          id: 'one',
          cloud: 'AzurePublicCloud',
          subscription: SUBSCRIPTION,
          offer: 'Contoso/Firewall/Pro',
          seats: 1,
        },
        ...{ features: { b: 'x' }, validUntil: '2027-01-01T00:00:00Z' },
      },
    ],
  };
  await applyCatalogue(store, parseCatalogue(file), options);
  expect(await applyCatalogue(store, parseCatalogue(file), options)).toEqual({
    offers: { ...NOTHING, unchanged: 1 },
    licences: { ...NOTHING, unchanged: 1 },
  });
});

test('another spelling of a plan is the same row, and the new spelling is kept', async () => {
  const store = await createStore();
  await applyCatalogue(store, { offers: [offer()], licences: [] }, options);
  const loud = offer({ plan: { publisher: 'CONTOSO', product: 'FIREWALL', name: 'PRO' } });
  const report = await applyCatalogue(store, { offers: [loud], licences: [] }, options);
  expect(report.offers).toEqual({ ...NOTHING, updated: 1 });
  expect(await store.readOffers()).toEqual([loud]);
});

test('a dry run counts and writes nothing', async () => {
  const store = await createStore();
  const file = { offers: [offer()], licences: [licence()] };
  const report = await applyCatalogue(store, file, { ...options, dryRun: true });
  expect(report).toEqual({ offers: { ...NOTHING, created: 1 }, licences: { ...NOTHING, created: 1 } });
  expect(await store.readOffers()).toEqual([]);
  expect(await store.listLicences()).toEqual([]);
});

test('a licence may name its offer by an alias, or an offer that is in the store already', async () => {
  const store = await createStore();
  await applyCatalogue(store, { offers: [offer({ productAliases: ['fw-preview'] })], licences: [] }, options);
  const byAlias = licence({ plan: { publisher: 'contoso', product: 'FW-preview', name: 'pro' } });
  await applyCatalogue(store, { offers: [], licences: [byAlias] }, options);
  expect((await store.listLicences()).map(({ value }) => value)).toEqual([licence()]);
});

const REFUSED = [
  {
    name: 'no offer',
    file: { offers: [], licences: [licence()] },
    problem: 'licences[0].offer: there is no offer Contoso/Firewall/Pro',
  },
  {
    name: 'an offer in marketplace mode',
    file: { offers: [offer({ mode: 'marketplace' })], licences: [licence()] },
    problem: 'licences[0].offer: the offer is in marketplace mode',
  },
  {
    name: 'the id of a licence for another offer',
    file: { offers: [offer()], licences: [licence({ id: 'Taken' })] },
    problem: 'licences[0].offer: a licence keeps its offer, and taken is for Contoso/Known/Pro',
  },
  {
    name: "another offer's alias",
    file: { offers: [offer({ productAliases: ['known'] })], licences: [] },
    problem: 'shares a name of the product with the offer Contoso/Known/Pro',
  },
  {
    name: 'one offer by two names',
    file: {
      offers: [offer({ productAliases: ['preview'] })],
      licences: [licence(), licence({ id: 'second', plan: { ...licence().plan, product: 'preview' } })],
    },
    problem: 'licences[1].subscriptions: another licence of the file, fabrikam-2026, has the subscription',
  },
];

test.each(REFUSED)('refused, and nothing written: $name', async ({ file, problem }) => {
  const store = await createStore();
  const known = offer({ plan: { publisher: 'Contoso', product: 'Known', name: 'Pro' } });
  const taken = licence({ id: 'taken', subscriptions: subscriptions(vmId(3)), plan: known.plan });
  await applyCatalogue(store, { offers: [known], licences: [taken] }, options);
  const refused = applyCatalogue(store, file, options);
  await expect(refused).rejects.toThrow(CatalogueError);
  await expect(refused).rejects.toThrow(problem);
  expect(await store.readOffers()).toEqual([known]);
});

test('a row that another operator wrote at the same time is not overwritten', async () => {
  const store = await createStore();
  await applyCatalogue(store, { offers: [offer()], licences: [] }, options);
  const stale = await store.listOffers();
  await applyCatalogue(store, { offers: [offer({ grace: HOUR })], licences: [] }, options);
  const behind: LicenceStore = { ...store, listOffers: () => Promise.resolve(stale) };
  const refused = applyCatalogue(behind, { offers: [offer({ grace: 0 })], licences: [] }, options);
  await expect(refused).rejects.toThrow('someone else changed a row of it');
  expect(await store.readOffers()).toEqual([offer({ grace: HOUR })]);
});

test('a licence of 500 subscriptions fits a row, and comes back', async () => {
  const store = await createStore();
  const subscriptions = Array.from({ length: 500 }, (_, index) => ({
    ...{ cloud: 'AzureUSGovernmentCloud', subscription: vmId(index), until: '2027-01-01T00:00:00Z' },
  }));
  const note = 'n'.repeat(1_000);
  const large = { id: 'large', subscriptions, offer: 'contoso/firewall/pro', seats: 1, note, skus: ['x'.repeat(64)] };
  const file = parseCatalogue({ offers: [{ offer: 'contoso/firewall/pro', mode: 'licensed' }], licences: [large] });
  await applyCatalogue(store, file, options);
  expect((await store.listLicences()).map(({ value }) => value)).toEqual(file.licences);
  expect(await applyCatalogue(store, file, options)).toMatchObject({ licences: { unchanged: 1 } });
});

test('the longest entries that are taken fit a row', async () => {
  const store = await createStore();
  const skus = Array.from({ length: 430 }, (_, index) => `${index}`.padStart(64, 'x'));
  const offers = [{ offer: 'contoso/firewall/pro', mode: 'licensed', skus }];
  const names = { id: 'long', cloud: 'AzurePublicCloud', subscription: SUBSCRIPTION, offer: 'contoso/firewall/pro' };
  const file = parseCatalogue({ offers, licences: [{ ...names, seats: 1, skus, note: 'n'.repeat(900) }] });
  await applyCatalogue(store, file, options);
  expect(await store.readOffers()).toEqual(file.offers);
  expect((await store.listLicences()).map(({ value }) => value)).toEqual(file.licences);
});
