import { expect, test } from 'vitest';

import { countHours, dayOf } from '../../src/contract/dayHours.ts';
import { activate } from '../../src/seats/activate.ts';
import { learnHours } from '../../src/seats/issue.ts';
import { releaseSeat } from '../../src/seats/release.ts';
import type { SeatWrite } from '../../src/seats/store.ts';
import { AT, DAY, HOUR, SUBSCRIPTION, VM_ID, entitlement, request } from '../support/licensing.ts';
import { createMemorySeatStore } from '../support/memorySeatStore.ts';

const today = dayOf(AT);
const noPause = { pause: () => Promise.resolve() };

function createStore() {
  const store = createMemorySeatStore(
    () => Promise.resolve(),
    () => undefined,
  );
  const transactions: (readonly SeatWrite[])[] = [];
  const writeSeats: typeof store.writeSeats = (pool, writes) => {
    transactions.push(writes);
    return store.writeSeats(pool, writes);
  };
  return { store: { ...store, writeSeats }, transactions };
}

test('a first boot writes no hours, and a renewal those of the licence before, in one transaction', async () => {
  const { store, transactions } = createStore();
  const held = entitlement();
  await activate(store, held, request(held), noPause);
  expect(store.usageNow()).toEqual([]);
  const renewed = await activate(store, held, request(held, { at: AT + 13 * HOUR }), noPause);
  expect(store.usageNow()).toMatchObject([
    { vmId: VM_ID, cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, offer: held.offer, day: today },
    { vmId: VM_ID, day: today + 1, hours: 1 },
  ]);
  expect(store.usageNow().map(({ hours }) => countHours(hours))).toEqual([12, 1]);
  expect(renewed).toMatchObject({ activation: { counted: { day: today + 1, hours: 1 } } });
  expect(transactions.at(-1)?.map(({ row }) => row)).toEqual(['activation', 'usage', 'usage']);
});

test('hours belong to the subscription and offer that the VM was licensed under', async () => {
  const { store } = createStore();
  const held = entitlement();
  await activate(store, held, request(held), noPause);
  const moved = { ...held, offer: 'contoso/other/plan' };
  const subscriptionId = '99999999-9999-4999-8999-999999999999';
  await activate(store, moved, request(moved, { at: AT + HOUR, subscriptionId }), noPause);
  expect(store.usageNow()).toMatchObject([{ subscriptionId: SUBSCRIPTION, offer: held.offer }]);
});

test('a licence that was given back counts to its end, as it lives', async () => {
  const { store } = createStore();
  const held = entitlement();
  await activate(store, held, request(held), noPause);
  const { challenge, jkt = '' } = request(held, { at: AT + HOUR });
  const release = { vmId: VM_ID, jkt, challenge, releaseId: 'release', at: AT + HOUR };
  await releaseSeat(store, { pool: held.pool, earlyRelease: true }, release, noPause);
  await activate(store, held, request(held, { at: AT + 3 * DAY }), noPause);
  const counts = store.usageNow().map(({ day, hours }) => [day - today, countHours(hours)]);
  expect(counts).toEqual([
    [0, 12],
    [1, 12],
  ]);
});

test('days too many for one transaction go first, and those that are left go with the row', async () => {
  const { store, transactions } = createStore();
  const held = entitlement({ lifetime: 400 * DAY, lease: 400 * DAY });
  await activate(store, held, request(held), noPause);
  transactions.length = 0;
  await activate(store, held, request(held, { at: AT + 399 * DAY }), noPause);
  expect(transactions.map((writes) => writes.length)).toEqual([100, 100, 100, 20, 81]);
  expect(transactions.at(-1)?.[0]?.row).toBe('activation');
  const hours = store.usageNow().reduce((sum, row) => sum + countHours(row.hours), 0);
  expect(hours).toBe(399 * 24);
});

test('a row that an operator made for a VM that never came has no hours', () => {
  const never = { vmId: VM_ID, cloud: '', subscriptionId: '', offer: '', issuedAt: 0, expiresAt: 0, counted: null };
  const { counted, first, together } = learnHours({ ...never, movedTo: null } as never, AT);
  expect({ counted, first, together }).toEqual({ counted: null, first: [], together: [] });
});
