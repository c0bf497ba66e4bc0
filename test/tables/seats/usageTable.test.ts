import { TableClient } from '@azure/data-tables';
import { expect, test } from 'vitest';

import { poolName } from '../../../src/catalogue/seatPool.ts';
import type { SeatPool } from '../../../src/catalogue/seatPool.ts';
import { countHours, dayOf, dayStart } from '../../../src/contract/dayHours.ts';
import { activate } from '../../../src/seats/activate.ts';
import { writeAndCount } from '../../../src/seats/issue.ts';
import type { ActivationStore, SeatStore, SeatWrite } from '../../../src/seats/store.ts';
import { cleaningTables } from '../../../src/tables/cleaningTables.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { reportUsage } from '../../../src/usage/report.ts';
import type { UsageQuery } from '../../../src/usage/report.ts';
import type { VmRange } from '../../../src/usage/store.ts';
import { useAzurite } from '../../support/azurite.ts';
import { AT, DAY, HOUR, SUBSCRIPTION, VM_ID, entitlement, request, vmId } from '../../support/licensing.ts';

const tables = useAzurite();
const TODAY = dayOf(AT);
const ALL: VmRange = { after: null, last: null };
const held = entitlement({ seats: 'unlimited' });
const { pool } = held;

async function createStore() {
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  return store;
}

type Store = Awaited<ReturnType<typeof createStore>>;

async function collect<T>(pieces: AsyncIterable<readonly T[]>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const piece of pieces) all.push(...piece);
  return all;
}

async function countAll(pieces: AsyncIterable<number>): Promise<number> {
  let count = 0;
  for await (const deleted of pieces) count += deleted;
  return count;
}

function readHours(store: Store, from = TODAY - 400, until = TODAY + 400, vms = ALL) {
  return collect(store.readHours(pool, { from, until }, { vms, of: null }));
}

function usage(vm: number, day: number, hours = 1): SeatWrite {
  const of = { cloud: held.plan.name, subscriptionId: SUBSCRIPTION, licenceId: held.licenceId, offer: held.offer };
  return { row: 'usage', vmId: vmId(vm), ...of, day, hours };
}

async function report(store: Store, changed: Partial<UsageQuery> = {}) {
  const range = { from: AT - 10 * DAY, until: AT + 10 * DAY, now: AT + 10 * DAY, of: null };
  const query: UsageQuery = { ...range, by: 'day', pool: null, offer: null, ...changed };
  return (await reportUsage(store, query, { size: 1_000, clock: () => 0 })).items;
}

test('renewals leave the hours of each licence, which come back as they were written', async () => {
  const store = await createStore();
  await activate(store, held, request(held));
  await activate(store, held, request(held, { at: AT + 13 * HOUR }));
  const rows = await readHours(store);
  const { cloud, subscriptionId } = request(held);
  expect(rows).toEqual([
    {
      vmId: VM_ID,
      ...{ cloud, subscriptionId },
      licenceId: held.licenceId,
      offer: held.offer,
      day: TODAY,
      hours: 2 ** 24 - 2 ** 12,
    },
    {
      vmId: VM_ID,
      ...{ cloud, subscriptionId },
      licenceId: held.licenceId,
      offer: held.offer,
      day: TODAY + 1,
      hours: 1,
    },
  ]);
  const [vm] = await collect(store.readLicensed(pool, { from: TODAY, until: TODAY + 3 }, null));
  expect(vm).toMatchObject({
    vmId: VM_ID,
    issuedAt: AT + 13 * HOUR,
    counted: { day: TODAY + 1, hours: 1 },
    movedTo: null,
  });
});

test('a row of hours that is there already is replaced', async () => {
  const store = await createStore();
  expect(await store.writeSeats(pool, [usage(1, TODAY, 0b1)])).toBe('written');
  expect(await store.writeSeats(pool, [usage(1, TODAY, 0b11), usage(2, TODAY)])).toBe('written');
  expect((await readHours(store)).map((row) => ('hours' in row ? row.hours : 0))).toEqual([0b11, 0b1]);
});

test('hours are written with the row of the VM or not at all', async () => {
  const store = await createStore();
  await activate(store, held, request(held));
  const known = await store.readActivation(pool, VM_ID);
  await activate(store, held, request(held, { at: AT + HOUR }));
  const before = await readHours(store);
  if (known === null) throw new Error('The VM has no row.');
  const { outcome } = await writeAndCount(store, pool, { known, next: known.value, at: AT + 20 * HOUR });
  expect(outcome).toBe('changed');
  expect(await readHours(store)).toEqual(before);
});

