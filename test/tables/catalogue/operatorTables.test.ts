import { expect, test } from 'vitest';

import { blockKnownVm, blockVm, clearKeyChanges, unblockVm } from '../../../src/seats/changeActivation.ts';
import { createDecisionId } from '../../../src/decisions/decisionRecord.ts';
import { activate } from '../../../src/seats/activate.ts';
import { MAX_LONG_TEXT } from '../../../src/tables/kit/longText.ts';
import { readPoolUsage } from '../../../src/seats/poolUsage.ts';
import { ContinuationError, StoreUnavailableError } from '../../../src/contract/stored.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { formatPlanName } from '../../../src/contract/planName.ts';
import { useAzurite } from '../../support/azurite.ts';
import { decision, readAll } from '../../support/decisions.ts';
import {
  AT,
  DAY,
  entitlement,
  HOUR,
  licence,
  MINUTE,
  offer,
  request,
  SUBSCRIPTION,
  subscriptions,
  VM_ID,
  vmId,
} from '../../support/licensing.ts';
import { startStoreProxy } from '../../support/storeProxy.ts';
import { deleteOffer, putOffer } from '../../support/putOffer.ts';

const tables = useAzurite();
const CHANGE = { by: 'olga', at: AT };
const CLOUD = 'AzurePublicCloud';
const POOL = entitlement().pool;

async function createStore() {
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  return store;
}

test('offers are read one by one, by pages, and deleted', async () => {
  const store = await createStore();
  for (const name of ['a', 'b', 'c']) await putOffer(store, offer({ plan: { ...offer().plan, name } }), CHANGE);
  const paged = await readAll((page) => store.pageOffers(page), 2);
  expect(paged.map((row) => row.value.plan.name)).toEqual(['a', 'b', 'c']);
  const plan = { publisher: 'CONTOSO', product: 'firewall', name: 'B' };
  const found = await store.readOffer(plan);
  expect(found).toMatchObject({ value: { plan: { name: 'b' } }, change: CHANGE });
  await deleteOffer(store, plan);
  expect(await store.readOffer(plan)).toBeNull();
});

test('licences are found by their id, and paged', async () => {
  const store = await createStore();
  for (const number of [1, 2, 3]) {
    await store.writeLicence(
      licence({ id: `Fab-${number}`, subscriptions: subscriptions(vmId(number)) }),
      null,
      CHANGE,
    );
  }
  const paged = await readAll((page) => store.pageLicences(page), 2);
  expect(paged.map((row) => row.value.id)).toEqual(['Fab-1', 'Fab-2', 'Fab-3']);
  expect(await store.readLicence('fab-3')).toMatchObject({
    value: { subscriptions: subscriptions(vmId(3)) },
    change: CHANGE,
  });
  expect(await store.readLicence('fab-4')).toBeNull();
  expect(await store.deleteLicence('FAB-2', null)).toBe('deleted');
  expect(await store.readLicence('fab-2')).toBeNull();
});

const forge = (place: unknown) => Buffer.from(JSON.stringify(place)).toString('base64');

test('a page cannot be continued with what the store never gave', async () => {
  const store = await createStore();
  const forged = [{ nextPartitionKey: 1 }, { nextPartitionKey: 'a' }, { nextPartitionKey: 'a', more: 1 }, null].map(
    forge,
  );
  for (const continuation of ['', 'x', 'bnVsbA==', '.', ...forged, ...forged.map((place) => `x.${place}`)]) {
    await expect(store.pageOffers({ size: 1, continuation })).rejects.toThrow(ContinuationError);
  }
});

test('a page is continued in its own list alone, by the same filter', async () => {
  const store = await createStore();
  for (const number of [1, 2, 3]) {
    await store.writeLicence(
      licence({ id: `Fab-${number}`, subscriptions: subscriptions(vmId(number)) }),
      null,
      CHANGE,
    );
    await store.insertDecision(decision({ subscriptionId: vmId(number) }));
  }
  const continuation = (await store.pageLicences({ size: 1 })).next ?? '';
  expect((await store.pageLicences({ size: 5, continuation })).items).toHaveLength(2);
  const decisions = (await store.pageDecisions({}, { size: 1 })).next ?? '';
  for (const elsewhere of [
    store.pageOffers({ size: 5, continuation }),
    store.pageLicences({ size: 5, continuation: `${continuation}.` }),
    store.pageLicences({
      size: 5,
      continuation: `${continuation.slice(0, 23)}${forge({ nextPartitionKey: '' })}`,
    }),
    store.pageLicences({
      size: 5,
      continuation: `${continuation.slice(0, 23)}${forge({ nextPartitionKey: 'x'.repeat(4_000) })}`,
    }),
    store.pageDecisions({ code: 'key_changed' }, { size: 5, continuation: decisions }),
  ]) {
    await expect(elsewhere).rejects.toThrow(ContinuationError);
  }
});

