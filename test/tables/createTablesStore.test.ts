import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import { TableClient } from '@azure/data-tables';
import { expect, onTestFinished, test } from 'vitest';

import type { Activation } from '../../src/seats/activation.ts';
import { StoreUnavailableError } from '../../src/contract/stored.ts';
import type { LicenceStore } from '../../src/tables/licenceStore.ts';
import type { Offer } from '../../src/catalogue/offer.ts';
import type { Notice, OfferEdit } from '../../src/catalogue/offers/offerList.ts';
import type { SeatWrite } from '../../src/seats/store.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { overrideEntry } from '../../src/contract/operators/override.ts';
import { useAzurite } from '../support/azurite.ts';
import { useTestClock } from '../support/testClock.ts';
import { AT, DAY, entitlement, licence, MINUTE, offer, SUBSCRIPTION, vmId } from '../support/licensing.ts';
import { putOffer } from '../support/putOffer.ts';
import { startStoreProxy } from '../support/storeProxy.ts';

const tables = useAzurite();
const clock = useTestClock();
const CHANGE = { by: 'test', at: AT };
const POOL = entitlement().pool;

async function createStore() {
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  const table = (name: string) =>
    TableClient.fromConnectionString(connectionString, `${tablePrefix}${name}`, { allowInsecureConnection: true });
  return { store, table };
}

function activation(changed: Partial<Activation> = {}): Activation {
  return {
    vmId: vmId(1),
    ...{ cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, offer: 'Contoso/Firewall/Pro' },
    ...{ issuedAt: 0, expiresAt: 0, counted: null, overSince: null, movedTo: null, moves: 0 },
    licenceId: 'fabrikam-2026',
    seat: { kind: 'numbered', number: 0 },
    jkt: null,
    keyUntil: 0,
    keyChanges: [],
    challenge: null,
    licenceJti: null,
    leaseEnd: AT,
    graceUntil: AT,
    region: null,
    sku: '',
    client: null,
    label: null,
    firstSeen: AT,
    lastSeen: AT,
    blocked: false,
    ...changed,
  };
}

function insert(changed: Partial<Activation> = {}): SeatWrite {
  return { row: 'activation', activation: activation(changed), version: null };
}

async function versionOf(store: LicenceStore, vm: string): Promise<string> {
  const row = await store.readActivation(POOL, vm);
  if (row === null) throw new Error('the row is missing');
  return row.version;
}

test('tables are created once, and asking again is no error', async () => {
  const { store } = await createStore();
  await store.ensureTables();
  expect(await store.holdsAnOffer()).toBe(false);
  await putOffer(store, offer());
  expect(await store.holdsAnOffer()).toBe(true);
});

test('offers and licences come back as they were written, and who changed them stands beside', async () => {
  const { store, table } = await createStore();
  const every = offer({
    plan: { publisher: 'Contoso', product: 'Firewall', name: '*' },
    skus: ['', 'Gen2'],
    features: { a: 1, b: true, c: 'x/y#?' },
  });
  const bounded = licence({ vmIds: [vmId(1)], validFrom: AT, validUntil: AT + DAY, note: 'signed by hand' });
  for (const value of [every, offer()]) await putOffer(store, value);
  expect((await store.writeLicence(bounded, null, CHANGE)).outcome).toBe('written');
  expect(await store.readOffers()).toEqual(expect.arrayContaining([every, offer()]));
  expect(await store.lookUpLicence('FABRIKAM-2026')).toEqual(bounded);
  expect((await store.listLicences()).map((row) => row.value)).toEqual([bounded]);
  const row = await table('licences').getEntity('l', 'fabrikam-2026');
  expect(row).toMatchObject({ schema: 2, status: 'active', changedBy: 'test', changedAt: new Date(AT) });
});

