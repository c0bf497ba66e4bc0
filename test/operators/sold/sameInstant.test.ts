import { expect, test } from 'vitest';

import { RequestError } from '../../../src/http/requestError.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import type { LicenceStore } from '../../../src/tables/licenceStore.ts';
import { useAzurite } from '../../support/azurite.ts';
import { callRoute } from '../../support/callRoute.ts';
import type { RouteCall, WriterStore } from '../../support/callRoute.ts';
import { AT, MINUTE, SUBSCRIPTION, vmId } from '../../support/licensing.ts';

/* What two operators are told who write through two instances in the same instant: one wins, and the other is told why. */

const tables = useAzurite();

async function createStore(): Promise<LicenceStore> {
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  return store;
}

const CLOUD = 'AzurePublicCloud';

const offerCall = (product: string, changed: object = {}): RouteCall => ({
  params: { publisher: 'contoso', product, plan: 'pro' },
  body: { offer: `contoso/${product}/pro`, mode: 'licensed', ...changed },
});

const licenceCall = (id: string, changed: object = {}): RouteCall => ({
  params: { id },
  body: { id, offer: 'contoso/a/pro', seats: 1, cloud: CLOUD, subscription: SUBSCRIPTION, ...changed },
});

const OVERRIDE: RouteCall = {
  params: { ...offerCall('a').params, cloud: CLOUD, subscription: SUBSCRIPTION },
  body: { seats: 2 },
};

type Name = Parameters<typeof callRoute>[1];

/** `done`, or the code and what is said. */
async function ask(store: WriterStore, name: Name, call: RouteCall, at = AT): Promise<string> {
  try {
    await callRoute(store, name, call, at);
    return 'done';
  } catch (error) {
    if (error instanceof RequestError) return `${error.code}: ${error.detail ?? ''}`;
    throw error;
  }
}

/** A store for which something else happens right before it carries out the first call of a method. */
function before(store: LicenceStore, method: keyof LicenceStore, happen: () => Promise<unknown>) {
  let hasHappened = false;
  const disturbed = async (...args: unknown[]) => {
    if (!hasHappened) {
      hasHappened = true;
      await happen();
    }
    return (store[method] as (...given: unknown[]) => Promise<unknown>)(...args);
  };
  return { ...store, [method]: disturbed };
}

test('of two licences with one id, one is written', async () => {
  const store = await createStore();
  await ask(store, 'putOffer', offerCall('a'));
  const other = licenceCall('X', { subscription: vmId(2) });
  const second = before(store, 'writeLicence', () => ask(store, 'putLicence', other));
  expect(await ask(second, 'putLicence', licenceCall('x'))).toMatch(
    /^name_taken: Somebody else created it in the same/,
  );
  expect((await store.listLicences()).map(({ value }) => value.id)).toEqual(['X']);
  // What it had claimed is free again.
  expect(await ask(store, 'putLicence', licenceCall('y'), AT + 1)).toBe('done');
});

test.each([
  ['the same offer', offerCall('a', { grace: 'P1D' }), /^name_taken: Somebody else created it in the same instant/],
  ['an alias', offerCall('b', { productAliases: ['A'] }), /^name_taken: productAliases: shares a name of the product/],
])('of two offers with one name, one is written: %s', async (_, call, told) => {
  const store = await createStore();
  const second = before(store, 'writeOffers', () => ask(store, 'putOffer', offerCall('a')));
  expect(await ask(second, 'putOffer', call)).toMatch(told);
  expect((await store.readOffers()).map(({ plan, grace }) => [plan.product, grace])).toEqual([
    ['a', 7 * 24 * 60 * MINUTE],
  ]);
});

test('offers that share no name are written at once, and one that says the same is success', async () => {
  const store = await createStore();
  const second = before(store, 'writeOffers', () => ask(store, 'putOffer', offerCall('a')));
  expect(await ask(second, 'putOffer', offerCall('b'))).toBe('done');
  const third = before(store, 'writeOffers', () => ask(store, 'putOffer', offerCall('c')));
  expect(await ask(third, 'putOffer', offerCall('c'))).toBe('done');
  expect(await store.readOffers()).toHaveLength(3);
});

test('an offer is not deleted while a licence is written under it, and is afterwards', async () => {
  const store = await createStore();
  await ask(store, 'putOffer', offerCall('a'));
  let told = '';
  const granting = before(store, 'writeLicence', async () => {
    told = await ask(store, 'deleteOffer', offerCall('a'));
  });
  expect(await ask(granting, 'putLicence', licenceCall('x'))).toBe('done');
  expect(told).toBe('in_use: Somebody is writing the licence x under it. Try again in three minutes.');
  expect(await ask(store, 'deleteOffer', offerCall('a'))).toBe(
    'in_use: It has licences: 1 licence, x among them. Delete them first.',
  );
  expect(await ask(store, 'deleteLicence', licenceCall('x'))).toBe('done');
  expect(await ask(store, 'deleteOffer', offerCall('a'))).toBe('done');
});

