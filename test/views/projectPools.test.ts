import { expect, test } from 'vitest';

import { projectViews } from '../../src/app/projectViews.ts';
import { overrideKey } from '../../src/catalogue/holding.ts';
import { licenceIdOf, poolName } from '../../src/catalogue/seatPool.ts';
import type { SeatPool } from '../../src/catalogue/seatPool.ts';
import { overrideEntry } from '../../src/contract/operators/override.ts';
import { activate } from '../../src/seats/activate.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { LAG } from '../../src/views/projectLog.ts';
import { fillOf, projectPools, tellRefusals } from '../../src/views/projectPools.ts';
import type { PoolView } from '../../src/views/store.ts';
import { useAzurite } from '../support/azurite.ts';
import { change as recordedChange } from '../support/changes.ts';
import { decision } from '../support/decisions.ts';
import { Died, dying } from '../support/dyingStore.ts';
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
  vmId,
} from '../support/licensing.ts';
import { putOffer } from '../support/putOffer.ts';

const tables = useAzurite();
const CHANGE = { by: 'test', at: AT };

async function createScene() {
  let [trips, now] = [0, AT];
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix, onRoundTrip: () => (trips += 1) });
  await store.ensureTables();
  const needs = { store, now: () => now };
  const list = async (order: 'name' | 'fullest' = 'name') => {
    const before = trips;
    const { items } = await store.pagePoolViews(order, { size: 100 });
    return { items: items.map(({ value }) => value), calls: trips - before };
  };
  return {
    store,
    needs,
    list,
    setTime: (at: number) => (now = at),
    project: () => projectViews(needs, () => undefined),
    boot: (pool: SeatPool, vm: number, at = now) => {
      const of = entitlement({ pool, licenceId: licenceIdOf(pool) });
      return activate(store, of, request(of, { vmId: vmId(vm), at }));
    },
    /** What the log has of a VM, as the service writes it. */
    log: (pool: SeatPool, vm: number, code: 'licence_issued' | 'seats_exhausted', at = now) =>
      store.insertDecision(decision({ at, vmId: vmId(vm), code, licenceId: licenceIdOf(pool) })),
  };
}

const POOL: SeatPool = { kind: 'licence', id: 'fabrikam-2026' };
const MARKETPLACE: SeatPool = {
  ...{ kind: 'marketplace', cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION },
  plan: { publisher: 'contoso', product: 'gateway', name: 'basic' },
};

test('pools of both modes are counted, and the fullest comes first, in one call', async () => {
  const { store, list, project, boot } = await createScene();
  await putOffer(store, offer({ plan: MARKETPLACE.plan, mode: 'marketplace', seats: 4, overage: 1 }));
  await store.writeLicence(
    licence({ seats: 2, customer: { name: 'Fabrikam', reference: null, contact: null } }),
    null,
    CHANGE,
  );
  await store.writeLicence(licence({ id: 'unused', subscriptions: subscriptions(vmId(80)), seats: 5 }), null, CHANGE);
  for (const vm of [1, 2]) await boot(POOL, vm);
  for (const vm of [3, 4, 5]) await boot(MARKETPLACE, vm);
  await project();
  const { items, calls } = await list('fullest');
  expect(calls).toBe(1);
  expect(items.map(({ lastSeen }) => lastSeen)).toEqual([AT, AT, null]);
  for (const order of ['name', 'fullest'] as const) {
    const ofSubscriptions = await store.pagePoolViews(order, { size: 100 }, 'marketplace');
    expect(ofSubscriptions.items.map(({ value }) => value.name)).toEqual([poolName(MARKETPLACE)]);
  }
  expect(items).toMatchObject([
    { name: 'licence:fabrikam-2026', customer: 'Fabrikam', taken: 2, seats: 2, over: 0, asOf: AT },
    { name: poolName(MARKETPLACE), kind: 'marketplace', taken: 3, seats: 4, overage: 1 },
    { name: 'licence:unused', taken: 0, seats: 5 },
  ]);
  expect((await list('name')).items.map(({ name }) => name)).toEqual(items.map(({ name }) => name).toSorted());
});

test('a pool that no VM has a seat of any more keeps when one was seen last', async () => {
  const { store, list, project, boot, setTime } = await createScene();
  await store.writeLicence(licence({ seats: 10 }), null, CHANGE);
  await boot(POOL, 1);
  await project();
  setTime(AT + 3 * DAY);
  await project();
  expect((await list()).items).toMatchObject([{ taken: 0, lastSeen: AT, asOf: AT + 3 * DAY }]);
});

test('a pool is counted anew when the log speaks of it, and moves in the order', async () => {
  const { store, list, project, boot, log, setTime } = await createScene();
  await store.writeLicence(licence({ seats: 10 }), null, CHANGE);
  await store.writeLicence(licence({ id: 'other', seats: 10 }), null, CHANGE);
  await boot({ kind: 'licence', id: 'other' }, 9);
  await project();
  expect((await list('fullest')).items.map(({ taken }) => taken)).toEqual([1, 0]);
  for (const vm of [1, 2]) await boot(POOL, vm);
  await log(POOL, 1, 'licence_issued');
  setTime(AT + LAG + 1);
  await project();
  expect((await list('fullest')).items.map(({ name, taken }) => [name, taken])).toEqual([
    ['licence:fabrikam-2026', 2],
    ['licence:other', 1],
  ]);
  expect((await list()).items).toHaveLength(2);
});