test('a place that the store itself refuses is no failure of the store', async () => {
  const { connectionString, tablePrefix } = tables();
  const proxy = await startStoreProxy(connectionString, tablePrefix);
  const store = createTablesStore({ connection: { connectionString: proxy.connectionString }, tablePrefix });
  await store.ensureTables();
  for (const name of ['a', 'b']) await putOffer(store, offer({ plan: { ...offer().plan, name } }));
  const continuation = (await store.pageOffers({ size: 1 })).next ?? '';
  proxy.fail(/GET offers/, { status: 400, code: 'InvalidInput' }, { status: 400, code: 'InvalidInput' });
  await expect(store.pageOffers({ size: 1, continuation })).rejects.toThrow(ContinuationError);
  await expect(store.pageOffers({ size: 1 })).rejects.toThrow(StoreUnavailableError);
  expect(proxy.recover()).toBe(0);
});

test('activations are listed by pool, by subscription and by VM', async () => {
  const store = await createStore();
  const own = { cloud: CLOUD, subscriptionId: SUBSCRIPTION };
  const other = entitlement({ pool: { kind: 'marketplace', ...own, plan: entitlement().plan } });
  const strange = entitlement({ pool: { kind: 'licence', id: 'strange' } });
  for (const vm of [1, 2, 3]) await activate(store, entitlement(), request(entitlement(), { vmId: vmId(vm) }));
  await activate(store, other, request(other, { vmId: vmId(1) }));
  await activate(store, strange, request(strange, { vmId: vmId(1), subscriptionId: vmId(99) }));
  const list = async (filter: Parameters<typeof store.pageActivations>[0]) =>
    (await readAll((page) => store.pageActivations(filter, page), 2)).map(({ pool, value }) => [
      pool.kind === 'licence' ? pool.id : `${pool.kind} ${formatPlanName(pool.plan)}`,
      value.vmId,
    ]);
  const seated = [1, 2, 3].map((vm) => ['fabrikam-2026', vmId(vm)]);
  expect(await list({ pool: POOL })).toEqual(seated);
  expect(await list({ pool: POOL, vmId: vmId(2) })).toEqual(seated.slice(1, 2));
  const inSubscription = { ...own, pools: [POOL, strange.pool] };
  expect(await list(inSubscription)).toEqual([...seated, ['marketplace contoso/firewall/pro', vmId(1)]]);
  expect(await list({ ...inSubscription, vmId: vmId(1) })).toEqual([
    seated[0],
    ['marketplace contoso/firewall/pro', vmId(1)],
  ]);
  expect(await list({ vmId: vmId(1) })).toHaveLength(3);
  expect(await list({ ...own, subscriptionId: vmId(98), pools: [] })).toEqual([]);
});

test('a VM is blocked at once, also before it ever came, and unblocked', async () => {
  const store = await createStore();
  const held = entitlement();
  const boot = () => activate(store, held, request(held));
  expect(await unblockVm(store, POOL, VM_ID, { at: AT })).toEqual({ outcome: 'absent' });
  expect(
    await blockVm(store, POOL, VM_ID, { at: AT, licenceId: 'own', cloud: CLOUD, subscriptionId: SUBSCRIPTION }),
  ).toMatchObject({ outcome: 'written' });
  expect(await boot()).toEqual({ granted: false, code: 'vm_blocked', inGrace: false });
  const version = (await store.readActivation(POOL, VM_ID))?.version ?? '';
  const seen = { at: AT, isRightVersion: (present: string) => present === version };
  expect(await unblockVm(store, POOL, VM_ID, seen)).toMatchObject({ outcome: 'written' });
  // Its answer may have been lost: that it is done already is success.
  expect(await unblockVm(store, POOL, VM_ID, seen)).toMatchObject({ outcome: 'written' });
  expect(await blockKnownVm(store, POOL, VM_ID, seen)).toEqual({ outcome: 'changed' });
  expect(await boot()).toMatchObject({ granted: true, first: true });
});

