import { expect, test } from 'vitest';

import { cleanStore } from '../../../src/app/cleanStore.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { activate } from '../../../src/seats/activate.ts';
import { blockKnownVm, unblockVm } from '../../../src/seats/changeActivation.ts';
import { findState } from '../../../src/operators/changes/changeStates.ts';
import type { ChangeRecord } from '../../../src/decisions/changes.ts';
import { createTestTables } from '../../support/azurite.ts';
import { change } from '../../support/changes.ts';
import { AT, DAY, entitlement, licence, MINUTE, offer, request, vmId } from '../../support/licensing.ts';

async function createStore() {
  const { connectionString, tablePrefix } = createTestTables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  return store;
}

type Store = Awaited<ReturnType<typeof createStore>>;

const CHANGE = { by: 'ada', at: AT, id: 'request-1' };
const OVERRIDE = { cloud: 'AzurePublicCloud', subscriptionId: vmId(50), plan: offer().plan };
const [PIN, DISTRUST] = ['aa'.repeat(32), 'bb'.repeat(32)];
const held = entitlement();
const ACTIVATION = `licence:fabrikam-2026/${vmId(1)}`;

async function fill(store: Store): Promise<void> {
  const override = { status: 'active', seats: 1, overage: 0, validUntil: null, features: {}, note: '' } as const;
  await store.writeLicence(licence(), null, CHANGE);
  await store.writeOffers([{ value: offer(), stored: null, change: CHANGE }], { list: null, notice: null });
  await store.writeOverride({ ...OVERRIDE, override }, null, CHANGE);
  const pin = { kind: 'pin', cloud: 'AzurePublicCloud', sha256: PIN, role: 'root', note: '' } as const;
  await store.writeTrust({ ...pin, der: new Uint8Array(3) }, null, CHANGE);
  await store.writeTrust({ kind: 'distrust', sha256: DISTRUST, note: '' }, null, CHANGE);
  await store.writeKeySet({ root: 'root', token: 'a.b.c', since: {} }, null, CHANGE);
  await activate(store, held, request(held, { vmId: vmId(1), at: AT }));
}

const OBJECTS: readonly Pick<ChangeRecord, 'kind' | 'key'>[] = [
  { kind: 'licence', key: licence().id },
  { kind: 'offer', key: 'contoso/firewall/pro' },
  { kind: 'override', key: `contoso/firewall/pro/${OVERRIDE.cloud}/${OVERRIDE.subscriptionId}` },
  { kind: 'pin', key: `AzurePublicCloud/${PIN}` },
  { kind: 'distrust', key: DISTRUST },
  { kind: 'keyset', key: 'root' },
];

test('of every kind of object, the row tells by the id of its last change whether it was written', async () => {
  const store = await createStore();
  await fill(store);
  const later = AT + 5 * MINUTE;
  for (const object of OBJECTS) {
    const begun = change({ ...object, state: 'begun', request: 'request-1', version: null });
    expect([object.kind, await findState(store, begun, AT)]).toEqual([object.kind, 'done']);
    const other = { ...begun, request: 'request-2' };
    expect([object.kind, await findState(store, other, AT)]).toEqual([object.kind, 'begun']);
    expect([object.kind, await findState(store, other, later)]).toEqual([object.kind, 'unknown']);
    const absent = { ...other, key: object.key.replace(/^./, 'x') };
    expect([object.kind, await findState(store, absent, later)]).toEqual([object.kind, 'failed']);
  }
});

test('what has no change of its own is told by its version, and what has no row is not told', async () => {
  const store = await createStore();
  await fill(store);
  const later = AT + 5 * MINUTE;
  const { version = '' } = (await store.readActivation(held.pool, vmId(1))) ?? {};
  const begun = change({ kind: 'block', key: ACTIVATION, state: 'begun', version });
  expect(await findState(store, begun, later)).toBe('failed');
  await blockKnownVm(store, held.pool, vmId(1), { at: AT });
  expect(await findState(store, begun, later)).toBe('unknown');
  expect(await findState(store, change({ kind: 'privacy', key: 'a/b', state: 'begun' }), later)).toBe('unknown');
});

test('what is gone was deleted by the newest change of it alone', async () => {
  const store = await createStore();
  const first = change({ at: AT, key: 'gone', new: null, state: 'begun' });
  const second = change({ at: AT + 1, key: 'gone', new: null, state: 'begun' });
  await store.putChanges([first, second]);
  const later = AT + 5 * MINUTE;
  expect([await findState(store, first, later), await findState(store, second, later)]).toEqual(['unknown', 'done']);
});

test('who pinned, distrusted or blocked is known as long as that is in force', async () => {
  const store = await createStore();
  await fill(store);
  await blockKnownVm(store, held.pool, vmId(1), { at: AT });
  const inForce = [...OBJECTS, { kind: 'block', key: ACTIVATION } as const];
  const gone = [{ kind: 'pin', key: `AzureChinaCloud/${PIN}` } as const, { kind: 'distrust', key: PIN } as const];
  await store.putChanges([...inForce, ...gone].map(change));
  const clean = async () => {
    const config = { DECISION_DAYS: 1, REQUEST_DAYS: 7, ACTIVATION_DAYS: 30, USAGE_DAYS: 400 };
    await cleanStore({ store, config, now: () => AT + 3 * DAY }, () => undefined);
    return (await store.pageChanges({}, { size: 100 })).items.map(({ kind }) => kind).toSorted();
  };
  expect(await clean()).toEqual(['block', 'distrust', 'pin']);
  await unblockVm(store, held.pool, vmId(1), { at: AT });
  await store.deleteTrust({ kind: 'distrust', sha256: DISTRUST }, null);
  expect(await clean()).toEqual(['pin']);
});
