import { expect, test } from 'vitest';

import type { SubscriptionKey } from '../../../src/catalogue/holding.ts';
import { createDecisionId } from '../../../src/decisions/decisionRecord.ts';
import type { DecisionRecord } from '../../../src/decisions/decisionRecord.ts';
import { eraseSubscription } from '../../../src/operators/privacy/erasePrivacy.ts';
import { exportPrivacy } from '../../../src/operators/privacy/exportPrivacy.ts';
import { activate } from '../../../src/seats/activate.ts';
import { blockKnownVm } from '../../../src/seats/changeActivation.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { reportUsage } from '../../../src/usage/report.ts';
import { useAzurite } from '../../support/azurite.ts';
import { change } from '../../support/changes.ts';
import { AT, DAY, entitlement, HOUR, licence, offer, request, SUBSCRIPTION, vmId } from '../../support/licensing.ts';

const tables = useAzurite();
const OF: SubscriptionKey = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION };
const STRANGER = '99999999-9999-4999-8999-999999999999';
const held = entitlement();
const { pool } = held;
const CHANGE = { by: 'test', at: AT };

async function createStore() {
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  return store;
}

type Store = Awaited<ReturnType<typeof createStore>>;

const boot = (store: Store, vm: number, at = AT, changed: object = {}) =>
  activate(store, held, request(held, { vmId: vmId(vm), jkt: `key-${vm}`, at, label: 'Halle 3', ...changed }));

const erase = (store: Store, at: number, changed: object = {}) =>
  eraseSubscription(store, { of: OF, at, after: null, isTrial: false, isLate: () => false, ...changed });

async function readAll(store: Store, size = 1_000, of = OF) {
  const items = [];
  let continuation: string | undefined;
  do {
    const page = await exportPrivacy(store, of, { size, continuation });
    expect(page.items.length).toBeLessThanOrEqual(size);
    items.push(...page.items);
    continuation = page.next ?? undefined;
  } while (continuation !== undefined);
  return items;
}

async function usage(store: Store) {
  const range = { from: AT - 10 * DAY, until: AT + 60 * DAY, now: AT + 60 * DAY, of: null };
  const query = { ...range, by: 'day' as const, pool: null, offer: null };
  return (await reportUsage(store, query, { size: 1_000, clock: () => 0 })).items;
}

function decision(vm: number, at: number, subscriptionId = SUBSCRIPTION): DecisionRecord {
  return {
    ...{ id: createDecisionId(at), at, code: 'licence_issued', cloud: OF.cloud, subscriptionId, vmId: vmId(vm) },
    ...{ plan: null, claimedOffer: null, offer: null, licenceId: null, region: null, sku: null, checks: [] },
  };
}

test('what names VMs is erased, and the sums of their hours stay as they were', async () => {
  const store = await createStore();
  for (const vm of [1, 2, 3]) await boot(store, vm);
  for (const vm of [1, 2]) await boot(store, vm, AT + 13 * HOUR);
  await boot(store, 7, AT, { subscriptionId: STRANGER });
  const before = await usage(store);
  expect(await erase(store, AT + 10 * DAY)).toEqual({
    erased: { vms: 3, hours: 8, decisions: 0, changes: 0, requests: 0 },
    ...{ kept: [], keptInAll: 0, complete: true, continuation: null, licences: ['fabrikam-2026'] },
  });
  expect(await usage(store)).toEqual(before);
  const { items } = await store.pageActivations({ pool }, { size: 10 });
  expect(items.map(({ value }) => value.vmId)).toEqual([vmId(7)]);
  const text = JSON.stringify(await readAll(store));
  for (const vm of [1, 2, 3]) expect(text).not.toContain(vmId(vm));
  expect(text).not.toContain('Halle 3');
  // Erasing again changes nothing, and a VM that comes back is added to the sums.
  expect((await erase(store, AT + 10 * DAY)).erased).toEqual({
    vms: 0,
    hours: 0,
    decisions: 0,
    changes: 0,
    requests: 0,
  });
  await boot(store, 1, AT + 20 * DAY);
  await erase(store, AT + 30 * DAY);
  expect((await usage(store)).reduce((sum, { vmHours }) => sum + vmHours, 0)).toBe(
    before.reduce((sum, { vmHours }) => sum + vmHours, 0) + 24,
  );
});

test('seats of VMs that are erased are free again', async () => {
  const store = await createStore();
  for (const vm of [1, 2, 3]) await boot(store, vm);
  await erase(store, AT + 10 * DAY);
  expect((await store.readSeats(pool, null)).blocks.map(({ taken }) => taken)).toEqual([0n]);
});