test('what one subscription has comes back together, and is not another one’s, nor another cloud’s', async () => {
  const { store } = await createStore();
  const key = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, plan: offer().plan };
  const holding = { ...key, licences: ['new', 'old'], since: AT, claim: 'c', former: ['licence:before'] };
  const trial = { ...key, startedAt: AT, endsAt: AT + DAY, seats: 'unlimited' as const };
  const override = { ...key, override: overrideEntry.parse({ seats: 3, overage: '10%', features: { a: 1 } }) };
  expect(await store.writeHolding(holding, null)).toBe('written');
  expect(await store.writeHolding(holding, null)).toBe('exists');
  expect(await store.insertTrial(trial)).toBe('written');
  expect(await store.insertTrial({ ...trial, endsAt: AT + 9 * DAY })).toBe('exists');
  expect(await store.writeOverride(override, null, CHANGE)).toMatchObject({ outcome: 'written' });
  const own = { holdings: [holding], trials: [trial], overrides: [override] };
  expect(await store.readHoldings(key)).toEqual(own);
  const none = { holdings: [], trials: [], overrides: [] };
  expect(await store.readHoldings({ ...key, subscriptionId: vmId(5) })).toEqual(none);
  expect(await store.readHoldings({ ...key, cloud: 'AzureChinaCloud' })).toEqual(none);
  expect(await store.readOverride(key)).toMatchObject({ value: override, change: CHANGE });
  expect(await store.deleteOverride(key, null)).toBe('deleted');
  expect(await store.readHoldings(key)).toEqual({ ...own, overrides: [] });
});

test('a claim code comes back as it was written, and the codes of a licence are found', async () => {
  const { store } = await createStore();
  const use = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, at: AT, done: true };
  const facts = { uses: 200, until: AT + DAY, note: 'for Fabrikam', createdBy: 'test', createdAt: AT };
  const claim = { id: 'aa', licenceId: 'Fabrikam-2026', used: Array.from({ length: 200 }, () => use), ...facts };
  expect(await store.writeClaim(claim, null)).toMatchObject({ outcome: 'written' });
  await store.writeClaim({ ...claim, id: 'bb', licenceId: 'other', until: null }, null);
  expect(await store.readClaim('aa')).toMatchObject({ value: claim });
  const list = async (licenceId: string | null) => (await store.pageClaims(licenceId, { size: 5 })).items;
  expect((await list('fabrikam-2026')).map(({ value }) => value.id)).toEqual(['aa']);
  expect((await list(null)).map(({ value }) => value.id)).toEqual(['aa', 'bb']);
  expect(await store.deleteClaim('aa')).toBe('deleted');
  expect(await store.readClaim('aa')).toBeNull();
});

test('an offer is written only at the version that was read', async () => {
  const { store } = await createStore();
  await putOffer(store, offer());
  const list = await store.readOfferList();
  const [stored = null] = list.offers;
  const write = (value: Offer, on: OfferEdit['stored'], version: string | null) =>
    store.writeOffers([{ value, stored: on, change: CHANGE }], { list: version, notice: null });
  expect(await write(offer(), null, list.version)).toEqual({ outcome: 'changed' });
  const suspended = await write(offer({ status: 'suspended' }), stored, list.version);
  const { offers, version } = await store.readOfferList();
  expect(suspended).toEqual({ outcome: 'written', versions: [offers[0]?.version] });
  expect(await write(offer(), stored, version)).toEqual({ outcome: 'changed' });
  expect((await store.readOffers()).map((one) => one.status)).toEqual(['suspended']);
});

