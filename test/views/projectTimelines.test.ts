import { TableClient } from '@azure/data-tables';
import type { TransactionAction } from '@azure/data-tables';
import fc from '../support/properties.ts';
import { expect, test } from 'vitest';

import type { DecisionRecord } from '../../src/decisions/decisionRecord.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { decisionEntity } from '../../src/tables/decisions/decisionRow.ts';
import { LAG } from '../../src/views/projectLog.ts';
import { projectTimelines } from '../../src/views/projectTimelines.ts';
import type { TimelineNeeds } from '../../src/views/projectTimelines.ts';
import { useAzurite } from '../support/azurite.ts';
import { decision, decisions } from '../support/decisions.ts';
import { AT, DAY, HOUR, SUBSCRIPTION, VM_ID, vmId } from '../support/licensing.ts';

const tables = useAzurite();
const LATER = AT + 3 * DAY;
const PROJECTED = ['bySubscription', 'byVm', 'views'] as const;

async function createStore() {
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  const table = (name: string) =>
    TableClient.fromConnectionString(connectionString, `${tablePrefix}${name}`, { allowInsecureConnection: true });
  const readRows = async (name: string) => {
    const rows: object[] = [];
    for await (const { etag, timestamp, ...row } of table(name).listEntities()) {
      expect([etag, timestamp]).not.toContain(undefined);
      rows.push(row);
    }
    return rows;
  };
  const readProjected = async () => Promise.all(PROJECTED.map(readRows));
  const empty = async (name: string) => {
    for await (const { partitionKey = '', rowKey = '' } of table(name).listEntities())
      await table(name).deleteEntity(partitionKey, rowKey);
  };
  const fill = async (all: readonly DecisionRecord[]) => {
    for (let start = 0; start < all.length; start += 100) {
      const rows = all.slice(start, start + 100).map((one): TransactionAction => ['create', decisionEntity(one)]);
      await table('decisions').submitTransaction(rows);
    }
  };
  return {
    store,
    table,
    readRows,
    readProjected,
    empty,
    fill,
    run: (now = LATER) => projectTimelines({ store, now: () => now }),
  };
}

const keysOf = (rows: readonly object[]) =>
  rows.map((row) => {
    const { partitionKey, id } = row as { partitionKey: string; id: string };
    return `${partitionKey} ${id}`;
  });

test('each decision is copied to its subscription and to its VM, three minutes after it, and once', async () => {
  const { store, run, readRows, readProjected } = await createStore();
  const old = decision({ at: AT - LAG - 1, vmId: vmId(2) });
  const young = decision({ at: AT - LAG });
  for (const one of [old, young]) await store.insertDecision(one);
  expect(await run(AT)).toEqual({ decisions: 1, behind: 0 });
  expect(keysOf(await readRows('bySubscription'))).toEqual([`AzurePublicCloud:${SUBSCRIPTION} ${old.id}`]);
  expect(keysOf(await readRows('byVm'))).toEqual([`AzurePublicCloud:${vmId(2)} ${old.id}`]);
  expect(await run(AT)).toEqual({ decisions: 0, behind: 0 });
  expect(await run(AT + 1)).toEqual({ decisions: 1, behind: 0 });
  expect(keysOf(await readRows('byVm'))).toEqual([
    `AzurePublicCloud:${VM_ID} ${young.id}`,
    `AzurePublicCloud:${vmId(2)} ${old.id}`,
  ]);
  const before = await readProjected();
  expect(await run(AT + 1)).toEqual({ decisions: 0, behind: 0 });
  expect(await readProjected()).toEqual(before);
  expect((await store.readWatermark())?.value).toBe(AT + 1 - LAG);
});

test('a copy says all that the decision says', async () => {
  const { store, run } = await createStore();
  const one = decision({ claimedOffer: 'a/b/c', offer: null, licenceId: null, plan: null, region: null });
  await store.insertDecision(one);
  await run();
  const { cloud, subscriptionId } = one;
  const owners = [
    { kind: 'subscription', cloud, subscriptionId },
    { kind: 'vm', cloud, vmId: VM_ID },
  ] as const;
  for (const owner of owners) expect((await store.pageTimeline(owner, {}, { size: 5 })).items).toEqual([one]);
});

test('timelines are built anew from the log, and are as before', async () => {
  const { store, run, readProjected, empty } = await createStore();
  const [all = []] = fc.sample(decisions(120), 1);
  for (const one of all) await store.insertDecision(one);
  await run();
  const before = await readProjected();
  expect(before.map((rows) => rows.length)).toEqual([120, 120, 1]);
  for (const name of PROJECTED) await empty(name);
  expect(await run()).toEqual({ decisions: 120, behind: 0 });
  expect(await readProjected()).toEqual(before);
});