test('a licence that is written while its offer is about to go keeps it', async () => {
  const store = await createStore();
  await ask(store, 'putOffer', offerCall('a'));
  for (const [name, call] of [
    ['deleteOffer', offerCall('a')],
    ['putOffer', { ...offerCall('a', { mode: 'marketplace' }), alters: true }],
  ] as const) {
    await ask(store, 'deleteLicence', licenceCall('x'));
    const removing = before(store, 'writeOffers', () => ask(store, 'putLicence', licenceCall('x')));
    expect(await ask(removing, name, call)).toMatch(/^in_use: .*1 licence, x among them/);
  }
  const { offers, notices } = await store.readOfferList();
  expect([offers.map(({ value }) => value.mode), notices]).toEqual([['licensed'], []]);
});

test.each([
  ['deleteOffer', offerCall('a'), /^request_malformed: offer: there is no offer contoso\/a\/pro/],
  [
    'putOffer',
    { ...offerCall('a', { mode: 'marketplace' }), alters: true },
    /^request_malformed: offer: .*marketplace/,
  ],
] as const)('no licence is written under an offer that went in the same instant: %s', async (name, call, told) => {
  const store = await createStore();
  await ask(store, 'putOffer', offerCall('a'));
  const granting = before(store, 'putNotice', () => ask(store, name, call));
  expect(await ask(granting, 'putLicence', licenceCall('x'))).toMatch(told);
  expect(await store.listLicences()).toEqual([]);
  expect((await store.readOfferList()).notices).toEqual([]);
});

test('what a process leaves behind that ended in the middle stops nobody after three minutes', async () => {
  const store = await createStore();
  await ask(store, 'putOffer', offerCall('a'));
  const names = ['contoso/a/pro'];
  await store.putNotice({ id: 'left', kind: 'grant', about: 'the licence x', names, at: AT });
  await store.putNotice({ id: 'also', kind: 'removal', about: '', names, at: AT });
  for (const query of ['', 'dryRun=true']) {
    expect(await ask(store, 'deleteOffer', { ...offerCall('a'), query }, AT + 2 * MINUTE)).toMatch(/^in_use/);
  }
  expect(await ask(store, 'deleteOffer', offerCall('a'), AT + 3 * MINUTE)).toBe('done');
  expect((await store.readOfferList()).notices).toEqual([]);
});

test('an offer with an override is in use, and one that goes in the same instant gets none', async () => {
  const store = await createStore();
  const sold = offerCall('a', { mode: 'marketplace' });
  await ask(store, 'putOffer', sold);
  const writing = before(store, 'putNotice', () => ask(store, 'deleteOffer', sold));
  expect(await ask(writing, 'putOverride', OVERRIDE)).toBe('not_found: There is no such offer.');
  await ask(store, 'putOffer', sold);
  const removing = before(store, 'writeOffers', () => ask(store, 'putOverride', OVERRIDE));
  const told = `in_use: It has overrides: 1 override, that of the subscription ${SUBSCRIPTION} (${CLOUD}) among them. Delete them first.`;
  expect(await ask(removing, 'deleteOffer', sold)).toBe(told);
  expect(await ask(store, 'deleteOffer', { ...sold, query: 'dryRun=true' })).toBe(told);
  expect(await ask(store, 'deleteOverride', OVERRIDE)).toBe('done');
  expect(await ask(store, 'deleteOffer', sold)).toBe('done');
});

test('a dry run tells what stands in the way, and writes nothing', async () => {
  const store = await createStore();
  await ask(store, 'putOffer', offerCall('a'));
  await ask(store, 'putLicence', licenceCall('x'));
  const { version } = await store.readOfferList();
  const query = 'dryRun=true';
  const sold = { ...offerCall('a', { mode: 'marketplace' }), query };
  expect(await ask(store, 'putOffer', sold)).toMatch(/^in_use: mode: must stay "licensed"/);
  expect(await ask(store, 'deleteOffer', { ...offerCall('a'), query })).toMatch(
    /^in_use: It has licences: 1 licence, x/,
  );
  const alias = { ...offerCall('b', { productAliases: ['a'] }), query };
  expect(await ask(store, 'putOffer', alias)).toMatch(/^name_taken: productAliases/);
  expect(await ask(store, 'putOffer', { ...offerCall('c'), query })).toBe('done');
  expect((await store.readOfferList()).version).toBe(version);
});

test('no claim code is left for a licence that goes in the same instant', async () => {
  const store = await createStore();
  await ask(store, 'putOffer', offerCall('a'));
  await ask(store, 'putLicence', licenceCall('x'));
  const creating = before(store, 'writeClaim', () => ask(store, 'deleteLicence', licenceCall('x')));
  const told = await ask(creating, 'createClaim', { params: {}, body: { licence: 'x' } });
  expect(told).toBe('not_found: There is no licence with this id.');
  expect((await store.pageClaims(null, { size: 10 })).items).toEqual([]);
});