test('offers are written all or none, at the version of the list, and while the notice is there', async () => {
  const { store } = await createStore();
  const edits = ['a', 'b'].map((name) => ({
    ...{ value: offer({ plan: { ...offer().plan, name } }), stored: null, change: CHANGE },
  }));
  expect(await store.writeOffers(edits, { list: null, notice: 'gone' })).toEqual({ outcome: 'changed' });
  const notice: Notice = { id: 'one', kind: 'removal', about: '', names: ['contoso/firewall/*'], at: AT };
  await store.putNotice(notice);
  await store.putNotice({ ...notice, id: 'two', kind: 'grant', names: '*' });
  await store.putNotice({ ...notice, id: 'two', kind: 'grant', names: '*' });
  expect((await store.writeOffers(edits, { list: null, notice: 'one' })).outcome).toBe('written');
  expect(await store.writeOffers(edits, { list: null, notice: null })).toEqual({ outcome: 'changed' });
  const { offers, version, notices } = await store.readOfferList();
  expect(notices).toEqual([{ ...notice, id: 'two', kind: 'grant', names: '*' }]);
  expect([await store.dropNotice('two'), await store.dropNotice('two')]).toEqual([true, false]);
  const removals = offers.map((stored) => ({ value: null, stored, change: CHANGE }));
  expect((await store.writeOffers(removals, { list: version, notice: null })).outcome).toBe('written');
  expect(await store.holdsAnOffer()).toBe(false);
  expect((await store.readOfferList()).version).not.toBe(version);
});

test('a write of offers whose answer was lost is our own', async () => {
  const { connectionString, tablePrefix } = tables();
  const proxy = await startStoreProxy(connectionString, tablePrefix);
  const store = createTablesStore({ connection: { connectionString: proxy.connectionString }, tablePrefix });
  await store.ensureTables();
  proxy.fail(/^POST \$batch/, 'lost');
  const edits = [{ value: offer(), stored: null, change: CHANGE }];
  const written = await store.writeOffers(edits, { list: null, notice: null });
  expect(proxy.recover()).toBe(0);
  const [row] = await store.listOffers();
  expect(written).toEqual({ outcome: 'written', versions: [row?.version] });
});

test('the very same write again, by the same author at the same time, is the one that was written', async () => {
  const { store } = await createStore();
  const first = await store.writeLicence(licence(), null, CHANGE);
  expect(await store.writeLicence(licence(), null, CHANGE)).toEqual(first);
  const version = first.outcome === 'written' ? first.version : '';
  const second = await store.writeLicence(licence({ seats: 1 }), version, CHANGE);
  expect(await store.writeLicence(licence({ seats: 1 }), version, CHANGE)).toEqual(second);
  expect(await store.writeLicence(licence({ seats: 2 }), version, CHANGE)).toEqual({ outcome: 'changed' });
});

test('an activation comes back as it was written, in each kind of seat', async () => {
  const { store } = await createStore();
  const full = activation({
    jkt: 'k',
    keyUntil: AT + 1,
    keyChanges: [{ from: null, at: AT, until: AT + 2 }],
    challenge: { ms: AT + 3, jti: 'j' },
    licenceJti: 'l',
    ...{ region: 'westeurope', sku: 'Gen2', client: 'agent/1', blocked: true },
  });
  const rows = [
    full,
    activation({ vmId: vmId(2), seat: { kind: 'uncounted' } }),
    activation({ vmId: vmId(3), seat: { kind: 'none' } }),
  ];
  for (const row of rows) expect(await store.writeSeats(POOL, [insert(row)])).toBe('written');
  for (const row of rows) expect((await store.readActivation(POOL, row.vmId))?.value).toEqual(row);
  expect(await store.readActivation(POOL, vmId(4))).toBeNull();
});

test('one row alone: inserted once, updated at its version, not at another nor when it is gone', async () => {
  const { store } = await createStore();
  expect(await store.writeSeats(POOL, [insert()])).toBe('written');
  expect(await store.writeSeats(POOL, [insert()])).toBe('exists');
  const version = await versionOf(store, vmId(1));
  const update = { ...insert({ sku: 'new' }), version } as SeatWrite;
  expect(await store.writeSeats(POOL, [update])).toBe('written');
  expect(await store.writeSeats(POOL, [update])).toBe('changed');
  const gone = { ...insert({ vmId: vmId(2) }), version } as SeatWrite;
  expect(await store.writeSeats(POOL, [gone])).toBe('changed');
});