test('an unexpired licence, a block and a change of key that counts keep their row and hours, and are listed', async () => {
  const store = await createStore();
  for (const vm of [1, 2, 3, 4]) await boot(store, vm);
  await boot(store, 1, AT + 2 * DAY - HOUR);
  await blockKnownVm(store, pool, vmId(2), { at: AT });
  await boot(store, 3, AT + HOUR, { jkt: 'another key' });
  const at = AT + 2 * DAY;
  const report = await erase(store, at);
  expect(report.erased.vms).toBe(2);
  const what = (vm: number) => `activation licence:fabrikam-2026/${vmId(vm)}`;
  expect(report.kept).toEqual([
    { what: what(1), until: '2026-11-26T11:02:00Z', why: 'The VM has a licence that has not expired.' },
    { what: what(2), until: null, why: 'The VM is blocked. Unblock it first.' },
  ]);
  const vms = (await readAll(store)).flatMap(({ what: kind, data }) => (kind === 'hours' ? [data['vmId']] : []));
  expect(new Set(vms)).toEqual(new Set([vmId(1), undefined]));
});

test('what operators changed of its VMs is exported and erased, and who blocked one stays known while it is blocked', async () => {
  const store = await createStore();
  await store.writeLicence(licence(), null, CHANGE);
  for (const vm of [1, 2]) await boot(store, vm);
  await blockKnownVm(store, pool, vmId(2), { at: AT });
  const named = (vm: number) => ({ kind: 'block', key: `licence:fabrikam-2026/${vmId(vm)}`, of: OF }) as const;
  await store.putChanges([change(named(1)), change(named(2)), change({ kind: 'offer', key: 'contoso/firewall/pro' })]);
  const read = async () =>
    (await readAll(store)).filter(({ what }) => what === 'change').map(({ data }) => data['key']);
  expect((await read()).toSorted()).toEqual([named(1).key, named(2).key].toSorted());
  expect((await erase(store, AT + 10 * DAY)).erased.changes).toBe(1);
  expect(await read()).toEqual([named(2).key]);
  expect((await store.pageChanges({ kind: 'offer' }, { size: 9 })).items).toHaveLength(1);
});

test('answers to operators that name the subscription are exported and erased, and those of others stay', async () => {
  const store = await createStore();
  const keep = (key: string, body: string, route = 'PUT /operator/v1/licences/fabrikam-2026?') =>
    store.writeRequest(
      {
        operator: 'operator',
        route,
        key,
        digest: '',
        at: AT,
        answer: body === '' ? null : { status: 200, body, version: null },
      },
      null,
    );
  await keep('in-answer', `{"subscription":"${SUBSCRIPTION}"}`);
  await keep(
    'in-path',
    '{}',
    `DELETE /operator/v1/offers/a/b/c/overrides/AzurePublicCloud/${SUBSCRIPTION.toUpperCase()}?`,
  );
  await keep('of-another', `{"subscription":"${STRANGER}"}`);
  await keep('still-runs', '', `DELETE /operator/v1/privacy/AzurePublicCloud/${SUBSCRIPTION}?`);
  const read = async (of = OF) =>
    (await readAll(store, 1, of)).filter(({ what }) => what === 'request').map(({ id }) => id);
  expect((await read()).toSorted()).toEqual(['in-answer', 'in-path']);
  expect((await erase(store, AT)).erased.requests).toBe(2);
  expect(await read()).toEqual([]);
  expect(await read({ ...OF, subscriptionId: STRANGER })).toEqual(['of-another']);
  const running = { operator: 'operator', route: `DELETE /operator/v1/privacy/AzurePublicCloud/${SUBSCRIPTION}?` };
  expect(await store.readRequest({ ...running, key: 'still-runs' })).not.toBeNull();
});

test('a change of key keeps the row until it no longer counts', async () => {
  const store = await createStore();
  await boot(store, 3);
  await boot(store, 3, AT + HOUR, { jkt: 'another key' });
  const { kept } = await erase(store, AT + 2 * HOUR);
  expect(kept.map(({ until, why }) => [until, why])).toEqual([
    ['2026-11-24T12:02:00Z', 'A change of the VM’s key still counts.'],
    ['2026-11-24T13:02:00Z', 'The VM has a licence that has not expired.'],
  ]);
});

