import { expect, test } from 'vitest';

import { activate } from '../../src/seats/activate.ts';
import type { Activation } from '../../src/seats/activation.ts';
import type { Entitlement } from '../../src/catalogue/entitlement.ts';
import { readPoolUsage } from '../../src/seats/poolUsage.ts';
import { releaseSeat } from '../../src/seats/release.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { useAzurite } from '../support/azurite.ts';
import { AT, DAY, entitlement, HOUR, MINUTE, request, vmId } from '../support/licensing.ts';

const tables = useAzurite();

async function createStore() {
  let trips = 0;
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix, onRoundTrip: () => (trips += 1) });
  await store.ensureTables();
  const boot = async (held: Entitlement, vm: number, at = AT) => {
    trips = 0;
    const outcome = await activate(store, held, request(held, { vmId: vmId(vm), at }));
    return outcome.granted ? { ...seatOf(outcome.activation), trips } : { code: outcome.code, trips };
  };
  return { store, boot };
}

function seatOf({ seat, overSince }: Activation) {
  return { seat: seat.kind === 'numbered' ? seat.number : seat.kind, overSince };
}

test('VMs get the seats that were bought first, then those of the overage, and nothing beyond', async () => {
  const { store, boot } = await createStore();
  const held = entitlement({ seats: 2, overage: 1 });
  expect(await boot(held, 1)).toEqual({ seat: 0, overSince: null, trips: 3 });
  expect(await boot(held, 2)).toEqual({ seat: 1, overSince: null, trips: 3 });
  expect(await boot(held, 3)).toEqual({ seat: 2, overSince: AT, trips: 4 });
  expect(await boot(held, 4)).toMatchObject({ code: 'seats_exhausted' });
  const usage = { seats: 2, overage: 1, taken: 3, over: 1, overSince: AT, lastSeen: AT };
  expect(await readPoolUsage(store, held.pool, held, AT)).toEqual(usage);
});

test('a seat of an ended lease goes before one of the overage', async () => {
  const { boot } = await createStore();
  const held = entitlement({ seats: 1, overage: 5 });
  await boot(held, 1);
  const later = AT + DAY + 3 * MINUTE;
  expect(await boot(held, 2, later)).toMatchObject({ seat: 0, overSince: null });
  expect(await boot(held, 3, later)).toMatchObject({ seat: 1, overSince: later });
});

test('a VM that is over keeps its seat and the time since when, and moves down once a seat is free', async () => {
  const { store, boot } = await createStore();
  const held = entitlement({ seats: 1, overage: 1 });
  await boot(held, 1);
  await boot(held, 2, AT + HOUR);
  expect(await boot(held, 2, AT + 2 * HOUR)).toEqual({ seat: 1, overSince: AT + HOUR, trips: 4 });
  // The lease of the first VM has ended.
  expect(await boot(held, 2, AT + DAY + 3 * MINUTE)).toEqual({ seat: 0, overSince: null, trips: 4 });
  expect((await store.readSeats(held.pool, null)).blocks).toMatchObject([{ taken: 1n }]);
  const more = entitlement({ seats: 2, overage: 1 });
  expect(await boot(more, 2, AT + DAY + HOUR)).toEqual({ seat: 0, overSince: null, trips: 2 });
});

test('a VM that is over moves to a free seat in three round trips, and frees its own', async () => {
  const { store, boot } = await createStore();
  const held = entitlement({ seats: 1, overage: 1 });
  for (const vm of [1, 2]) await boot(held, vm);
  const { challenge } = request(held, { at: AT + HOUR });
  const release = { vmId: vmId(1), jkt: 'first-key', challenge, releaseId: 'release', at: AT + HOUR };
  await releaseSeat(store, { pool: held.pool, earlyRelease: true }, release);
  expect(await boot(held, 2, AT + 2 * HOUR)).toEqual({ seat: 0, overSince: null, trips: 3 });
  expect((await store.readSeats(held.pool, null)).blocks).toMatchObject([{ taken: 1n }]);
});

test('lowered seats make VMs over, and raised ones end it', async () => {
  const { store, boot } = await createStore();
  for (const vm of [1, 2, 3]) await boot(entitlement({ seats: 3 }), vm);
  const lowered = entitlement({ seats: 1 });
  expect(await boot(lowered, 3, AT + HOUR)).toMatchObject({ seat: 2, overSince: AT + HOUR });
  expect(await boot(lowered, 4, AT + HOUR)).toMatchObject({ code: 'seats_exhausted' });
  expect(await readPoolUsage(store, lowered.pool, lowered, AT + HOUR)).toMatchObject({ over: 2, overSince: AT + HOUR });
  const raised = entitlement({ seats: 3 });
  expect(await readPoolUsage(store, raised.pool, raised, AT + HOUR)).toMatchObject({ over: 0, overSince: null });
  expect(await boot(raised, 3, AT + 2 * HOUR)).toEqual({ seat: 2, overSince: null, trips: 2 });
});

test('an overage that was lowered leaves no room for new VMs, and no renewal is refused', async () => {
  const { boot } = await createStore();
  const held = entitlement({ seats: 1, overage: 2 });
  for (const vm of [1, 2, 3]) await boot(held, vm);
  const lowered = entitlement({ seats: 1, overage: 1 });
  expect(await boot(lowered, 3, AT + HOUR)).toMatchObject({ seat: 2, overSince: AT });
  expect(await boot(lowered, 4, AT + HOUR)).toMatchObject({ code: 'seats_exhausted' });
});

test('with unlimited overage everybody gets a seat, and numbers of ended leases are used again', async () => {
  const { store, boot } = await createStore();
  const held = entitlement({ seats: 1, overage: 'unlimited' });
  for (let vm = 0; vm < 12; vm += 1) expect(await boot(held, vm)).toMatchObject({ overSince: vm === 0 ? null : AT });
  const takenBefore = (await store.readSeats(held.pool, null)).blocks.map(({ taken }) => taken);
  for (let vm = 20; vm < 32; vm += 1) {
    expect(await boot(held, vm, AT + DAY + 3 * MINUTE)).not.toHaveProperty('code');
  }
  expect((await store.readSeats(held.pool, null)).blocks.map(({ taken }) => taken)).toEqual(takenBefore);
  const usage = await readPoolUsage(store, held.pool, held, AT + DAY + 3 * MINUTE);
  expect(usage).toMatchObject({ overage: 'unlimited', taken: 12, over: 11, overSince: AT + DAY + 3 * MINUTE });
});

test('the licence is prepared for the seat that the VM gets, before it is granted', async () => {
  const { store, boot } = await createStore();
  const held = entitlement({ seats: 1, overage: 1 });
  await boot(held, 1);
  const told: boolean[] = [];
  const prepare = (_: Activation, over: boolean) => Promise.resolve(void told.push(over));
  const asked = request(held, { vmId: vmId(2) });
  const failing = activate(store, held, asked, { prepare: () => Promise.reject(new Error('no signer')) });
  await expect(failing).rejects.toThrow('no signer');
  expect(await store.readActivation(held.pool, vmId(2))).toBeNull();
  expect(await activate(store, held, asked, { prepare })).toMatchObject({ granted: true });
  expect(told).toEqual([false, true]);
});