test('a transaction is written whole or not at all, and says why not', async () => {
  const { store } = await createStore();
  const block = (taken: bigint, version: string | null): SeatWrite => ({ row: 'block', index: 0, taken, version });
  expect(await store.writeSeats(POOL, [insert(), block(1n, null)])).toBe('written');
  const { blocks } = await store.readSeats(POOL, null);
  const version = blocks[0]?.version ?? '';
  const second = insert({ vmId: vmId(2) });
  expect(await store.writeSeats(POOL, [second, block(3n, null)])).toBe('exists');
  expect(await store.writeSeats(POOL, [insert(), block(3n, version)])).toBe('exists');
  expect(await store.writeSeats(POOL, [second, block(3n, version)])).toBe('written');
  expect(await store.writeSeats(POOL, [insert({ vmId: vmId(3) }), block(7n, version)])).toBe('changed');
  const gone = { ...insert({ vmId: vmId(4) }), version } as SeatWrite;
  expect(await store.writeSeats(POOL, [gone, { row: 'uncounted' }])).toBe('changed');
  expect(await store.readActivation(POOL, vmId(3))).toBeNull();
  expect(await store.readSeats(POOL, null)).toMatchObject({ blocks: [{ index: 0, taken: 3n }], hasUncounted: false });
});

test('all 64 bits of a block are kept', async () => {
  const { store } = await createStore();
  const taken = (1n << 63n) | 1n;
  await store.writeSeats(POOL, [{ row: 'block', index: 3, taken, version: null }, { row: 'uncounted' }]);
  expect(await store.readSeats(POOL, null)).toMatchObject({ blocks: [{ index: 3, taken }], hasUncounted: true });
});

test('ended leases are found among seats that are numbered, live ones are counted among the others', async () => {
  const { store } = await createStore();
  const rows = [
    { vmId: vmId(1), leaseEnd: AT - 1, seat: { kind: 'numbered', number: 3 } },
    { vmId: vmId(2), leaseEnd: AT },
    { vmId: vmId(3), leaseEnd: AT - 1, seat: { kind: 'none' } },
    { vmId: vmId(4), leaseEnd: AT - 1, seat: { kind: 'uncounted' } },
    { vmId: vmId(5), leaseEnd: AT, seat: { kind: 'uncounted' } },
  ] as const;
  for (const row of rows) await store.writeSeats(POOL, [insert(row)]);
  expect(await store.readSeats(POOL, AT - MINUTE)).toMatchObject({ hasUncounted: false, uncounted: 0 });
  await store.writeSeats(POOL, [{ row: 'uncounted' }]);
  const ended = async (below: number | null) => (await store.readEnded(POOL, AT, below)).map((row) => row.value.vmId);
  expect([await ended(null), await ended(4), await ended(3)]).toEqual([[vmId(1)], [vmId(1)], []]);
  expect(await store.readSeats(POOL, AT)).toMatchObject({ uncounted: 1 });
  expect(await store.readSeats(POOL, AT - MINUTE)).toMatchObject({ uncounted: 2 });
});

test('more rows than a page holds are all read', async () => {
  const { store } = await createStore();
  for (let start = 0; start < 1_100; start += 100) {
    const rows = Array.from({ length: 100 }, (_, index) =>
      insert({ vmId: vmId(start + index), seat: { kind: 'uncounted' } }),
    );
    await store.writeSeats(POOL, rows);
  }
  await store.writeSeats(POOL, [{ row: 'uncounted' }]);
  expect(await store.readSeats(POOL, AT)).toMatchObject({ uncounted: 1_100 });
});

test('a missing table is a failure, not an empty store', async () => {
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await expect(store.readOffers()).rejects.toThrow(StoreUnavailableError);
  await expect(store.holdsAnOffer()).rejects.toThrow('TableNotFound (HTTP 404)');
  await expect(store.readActivation(POOL, vmId(1))).rejects.toThrow('TableNotFound');
  await expect(store.writeSeats(POOL, [insert()])).rejects.toThrow('TableNotFound');
});