test('a dry run erases nothing and says the same', async () => {
  const store = await createStore();
  await boot(store, 1);
  const before = await readAll(store);
  expect((await erase(store, AT + 10 * DAY, { isTrial: true })).erased).toMatchObject({ vms: 1 });
  expect(await readAll(store)).toEqual(before);
});

test('decisions are erased everywhere, and those of others stay', async () => {
  const store = await createStore();
  const own = [decision(1, AT), decision(2, AT + DAY)];
  const other = decision(1, AT, STRANGER);
  for (const one of [...own, other]) await store.insertDecision(one);
  await store.copyIntoTimelines([...own, other]);
  await store.claimHour({ ...OF, vmId: vmId(1), code: 'vm_blocked', about: '', at: AT }, own[0]?.id ?? '');
  expect((await erase(store, AT + 10 * DAY)).erased.decisions).toBe(2);
  const ids = async (owner: Parameters<Store['pageTimeline']>[0]) =>
    (await store.pageTimeline(owner, {}, { size: 10 })).items.map(({ id }) => id);
  expect((await store.pageDecisions({}, { size: 10 })).items.map(({ id }) => id)).toEqual([other.id]);
  expect(await ids({ kind: 'subscription', ...OF })).toEqual([]);
  expect(await ids({ kind: 'vm', cloud: OF.cloud, vmId: vmId(1) })).toEqual([other.id]);
  expect(await store.claimHour({ ...OF, vmId: vmId(1), code: 'vm_blocked', about: '', at: AT }, 'new')).toBe('new');
});

test('a used trial, an override and what the licence says stay, and are exported', async () => {
  const store = await createStore();
  const { plan } = offer();
  await store.writeLicence(licence(), null, CHANGE);
  await store.writeHolding({ ...OF, plan, licences: [licence().id], since: AT, claim: '', former: [] }, null);
  await store.insertTrial({ ...OF, plan, startedAt: AT, endsAt: AT + DAY, seats: 2 });
  const { kept } = await erase(store, AT + 10 * DAY);
  expect(kept.map(({ what, until }) => [what, until])).toEqual([
    ['licence fabrikam-2026', null],
    ['trial Contoso/Firewall/Pro', null],
  ]);
  expect((await readAll(store)).map(({ what, id }) => [what, id])).toEqual([
    ['licence', 'fabrikam-2026'],
    ['holding', 'Contoso/Firewall/Pro'],
    ['trial', 'Contoso/Firewall/Pro'],
  ]);
});

test.each([1, 2, 1_000])('an export in pages of %i has everything', async (size) => {
  const store = await createStore();
  for (const vm of [1, 2, 3]) await boot(store, vm);
  await boot(store, 1, AT + 13 * HOUR);
  await store.insertDecision(decision(1, AT));
  await boot(store, 7, AT, { subscriptionId: STRANGER });
  const items = await readAll(store, size);
  expect(items.map(({ what }) => what)).toEqual([
    ...['activation', 'activation', 'activation', 'hours', 'hours', 'decision'],
  ]);
  expect(items[3]).toMatchObject({
    data: { vmId: vmId(1), day: '2026-11-23', hours: [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23] },
  });
  expect(items[0]).toMatchObject({ data: { vmId: vmId(1), label: 'Halle 3', expiresAt: '2026-11-25T01:00:00Z' } });
});

test('an erasure that takes too long says so, and the next one goes on after what is done', async () => {
  const store = await createStore();
  const other = { ...held, pool: { kind: 'licence', id: 'zeta' } } as const;
  for (const vm of [1, 2]) await boot(store, vm);
  await activate(store, other, request(other, { vmId: vmId(3), jkt: 'key-3' }));
  await store.insertDecision(decision(1, AT));
  let asked = 0;
  // Late at the second question within the first pool; then within the second one; then within the decisions.
  const first = await erase(store, AT + 10 * DAY, { isLate: () => (asked += 1) > 0 });
  expect(first).toMatchObject({ complete: false, continuation: null, erased: { vms: 2, hours: 0 } });
  asked = 0;
  const second = await erase(store, AT + 10 * DAY, { isLate: () => (asked += 1) > 5 });
  expect(second).toMatchObject({ complete: false, continuation: 'licence:fabrikam-2026' });
  const third = await erase(store, AT + 10 * DAY, { after: pool });
  expect(third).toMatchObject({ complete: true, continuation: null, erased: { decisions: 1 } });
  expect(await readAll(store)).toMatchObject(
    new Array(4).fill({ what: 'hours', data: { vmsByHour: expect.any(Array) as unknown } }),
  );
});
