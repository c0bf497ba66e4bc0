import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';

import { createDecisionId } from '../../../src/decisions/decisionRecord.ts';
import type { RepeatKey } from '../../../src/decisions/store.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { useAzurite } from '../../support/azurite.ts';
import { decision, decisions, expectedList, filters, readAll } from '../../support/decisions.ts';
import { AT, DAY, HOUR, SUBSCRIPTION, VM_ID, vmId } from '../../support/licensing.ts';

const tables = useAzurite();

async function createStore() {
  const { connectionString, tablePrefix } = tables();
  let trips = 0;
  const store = createTablesStore({ connection: { connectionString }, tablePrefix, onRoundTrip: () => (trips += 1) });
  await store.ensureTables();
  const countTrips = async (run: () => Promise<unknown>): Promise<number> => {
    const before = trips;
    await run();
    return trips - before;
  };
  return { store, countTrips };
}

test('whatever the filter and the size of a page, the newest come first over days and pages', async () => {
  const { store } = await createStore();
  const [all = []] = fc.sample(decisions(150), 1);
  await Promise.all(all.map((one) => store.insertDecision(one)));
  await fc.assert(
    fc.asyncProperty(filters, fc.integer({ min: 1, max: 40 }), async (filter, size) => {
      const listed = await readAll((page) => store.pageDecisions(filter, page), size);
      expect(listed).toEqual(expectedList(all, filter));
    }),
    { numRuns: 60 },
  );
});

test('a decision is found by its id in one round trip, and each of a list in one a page', async () => {
  const { store, countTrips } = await createStore();
  const rows = [decision(), decision({ at: AT + DAY }), decision({ at: AT + DAY + 1 })];
  for (const row of rows) await store.insertDecision(row);
  for (const row of rows) {
    expect(await store.readDecision(row.id)).toEqual(row);
    expect(await countTrips(() => store.readDecision(row.id))).toBe(1);
  }
  expect(await countTrips(() => store.readDecision(createDecisionId(AT)))).toBe(1);
  expect(await countTrips(() => store.pageDecisions({ code: 'licence_issued' }, { size: 10 }))).toBe(1);
});

function repeat(changed: Partial<RepeatKey> = {}): RepeatKey {
  const vm = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, vmId: VM_ID };
  return { ...vm, code: 'seats_exhausted', about: 'contoso/firewall/pro', at: AT, ...changed };
}

test('of what a VM repeats, the first in an hour has the place, in one round trip, and a repeat learns its id in two', async () => {
  const { store, countTrips } = await createStore();
  expect(await countTrips(() => store.claimHour(repeat(), 'first'))).toBe(1);
  expect(await store.claimHour(repeat({ at: AT + HOUR - 1 }), 'second')).toBe('first');
  expect(await countTrips(() => store.claimHour(repeat(), 'third'))).toBe(2);
  // An answer that was lost: the place is its own.
  expect(await store.claimHour(repeat(), 'first')).toBe('first');
});

test.each<Partial<RepeatKey>>([
  { at: AT + HOUR },
  { at: AT - 1 },
  { cloud: 'AzureChinaCloud' },
  { subscriptionId: vmId(9) },
  { vmId: vmId(2) },
  { code: 'vm_blocked' },
  { about: 'contoso/firewall/basic' },
  { about: '' },
])('what differs by %o is no repeat', async (changed) => {
  const { store } = await createStore();
  await store.claimHour(repeat(), 'first');
  expect(await store.claimHour(repeat(changed), 'second')).toBe('second');
});

test('a repeat is one whatever the case of the ids, and under names of any length', async () => {
  const { store } = await createStore();
  const long = (prefix: string) => `${prefix}${'p'.repeat(100)}/${'q'.repeat(100)}/${'r'.repeat(100)}`;
  const key = { vmId: 'abcdef00-0000-4000-8000-000000000001', code: 'subscription_not_licensed' } as const;
  const about = long(`trial:AzureUSGovernmentCloud:${SUBSCRIPTION}:`);
  expect(await store.claimHour(repeat({ ...key, about }), 'first')).toBe('first');
  expect(await store.claimHour(repeat({ ...key, about, vmId: key.vmId.toUpperCase() }), 'second')).toBe('first');
});

test('a place that was given back is taken anew', async () => {
  const { store } = await createStore();
  await store.claimHour(repeat(), 'first');
  await store.freeHour(repeat());
  expect(await store.claimHour(repeat(), 'second')).toBe('second');
  await store.freeHour(repeat());
  await store.freeHour(repeat());
});

test('places of past hours are deleted, and those of the hour stay', async () => {
  const { store } = await createStore();
  for (const hours of [-30, -1, 0, 1]) await store.claimHour(repeat({ at: AT + hours * HOUR }), `${hours}`);
  await store.claimHour(repeat({ at: AT - HOUR, subscriptionId: vmId(9) }), 'x');
  let deleted = 0;
  for await (const count of store.deleteRepeats(AT + HOUR - 1)) deleted += count;
  expect(deleted).toBe(3);
  expect(await store.claimHour(repeat(), 'y')).toBe('0');
  expect(await store.claimHour(repeat({ at: AT - HOUR }), 'y')).toBe('y');
});