test('days and VMs are read by their ranges, and the rows of VMs and seats are in none', async () => {
  const store = await createStore();
  await activate(store, held, request(held));
  const days = [TODAY - 1, TODAY, TODAY + 1];
  for (const day of days)
    await store.writeSeats(
      pool,
      [1, 2, 3].map((vm) => usage(vm, day)),
    );
  const told = async (from: number, until: number, vms: VmRange) =>
    (await readHours(store, from, until, vms)).map((row) => `${row.day - TODAY} ${row.vmId?.slice(-1) ?? ''}`);
  expect(await told(TODAY - 1, TODAY + 1, ALL)).toEqual(['-1 1', '-1 2', '-1 3', '0 1', '0 2', '0 3']);
  expect(await told(TODAY, TODAY + 2, { after: vmId(1), last: vmId(2) })).toEqual(['0 2', '1 2']);
  expect(await told(TODAY, TODAY + 1, { after: null, last: vmId(2) })).toEqual(['0 1', '0 2']);
  expect(await told(TODAY, TODAY + 2, { after: vmId(2), last: null })).toEqual(['0 3', '1 3']);
});

test('VMs whose newest licence has no part in the days are left out, and so are those of other subscriptions', async () => {
  const store = await createStore();
  await activate(store, held, request(held));
  const licensed = (from: number, until: number, subscriptionId = SUBSCRIPTION) =>
    collect(store.readLicensed(pool, { from, until }, { cloud: 'AzurePublicCloud', subscriptionId }));
  expect(await licensed(TODAY + 2, TODAY + 9)).toEqual([]);
  expect(await licensed(TODAY - 9, TODAY)).toEqual([]);
  expect(await licensed(TODAY + 1, TODAY + 2)).toHaveLength(1);
  expect(await licensed(TODAY + 1, TODAY + 2, vmId(7))).toEqual([]);
});

test('every pool is found, one after another, and nothing that is no pool', async () => {
  const store = await createStore();
  const { plan } = held;
  const own = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, plan };
  const pools: readonly SeatPool[] = [pool, { kind: 'licence', id: 'zeta' }, { kind: 'trial', ...own }];
  for (const one of pools) {
    const entitled = { ...held, pool: one };
    await activate(store, entitled, request(entitled));
  }
  const names: string[] = [];
  for (let next = await store.nextPool(null); next !== null; next = await store.nextPool(poolName(next))) {
    names.push(poolName(next));
  }
  expect(names).toEqual(pools.map(poolName).sort());
  expect((await report(store)).map(({ licence }) => licence)).toHaveLength(6);
});

test('a VM that is forgotten leaves its hours, and old hours are deleted by whole days', async () => {
  const store = await createStore();
  await activate(store, held, request(held));
  const before = await report(store);
  expect(before.map(({ vmHours }) => vmHours)).toEqual([12, 12]);
  expect(await countAll(store.deleteActivations(AT + 30 * DAY))).toBe(1);
  expect(await store.readActivation(pool, VM_ID)).toBeNull();
  expect(await report(store)).toEqual(before);
  expect(await countAll(store.deleteUsage(dayStart(TODAY + 1) - 1))).toBe(0);
  expect(await countAll(store.deleteUsage(dayStart(TODAY + 1)))).toBe(1);
  expect((await report(store)).map(({ vmHours }) => vmHours)).toEqual([12]);
});

test.each(['writeSeats', 'readActivation'] as const)(
  'a VM that comes back while it is forgotten, before %s, keeps its row, and no hour is lost',
  async (method) => {
    const { connectionString, tablePrefix } = tables();
    const store = createTablesStore({ connection: { connectionString }, tablePrefix });
    await store.ensureTables();
    await activate(store, held, request(held));
    const comeBack = () => activate(store, held, request(held, { at: AT + 31 * DAY }));
    const seats: SeatStore & Pick<ActivationStore, 'deleteActivation'> = {
      ...store,
      ...(method === 'writeSeats'
        ? { writeSeats: (...args) => comeBack().then(() => store.writeSeats(...args)) }
        : { readActivation: (...args) => comeBack().then(() => store.readActivation(...args)) }),
    };
    const connect = (name: string) =>
      TableClient.fromConnectionString(connectionString, `${tablePrefix}${name}`, { allowInsecureConnection: true });
    const clients = {
      activations: connect('activations'),
      decisions: connect('decisions'),
      ...{ once: connect('once'), bySubscription: connect('bySubscription'), byVm: connect('byVm') },
      ...{ requests: connect('requests'), statistics: connect('statistics') },
    };
    const cleaning = cleaningTables(clients, seats, { call: 5_000, search: 5_000 });
    expect(await countAll(cleaning.deleteActivations(AT + 30 * DAY))).toBe(0);
    const row = await store.readActivation(pool, VM_ID);
    const hours = (await readHours(store)).reduce((sum, one) => sum + ('hours' in one ? countHours(one.hours) : 0), 0);
    expect([row?.value.issuedAt, hours]).toEqual([AT + 31 * DAY, 24]);
  },
);

test('more rows than a page of the store are all read', async () => {
  const store = await createStore();
  for (let start = 0; start < 1_200; start += 100) {
    await store.writeSeats(
      pool,
      Array.from({ length: 100 }, (_, vm) => usage(start + vm, TODAY)),
    );
  }
  expect((await report(store)).map(({ vmHours, mostAtOnce }) => [vmHours, mostAtOnce])).toEqual([[1_200, 1_200]]);
});