test('after its key changes were cleared a VM may change its key again', async () => {
  const store = await createStore();
  const held = entitlement();
  const boot = (jkt: string) => activate(store, held, request(held, { jkt }));
  expect(await clearKeyChanges(store, POOL, VM_ID, { at: AT })).toEqual({ outcome: 'absent' });
  for (const jkt of ['one', 'two']) expect((await boot(jkt)).granted).toBe(true);
  expect(await boot('three')).toMatchObject({ code: 'key_changed' });
  await clearKeyChanges(store, POOL, VM_ID, { at: AT });
  expect(await boot('three')).toMatchObject({ granted: true, keyChanged: true });
});

test('operators see by how much a lowered pool is over, until the leases end', async () => {
  const store = await createStore();
  for (const vm of [1, 2, 3]) await activate(store, entitlement(), request(entitlement(), { vmId: vmId(vm) }));
  const usage = (seats: number, at: number) => readPoolUsage(store, POOL, { seats, overage: 0 }, at);
  expect(await usage(20, AT)).toMatchObject({ seats: 20, overage: 0, taken: 3, over: 0, overSince: null });
  expect(await usage(1, AT + DAY + MINUTE)).toMatchObject({ taken: 3, over: 2, overSince: null });
  expect(await usage(1, AT + DAY + 3 * MINUTE)).toMatchObject({ taken: 0, over: 0 });
});

test('a decision is read by its id, and is written once', async () => {
  const store = await createStore();
  const refused = decision({ code: 'seats_exhausted', claimedOffer: 'a/b/c', offer: null, licenceId: null, sku: '' });
  expect(await store.holdsADecision()).toBe(false);
  expect(await store.insertDecision(refused)).toBe('written');
  expect(await store.holdsADecision()).toBe(true);
  expect(await store.insertDecision({ ...refused, code: 'vm_blocked' })).toBe('exists');
  expect(await store.readDecision(refused.id)).toEqual(refused);
  expect(await store.readDecision(createDecisionId(AT))).toBeNull();
  expect(await store.readDecision("x' or PartitionKey ge '")).toBeNull();
});

test('decisions are listed by subscription, VM, code and time, the newest first', async () => {
  const store = await createStore();
  const rows = [
    decision(),
    decision({ at: AT + 1 }),
    decision({ at: AT + DAY, code: 'key_changed', plan: null }),
    decision({ at: AT + 2 * DAY, vmId: vmId(2) }),
    decision({ at: AT + 3 * DAY, subscriptionId: vmId(9) }),
    decision({ at: AT - 400 * DAY, cloud: 'AzureChinaCloud' }),
  ];
  for (const row of rows) await store.insertDecision(row);
  const list = async (filter: Parameters<typeof store.pageDecisions>[0]) =>
    (await readAll((page) => store.pageDecisions(filter, page), 2)).map((row) =>
      rows.findIndex(({ id }) => id === row.id),
    );
  expect(await list({})).toEqual([4, 3, 2, 1, 0, 5]);
  expect(await list({ subscriptionId: SUBSCRIPTION, cloud: CLOUD })).toEqual([3, 2, 1, 0]);
  expect(await list({ vmId: vmId(2) })).toEqual([3]);
  expect(await list({ code: 'key_changed' })).toEqual([2]);
  expect(await list({ from: AT + 1, until: AT + 2 * DAY })).toEqual([2, 1]);
  expect(await list({ from: AT + 1, until: AT + 1 })).toEqual([]);
  expect(await store.readDecision(rows[2]?.id ?? '')).toEqual(rows[2]);
});