test('a burst of more decisions than a slice holds is copied whole, also one within a millisecond', async () => {
  const { run, fill, readRows } = await createStore();
  const at = (time: number, count: number, vm: number) =>
    Array.from({ length: count }, () => decision({ at: time, vmId: vmId(vm) }));
  const all = [...at(AT, 1_300, 1), ...at(AT + 1, 600, 2), ...at(AT + HOUR, 900, 3)];
  await fill(all);
  expect(await run()).toEqual({ decisions: 2_800, behind: 0 });
  for (const name of ['bySubscription', 'byVm']) {
    const ids = (await readRows(name)).map((row) => (row as { id: string }).id);
    expect(new Set(ids)).toEqual(new Set(all.map(({ id }) => id)));
    expect(ids).toHaveLength(all.length);
  }
});

test('instances that run at once write each row once, and what all have left is done', async () => {
  const { store, run, readRows, fill } = await createStore();
  const all = Array.from({ length: 90 }, (_, index) => decision({ at: AT + index, vmId: vmId(index % 7) }));
  await fill(all);
  const runs = await Promise.all([run(), run(LATER + 1), run(LATER + 2), run()]);
  expect(runs.reduce((sum, { decisions: count }) => sum + count, 0)).toBe(90);
  await run(LATER + 2);
  expect((await store.readWatermark())?.value).toBe(LATER + 2 - LAG);
  for (const name of ['bySubscription', 'byVm']) expect(await readRows(name)).toHaveLength(90);
});

test('a row that cannot be read stops the projector before it, so that none is left out', async () => {
  const { store, run, table } = await createStore();
  const row = { ...decisionEntity(decision()), schema: 99 };
  await table('decisions').createEntity(row);
  await expect(run()).rejects.toThrow('schema 99');
  expect(await store.readWatermark()).toBeNull();
  await table('decisions').deleteEntity(row.partitionKey, row.rowKey);
  expect(await run()).toEqual({ decisions: 0, behind: 0 });
});

/** A log and its timelines in memory, that can fail where a process may end. */
function createMemory(log: readonly DecisionRecord[]) {
  const copied = new Set<string>();
  let [watermark, version] = [0, 0];
  let steps = Number.POSITIVE_INFINITY;
  const step = async () => {
    await Promise.resolve();
    steps -= 1;
    if (steps < 0) throw new Error('the process has ended');
  };
  const store: TimelineNeeds['store'] = {
    readWatermark: async () => {
      await step();
      return version === 0 ? null : { value: watermark, version: `${version}` };
    },
    readSlice: async ({ from, until }, limit) => {
      await step();
      const slice = log.filter(({ at }) => at >= from && at < until);
      return slice.length > limit ? null : slice;
    },
    copyIntoTimelines: async (slice) => {
      for (const { id } of slice) {
        await step();
        copied.add(id);
      }
    },
    writeWatermark: async (value, expected) => {
      await step();
      if (expected !== (version === 0 ? null : `${version}`)) return { outcome: version === 0 ? 'changed' : 'exists' };
      expect(value).toBeGreaterThan(watermark);
      // Everything before the watermark is copied whenever it moves.
      expect(log.filter(({ at, id }) => at < value && !copied.has(id))).toEqual([]);
      [watermark, version] = [value, version + 1];
      return { outcome: 'written', version: `${version}` };
    },
  };
  return { store, copied, endAfter: (count: number) => (steps = count) };
}

test('wherever processes end and however many run at once, nothing before the watermark is missing', async () => {
  await fc.assert(
    fc.asyncProperty(
      decisions(40),
      fc.array(fc.record({ instances: fc.integer({ min: 1, max: 3 }), steps: fc.nat(60) }), { maxLength: 12 }),
      async (log, runs) => {
        const { store, copied, endAfter } = createMemory(log);
        for (const { instances, steps } of runs) {
          endAfter(steps);
          const now = () => AT + DAY;
          await Promise.allSettled(Array.from({ length: instances }, () => projectTimelines({ store, now })));
        }
        endAfter(Number.POSITIVE_INFINITY);
        expect((await projectTimelines({ store, now: () => LATER })).behind).toBe(0);
        expect(copied).toEqual(new Set(log.map(({ id }) => id)));
      },
    ),
    { numRuns: 200 },
  );
});

test('a run is bounded by time and by decisions, and the next one goes on', async () => {
  const log = Array.from({ length: 50_000 }, (_, index) => decision({ at: AT + index }));
  const { store, copied } = createMemory(log);
  const counts: number[] = [];
  for (let behind = 1; behind > 0;) {
    const run = await projectTimelines({ store, now: () => LATER });
    counts.push(run.decisions);
    ({ behind } = run);
  }
  expect(counts.length).toBe(3);
  expect(Math.max(...counts)).toBeLessThanOrEqual(21_000);
  expect(copied.size).toBe(50_000);
  const slow = createMemory(log);
  let now = LATER;
  const first = await projectTimelines({ store: slow.store, now: () => (now += 1_000) });
  expect(now - LATER).toBeLessThanOrEqual(42_000);
  expect(first.behind).toBeGreaterThan(0);
});