test('a wrong key is a failure whose message names neither the key nor the request', async () => {
  const { connectionString, tablePrefix } = tables();
  const wrong = Buffer.alloc(64, 7).toString('base64');
  const connection = { connectionString: connectionString.replace(/AccountKey=[^;]+/, `AccountKey=${wrong}`) };
  const refused = createTablesStore({ connection, tablePrefix }).readOffers();
  await expect(refused).rejects.toThrow(/^The store failed to read the offers: [\w ]+ \(HTTP 403\)\.$/);
  await expect(refused).rejects.not.toHaveProperty('cause');
});

test('a store that is down or does not answer is a failure within the budget', async () => {
  const silent = createServer((socket) =>
    socket.once('data', () => {
      clock.pass(300);
    }),
  ).listen(0, '127.0.0.1');
  onTestFinished(() => {
    silent.close();
  });
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const { connectionString } = tables();
  const elsewhere = connectionString.replace(
    /TableEndpoint=http:\/\/127\.0\.0\.1:\d+/,
    `TableEndpoint=http://127.0.0.1:${port}`,
  );
  const slow = createTablesStore({ connection: { connectionString: elsewhere }, budget: 300 });
  await expect(slow.readOffers()).rejects.toThrow('no answer within 300 ms');
  await expect(slow.writeSeats(POOL, [insert(), { row: 'uncounted' }])).rejects.toThrow(StoreUnavailableError);
  const closed = elsewhere.replace(`:${port}/`, ':1/');
  const down = createTablesStore({ connection: { connectionString: closed } });
  await expect(down.holdsAnOffer()).rejects.toThrow('ECONNREFUSED');
});

test('rows of another schema, or that make no sense, are refused and named', async () => {
  const { store, table } = await createStore();
  await store.writeSeats(POOL, [insert(), { row: 'block', index: 0, taken: 1n, version: null }]);
  const partitionKey = 'licence:fabrikam-2026';
  await table('activations').updateEntity({ partitionKey, rowKey: `vm:${vmId(1)}`, schema: 3 }, 'Merge');
  await expect(store.readActivation(POOL, vmId(1))).rejects.toThrow('this version reads 2: deploy the version');
  await table('activations').updateEntity({ partitionKey, rowKey: `vm:${vmId(1)}`, schema: 1 }, 'Merge');
  await expect(store.readActivation(POOL, vmId(1))).rejects.toThrow(
    'has schema 1, and this version reads 2: it is from',
  );
  await table('activations').updateEntity({ partitionKey, rowKey: 'seats:00000000', taken: 'all' }, 'Merge');
  await expect(store.readSeats(POOL, null)).rejects.toThrow('A row of kind seat block cannot be read: taken.');
  await putOffer(store, offer());
  const rowKey = 'contoso:firewall:pro';
  await table('offers').updateEntity({ partitionKey: 'offers', rowKey, content: '{"plan":' }, 'Merge');
  await expect(store.readOffers()).rejects.toThrow('A row of kind offer cannot be read: content.');
});

test('a plain http endpoint that is not on this machine is refused before a connection is made', async () => {
  let connections = 0;
  const server = createServer(() => (connections += 1)).listen(0, '127.0.0.2');
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const far = `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.2:${port}/a`;
  const store = createTablesStore({ connection: { connectionString: far }, budget: 500 });
  await expect(store.readOffers()).rejects.toThrow(StoreUnavailableError);
  expect(connections).toBe(0);
});

test('a managed identity is asked for a token of Azure Storage, and the token does not reach the error', async () => {
  const scopes: unknown[] = [];
  const credential = {
    getToken: (scope: string | string[]) => {
      scopes.push(scope);
      return Promise.resolve({ token: 'a-secret', expiresOnTimestamp: Date.now() + 3_600_000 });
    },
  };
  const store = createTablesStore({ connection: { url: 'https://127.0.0.1:1', credential }, budget: 2_000 });
  await expect(store.readOffers()).rejects.toThrow('The store failed to read the offers: ECONNREFUSED.');
  expect(scopes.flat()[0]).toBe('https://storage.azure.com/.default');
});
