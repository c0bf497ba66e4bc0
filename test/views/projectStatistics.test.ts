import { TableClient } from '@azure/data-tables';
import type { TransactionAction } from '@azure/data-tables';
import fc from '../support/properties.ts';
import { expect, test } from 'vitest';

import type { DecisionRecord } from '../../src/decisions/decisionRecord.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { decisionEntity } from '../../src/tables/decisions/decisionRow.ts';
import { hourOf, issuerKey } from '../../src/views/countDecisions.ts';
import { LAG } from '../../src/views/projectLog.ts';
import { projectStatistics } from '../../src/views/projectStatistics.ts';
import { readStatistics } from '../../src/views/readStatistics.ts';
import type { Statistics, StatisticsReader } from '../../src/views/readStatistics.ts';
import { useAzurite } from '../support/azurite.ts';
import { decision, decisions } from '../support/decisions.ts';
import { dying } from '../support/dyingStore.ts';
import { AT, DAY, HOUR, vmId } from '../support/licensing.ts';
import { createMemoryStatistics } from '../support/memoryStatistics.ts';

const tables = useAzurite();
const LATER = AT + 3 * DAY;
const ALL = { from: hourOf(AT - 2 * DAY), until: hourOf(AT + 4 * DAY) };

/** What statistics must be: the VMs that the rows name, by hour, code, cloud and offer. */
function countRows(all: readonly DecisionRecord[]): Readonly<Record<string, number>> {
  const vms = new Map<string, Set<string>>();
  for (const { at, code, cloud, offer, vmId: vm } of all) {
    const key = `${hourOf(at)} ${code}|${cloud}|${offer ?? '-'}`;
    vms.set(key, (vms.get(key) ?? new Set()).add(vm));
  }
  return Object.fromEntries([...vms].map(([key, { size }]) => [key, size]));
}

function flatten({ hours }: Statistics): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...hours].flatMap(([hour, { decisions: counts }]) => [...counts].map(([key, count]) => [`${hour} ${key}`, count])),
  );
}

const readAll = async (store: StatisticsReader, now = LATER) => flatten(await readStatistics(store, ALL, now));

/** With repeats within the hour, as a VM makes them that gives its seat back again and again, and without an offer. */
const histories = (count: number) =>
  fc
    .array(fc.constantFrom('contoso/firewall/pro', 'contoso/firewall/free', null), {
      minLength: count,
      maxLength: count,
    })
    .chain((offers) =>
      decisions(count).map((all) => all.map((one, index) => ({ ...one, offer: offers[index] ?? null }))),
    );

/** Runs of the projector: how many at once, after how many calls each dies, and how far the clock is. */
const runs = fc.array(
  fc.record({
    calls: fc.array(fc.option(fc.nat(30)), { minLength: 1, maxLength: 3 }),
    now: fc.integer({ min: -2, max: 60 }).map((hours) => AT + hours * HOUR),
  }),
  { maxLength: 10 },
);