test('a pool whose seats an operator has changed is shown with them before any VM asks', async () => {
  const { store, list, project, boot, setTime } = await createScene();
  await putOffer(store, offer({ plan: MARKETPLACE.plan, mode: 'marketplace', seats: 4 }));
  await store.writeLicence(licence({ seats: 2 }), null, CHANGE);
  await store.writeLicence(licence({ id: 'gone', subscriptions: subscriptions(vmId(80)) }), null, CHANGE);
  await boot(POOL, 1);
  await boot(MARKETPLACE, 2);
  await project();
  const version = (await store.readLicence(POOL.id))?.version ?? '';
  await store.writeLicence(licence({ seats: 20 }), version, CHANGE);
  await store.deleteLicence('gone', null);
  await store.writeOverride({ ...MARKETPLACE, override: overrideEntry.parse({ seats: 30 }) }, null, CHANGE);
  const keys = [POOL.id, 'gone'].map((key) => ({ kind: 'licence', key }) as const);
  const changes = [...keys, { kind: 'override', key: overrideKey(MARKETPLACE) } as const];
  await store.putChanges(changes.map(({ kind, key }) => recordedChange({ at: AT, kind, key })));
  setTime(AT + MINUTE);
  await project();
  expect((await list()).items).toMatchObject([
    { name: 'licence:fabrikam-2026', taken: 1, seats: 20 },
    { name: poolName(MARKETPLACE), taken: 1, seats: 30 },
  ]);
});

test('the daily pass finds what no log speaks of: seats, a licence that is gone, a pool that is empty', async () => {
  const { store, list, project, boot, setTime } = await createScene();
  await putOffer(store, offer({ plan: MARKETPLACE.plan, mode: 'marketplace' }));
  await store.writeLicence(licence({ seats: 10 }), null, CHANGE);
  await store.writeLicence(licence({ id: 'other', seats: 4 }), null, CHANGE);
  await boot(POOL, 1);
  await boot(MARKETPLACE, 2);
  await project();
  expect((await list()).items).toHaveLength(3);
  await boot(POOL, 3);
  await store.deleteLicence('fabrikam-2026', null);
  await store.deleteLicence('other', null);
  const row = await store.readActivation(MARKETPLACE, vmId(2));
  await store.deleteActivation(MARKETPLACE, vmId(2), row?.version ?? '');
  setTime(AT + DAY - 1);
  await project();
  expect((await list()).items.map(({ taken }) => taken)).toEqual([1, 0, 1]);
  await boot(POOL, 3);
  setTime(AT + DAY + 10 * MINUTE);
  await project();
  // Its VMs have their seats until their leases end.
  expect((await list()).items).toMatchObject([
    { name: 'licence:fabrikam-2026', taken: 1, seats: 0, over: 1 },
    { name: poolName(MARKETPLACE), taken: 0 },
  ]);
  setTime(AT + 3 * DAY);
  await project();
  expect((await list()).items.map(({ name }) => name)).toEqual([poolName(MARKETPLACE)]);
});

test('wherever projectors die, refusals count once', async () => {
  const { store, needs, list, log, setTime } = await createScene();
  await store.writeLicence(licence({ seats: 2 }), null, CHANGE);
  let count = 0;
  for (let after = 0; after < 14; after += 1) {
    const at = AT + after * MINUTE;
    await log(POOL, after, 'seats_exhausted', at);
    count += 1;
    setTime(at + LAG + 1);
    await projectPools({ ...needs, store: dying(store, after % 7) }).catch((error: unknown) => {
      if (!(error instanceof Died)) throw error;
    });
  }
  await Promise.all([projectPools(needs), projectPools(needs)]);
  const { items } = await list();
  expect(items.map((view) => tellRefusals(view, AT + HOUR))).toEqual([{ last24h: count, since: AT }]);
  expect((await list('fullest')).items).toEqual(items);
});

test('refusals are told of the last day, and since when there is no day without', async () => {
  const { store, needs, list, log, setTime } = await createScene();
  await store.writeLicence(licence(), null, CHANGE);
  const tell = async (at: number) => {
    setTime(at + LAG + 1);
    await projectPools(needs);
    return (await list()).items.map((view) => tellRefusals(view, at))[0];
  };
  for (const hours of [0, 20, 40]) await log(POOL, 1, 'seats_exhausted', AT + hours * HOUR);
  expect(await tell(AT + 40 * HOUR)).toEqual({ last24h: 2, since: AT });
  expect(await tell(AT + 70 * HOUR)).toEqual({ last24h: 0, since: null });
  await log(POOL, 1, 'seats_exhausted', AT + 90 * HOUR);
  expect(await tell(AT + 91 * HOUR)).toEqual({ last24h: 1, since: AT + 90 * HOUR });
});

test.each([
  [{ seats: 10, taken: 5 }, 500],
  [{ seats: 'unlimited', taken: 5 }, 0],
  [{ seats: 0, taken: 0 }, 0],
  [{ seats: 0, taken: 1 }, 9_999],
  [{ seats: 1, taken: 100 }, 9_999],
] satisfies [Pick<PoolView, 'seats' | 'taken'>, number][])('%o is %i thousandths full', (pool, fill) => {
  expect(fillOf(pool)).toBe(fill);
});