test('whatever times a list of decisions is asked for, it has those in between', async () => {
  const store = await createStore();
  await store.insertDecision(decision());
  const count = async (from: string, until: string) => {
    const filter = { from: Date.parse(from), until: Date.parse(until) };
    return (await store.pageDecisions(filter, { size: 5 })).items.length;
  };
  for (const from of ['0001-01-01T00:00:00Z', '1601-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '1970-01-01T00:00:00Z']) {
    expect(await count(from, '9999-12-31T23:59:59Z'), from).toBe(1);
    expect(await count(from, '1960-01-01T00:00:00Z'), from).toBe(0);
  }
  expect(await count('9000-01-01T00:00:00Z', '9999-12-31T23:59:59Z')).toBe(0);
  expect(await count('2027-01-01T00:00:00Z', '2026-01-01T00:00:00Z')).toBe(0);
});

test('a request is kept for its operator, route and key, with its answer', async () => {
  const store = await createStore();
  const key = { operator: 'oid/1', route: 'PUT /operator/v1/offers/a', key: 'k'.repeat(2_000) };
  const begun = { ...key, digest: 'd', at: AT, answer: null };
  const written = await store.writeRequest(begun, null);
  expect(await store.writeRequest(begun, null)).toEqual({ outcome: 'exists' });
  const version = written.outcome === 'written' ? written.version : '';
  expect(await store.readRequest(key)).toEqual({ value: begun, version });
  const answered = { ...begun, answer: { status: 201, body: '{}', version: 'W/"1"' } };
  expect((await store.writeRequest(answered, version)).outcome).toBe('written');
  expect(await store.writeRequest(answered, version)).toEqual({ outcome: 'changed' });
  expect((await store.readRequest(key))?.value).toEqual(answered);
  expect(await store.deleteRequest(key, version)).toBe('changed');
  for (const other of [{ operator: 'x' }, { route: 'x' }, { key: 'x' }]) {
    expect(await store.readRequest({ ...key, ...other })).toBeNull();
  }
  const long = { ...begun, answer: { status: 200, body: 'x'.repeat(MAX_LONG_TEXT + 1), version: null } };
  await expect(store.writeRequest(long, null)).rejects.toThrow(RangeError);
});

test('unknown issuers never take more than 64 rows, and a name keeps when it was first seen', async () => {
  const store = await createStore();
  for (let number = 0; number < 200; number += 1) {
    await store.noteIssuer({ name: `CN=Stranger ${number}`, cloud: null, at: AT + number });
  }
  expect((await store.listIssuers()).length).toBeLessThanOrEqual(64);
  const name = `CN=\u0000\u202e${'x'.repeat(500)}`;
  await store.noteIssuer({ name, cloud: CLOUD, at: AT + 1_000 });
  await store.noteIssuer({ name, cloud: CLOUD, at: AT + 2_000 });
  const [newest] = await store.listIssuers();
  expect(newest).toMatchObject({ cloud: CLOUD, firstSeen: AT + 1_000, lastSeen: AT + 2_000, count: 2 });
  expect(newest?.name).toBe(`CN=??${'x'.repeat(123)}`);
});

test('an unknown issuer that was noted twice keeps its row, whatever number of others come once', async () => {
  const store = await createStore();
  for (const at of [AT, AT + 1]) await store.noteIssuer({ name: 'CN=Genuine', cloud: CLOUD, at });
  for (let number = 0; number < 100; number += 1) {
    await store.noteIssuer({ name: `CN=Stranger ${number}`, cloud: null, at: AT + 2 + number });
  }
  const names = (await store.listIssuers()).map(({ name }) => name);
  expect(names).toHaveLength(64);
  expect(names.slice(0, 63)).toEqual(Array.from({ length: 63 }, (_, index) => `CN=Stranger ${99 - index}`));
  expect(names[63]).toBe('CN=Genuine');
});

test('pins and distrusts of operators come back as they were written', async () => {
  const store = await createStore();
  const der = new Uint8Array([48, 130, 0, 255]);
  const pin = { kind: 'pin', sha256: 'ab'.repeat(32), cloud: CLOUD, role: 'root', der, note: 'seen' } as const;
  const distrust = { kind: 'distrust', sha256: 'ab'.repeat(32), note: 'stolen' } as const;
  const elsewhere = { ...pin, cloud: 'AzureChinaCloud' } as const;
  for (const entry of [pin, distrust, elsewhere])
    expect((await store.writeTrust(entry, null, CHANGE)).outcome).toBe('written');
  expect(await store.writeTrust(pin, null, CHANGE)).toEqual({ outcome: 'exists' });
  expect(await store.deleteTrust(elsewhere, null)).toBe('deleted');
  const listed = await store.listTrust();
  expect(listed.map(({ value, change }) => ({ ...value, change }))).toEqual([
    { ...distrust, change: CHANGE },
    { ...pin, der: expect.any(Uint8Array) as Uint8Array, change: CHANGE },
  ]);
  const read = await store.readTrust({ ...pin, sha256: 'AB'.repeat(32) });
  expect(read?.value.kind === 'pin' && Buffer.from(read.value.der).equals(der)).toBe(true);
  expect(await store.deleteTrust(pin, 'W/"datetime\'2020-01-01T00%3A00%3A00.0000000Z\'"')).toBe('changed');
  expect(await store.deleteTrust(pin, read?.version ?? '')).toBe('deleted');
  expect((await store.listTrust()).map(({ value }) => value.kind)).toEqual(['distrust']);
});

test('key sets come back as they were uploaded, one a root, and are replaced at the version that was read', async () => {
  const store = await createStore();
  const set = { root: `-${'a'.repeat(41)}_`, token: 'x'.repeat(16_384), since: { one: AT, other: AT - 1 } };
  const written = await store.writeKeySet(set, null, CHANGE);
  const version = written.outcome === 'written' ? written.version : '';
  expect(await store.listKeySets()).toEqual([{ value: set, version, change: CHANGE }]);
  expect(await store.writeKeySet(set, null, CHANGE)).toEqual({ outcome: 'exists' });
  const next = { ...set, token: 'y', since: {} };
  expect((await store.writeKeySet(next, version, CHANGE)).outcome).toBe('written');
  expect(await store.writeKeySet(set, version, CHANGE)).toEqual({ outcome: 'changed' });
  expect((await store.writeKeySet({ ...set, root: 'b' }, null, CHANGE)).outcome).toBe('written');
  expect((await store.listKeySets()).map(({ value }) => value)).toEqual([next, { ...set, root: 'b' }]);
});

test('old decisions and requests are deleted, piece by piece, and younger ones stay', async () => {
  const store = await createStore();
  const old = [decision({ at: AT - 2 * DAY }), decision({ at: AT - 2 * DAY, subscriptionId: vmId(7) })];
  const young = [decision({ at: AT - DAY - 12 * HOUR }), decision()];
  for (const row of [...old, ...young]) await store.insertDecision(row);
  expect(await countAll(store.deleteDecisions(AT - DAY))).toBe(2);
  expect(await countAll(store.deleteDecisions(AT - DAY))).toBe(0);
  expect((await store.pageDecisions({}, { size: 10 })).items.map(({ id }) => id)).toEqual([young[1]?.id, young[0]?.id]);
  const key = { operator: 'o', route: 'r', key: 'k' };
  await store.writeRequest({ ...key, digest: 'd', at: AT - 1, answer: null }, null);
  await store.writeRequest({ ...key, key: 'l', digest: 'd', at: AT, answer: null }, null);
  expect(await countAll(store.deleteRequests(AT))).toBe(1);
  expect(await store.readRequest(key)).toBeNull();
  expect(await store.readRequest({ ...key, key: 'l' })).not.toBeNull();
});

test('an old activation is deleted unless it has a seat of the count, is blocked, or lives', async () => {
  const store = await createStore();
  const held = entitlement({ seats: 'unlimited' });
  for (const vm of [1, 2, 3]) await activate(store, held, request(held, { vmId: vmId(vm) }));
  await activate(store, held, request(held, { vmId: vmId(3), at: AT + 40 * DAY }));
  await blockVm(store, POOL, vmId(2), { at: AT, licenceId: 'own', cloud: CLOUD, subscriptionId: SUBSCRIPTION });
  const seated = entitlement({ seats: 9 });
  await activate(store, seated, request(seated, { vmId: vmId(4) }));
  expect(await countAll(store.deleteActivations(AT + 30 * DAY))).toBe(1);
  expect(await countAll(store.deleteActivations(AT + 30 * DAY))).toBe(0);
  const { items } = await store.pageActivations({ pool: POOL }, { size: 10 });
  expect(items.map(({ value }) => value.vmId)).toEqual([vmId(2), vmId(3), vmId(4)]);
});

test('an activation is kept while the VM may still run on its last licence', async () => {
  const store = await createStore();
  const held = entitlement({ seats: 'unlimited', grace: 60 * DAY });
  await activate(store, held, request(held));
  expect(await countAll(store.deleteActivations(AT + 61 * DAY))).toBe(0);
  expect(await countAll(store.deleteActivations(AT + 61 * DAY + 1))).toBe(1);
});

async function countAll(pieces: AsyncIterable<number>): Promise<number> {
  let count = 0;
  for await (const deleted of pieces) count += deleted;
  return count;
}