test('wherever projectors die and however many run, statistics are the rows', async () => {
  await fc.assert(
    fc.asyncProperty(histories(60), runs, async (log, history) => {
      const store = createMemoryStatistics(log);
      const expected = countRows(log);
      for (const { calls, now } of history.toSorted((left, right) => left.now - right.now)) {
        const projectors = calls.map((after) => projectStatistics({ store: dying(store, after), now: () => now }));
        // A reader at the same time, whose pages come in between.
        const [read] = await Promise.all([readAll(store), Promise.allSettled(projectors)]);
        expect(read).toEqual(expected);
        expect(await readAll(store)).toEqual(expected);
      }
      expect((await projectStatistics({ store, now: () => LATER })).behind).toBe(0);
      expect(await readAll(store)).toEqual(expected);
      const rows = await store.readCountedHours(ALL);
      expect(rows).toHaveLength(new Set(log.map(({ at }) => hourOf(at))).size);
      expect(rows.flatMap(({ value: { seen } }) => seen)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('without its mark, everything is counted anew, wherever the projectors die', async () => {
  const [log = []] = fc.sample(histories(60), { numRuns: 1, seed: 7 });
  for (let calls = 1; calls < 60; calls += 3) {
    const store = createMemoryStatistics(log);
    await projectStatistics({ store, now: () => LATER });
    store.deleteMark();
    const projectors = [calls, calls * 2, null].map((after) =>
      projectStatistics({ store: dying(store, after), now: () => LATER }),
    );
    const [read] = await Promise.all([readAll(store), Promise.allSettled(projectors)]);
    expect(read).toEqual(countRows(log));
    await projectStatistics({ store, now: () => LATER });
    expect(await readAll(store)).toEqual(countRows(log));
    expect((await store.readStatisticsMark())?.value.until).toBe(LATER - LAG);
  }
});

test.each([1, 2, 3, 4])('rows that are folded before page %i of a reader count once', async (page) => {
  const log = Array.from({ length: 8 }, (_, index) => decision({ at: AT + index * 60_000, vmId: vmId(index) }));
  let fold = async () => Promise.resolve();
  const store = createMemoryStatistics(log, () => fold());
  for (const { at } of log) await projectStatistics({ store, now: () => at + 1 + LAG });
  let pages = 0;
  fold = async () => {
    pages += 1;
    if (pages !== page) return;
    fold = async () => Promise.resolve();
    await projectStatistics({ store, now: () => AT + DAY });
  };
  expect(await readAll(store)).toEqual(countRows(log));
});

async function createStore(log: readonly DecisionRecord[] = []) {
  const { connectionString, tablePrefix } = tables();
  let trips = 0;
  const store = createTablesStore({ connection: { connectionString }, tablePrefix, onRoundTrip: () => (trips += 1) });
  await store.ensureTables();
  const table = TableClient.fromConnectionString(connectionString, `${tablePrefix}decisions`, {
    allowInsecureConnection: true,
  });
  for (const rows of Map.groupBy(log, ({ at }) => Math.floor(at / DAY)).values()) {
    for (let start = 0; start < rows.length; start += 100) {
      const batch = rows.slice(start, start + 100);
      await table.submitTransaction(batch.map((one): TransactionAction => ['create', decisionEntity(one)]));
    }
  }
  const deleteMark = async () => {
    const statistics = TableClient.fromConnectionString(connectionString, `${tablePrefix}statistics`, {
      allowInsecureConnection: true,
    });
    await statistics.deleteEntity('s', 'mark');
  };
  const countTrips = async (run: () => Promise<unknown>) => {
    const before = trips;
    await run();
    return trips - before;
  };
  return { store, countTrips, deleteMark };
}

test('the same in the real store', async () => {
  await fc.assert(
    fc.asyncProperty(histories(60), runs, async (log, history) => {
      const { store } = await createStore(log);
      const expected = countRows(log);
      for (const { calls, now } of history.slice(0, 4).toSorted((left, right) => left.now - right.now)) {
        const projectors = calls.map((after) => projectStatistics({ store: dying(store, after), now: () => now }));
        const [read] = await Promise.all([readAll(store), Promise.allSettled(projectors)]);
        expect(read).toEqual(expected);
      }
      await projectStatistics({ store, now: () => LATER });
      expect(await readAll(store)).toEqual(expected);
      // What lies in the past is asked for otherwise.
      expect(await readAll(store, LATER + 10 * DAY)).toEqual(expected);
    }),
    { numRuns: 8 },
  );
}, 60_000);

test('a week is two calls, whether it is over or not', async () => {
  const log = Array.from({ length: 7 * 24 * 3 }, (_, index) =>
    decision({ at: AT - index * (HOUR / 3), vmId: vmId(index % 90) }),
  );
  const { store, countTrips } = await createStore(log);
  await projectStatistics({ store, now: () => AT });
  await projectStatistics({ store, now: () => AT + LAG - 1 });
  const week = { from: hourOf(AT - 7 * DAY), until: hourOf(AT + HOUR) };
  expect(await countTrips(() => readStatistics(store, week, AT + 1))).toBe(2);
  expect(await countTrips(() => readStatistics(store, { ...week, until: hourOf(AT - DAY) }, AT + 1))).toBe(2);
  expect((await readStatistics(store, week, AT + 1)).asOf).toBe(AT + 1);
});

test('more hours than a transaction has rows for, and more decisions than a slice', async () => {
  const sparse = Array.from({ length: 60 }, (_, index) => decision({ at: AT - index * HOUR, vmId: vmId(index % 9) }));
  const dense = Array.from({ length: 1_100 }, (_, index) => decision({ at: AT + 2 * HOUR + index, vmId: vmId(index) }));
  const { store } = await createStore([...sparse, ...dense]);
  expect(await projectStatistics({ store, now: () => LATER })).toEqual({ decisions: 1_160, behind: 0 });
  const all = { from: hourOf(AT - 7 * DAY), until: hourOf(LATER) };
  expect(flatten(await readStatistics(store, all, LATER))).toEqual(countRows([...sparse, ...dense]));
  expect(await store.readCountedHours(all)).toHaveLength(61);
}, 30_000);

test('where the projector is too far behind, statistics say how far they go', async () => {
  const log = Array.from({ length: 5_001 }, (_, index) => decision({ at: AT + index, vmId: vmId(index) }));
  const store = createMemoryStatistics(log);
  const behind = await readStatistics(store, ALL, LATER);
  expect(behind).toEqual({ hours: new Map(), asOf: 0 });
  await projectStatistics({ store, now: () => AT + 1_000 + LAG });
  const caughtUp = await readStatistics(store, ALL, LATER);
  expect(caughtUp.asOf).toBe(LATER);
  expect(flatten(caughtUp)).toEqual(countRows(log));
});

test('in the real store, statistics are deleted before they are counted anew', async () => {
  const log = Array.from({ length: 130 }, (_, index) => decision({ at: AT - index * HOUR, vmId: vmId(index % 9) }));
  const { store, deleteMark } = await createStore(log);
  const all = { from: hourOf(AT - 7 * DAY), until: hourOf(LATER) };
  for (let times = 0; times < 2; times += 1) {
    await projectStatistics({ store, now: () => LATER });
    expect(flatten(await readStatistics(store, all, LATER))).toEqual(countRows(log));
    await deleteMark();
  }
});

test('issues are told from the minute they are counted in, and stay when rows are folded', async () => {
  const { store } = await createStore([decision({ at: AT })]);
  const key = issuerKey('AzurePublicCloud', 'Contoso CA 01');
  const readIssues = async (now: number) => {
    const { hours } = await readStatistics(store, ALL, now);
    return [...hours].flatMap(([hour, { issues }]) => [...issues].map(([name, count]) => [hour, name, count]));
  };
  const issue = async (at: number, count: number) => {
    for (let index = 0; index < count; index += 1)
      store.countIssue({ cloud: 'AzurePublicCloud', issuer: 'Contoso CA 01', at });
    await store.writeIssues();
  };
  await issue(AT, 2);
  await issue(AT, 3);
  expect(await readIssues(AT)).toEqual([[hourOf(AT), key, 5]]);
  await projectStatistics({ store, now: () => AT });
  await issue(AT, 4);
  await issue(AT + 5 * HOUR, 1);
  for (const now of [AT, AT + 5 * HOUR, LATER]) {
    await projectStatistics({ store, now: () => now });
    expect(await readIssues(AT + 1)).toEqual([
      [hourOf(AT), key, 9],
      [hourOf(AT) + 5 * HOUR, key, 1],
    ]);
  }
});

test('who was refused is kept for three days, and hours until they are cleaned', async () => {
  const log = [-10, -4, -2, 0].map((day) => decision({ at: AT + day * DAY, code: 'seats_exhausted' }));
  const { store } = await createStore(log);
  for (const now of [AT - 2 * DAY, AT + DAY]) await projectStatistics({ store, now: () => now });
  const all = { from: hourOf(AT - 11 * DAY), until: hourOf(AT + DAY) };
  const readRefused = async () =>
    (await store.readCountedHours(all)).map(({ value: { hour, counts } }) => [
      (hour - hourOf(AT)) / DAY,
      counts.refused,
    ]);
  const refused = new Map([['seats_exhausted|AzurePublicCloud||fabrikam-2026', 1]]);
  expect(await readRefused()).toEqual([
    [-10, new Map()],
    [-4, new Map()],
    [-2, refused],
    [0, refused],
  ]);
  for await (const count of store.deleteStatistics(AT - 2 * DAY)) expect(count).toBe(2);
  expect((await readRefused()).map(([day]) => day)).toEqual([-2, 0]);
});
