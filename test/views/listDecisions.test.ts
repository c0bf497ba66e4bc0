import fc from '../support/properties.ts';
import { expect, test } from 'vitest';

import { ContinuationError } from '../../src/contract/stored.ts';
import type { DecisionFilter } from '../../src/decisions/decisionRecord.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { createListDecisions } from '../../src/views/listDecisions.ts';
import { LAG } from '../../src/views/projectLog.ts';
import { projectTimelines } from '../../src/views/projectTimelines.ts';
import { useAzurite } from '../support/azurite.ts';
import { decision, decisions, expectedList, filters, readAll } from '../support/decisions.ts';
import { AT, DAY, HOUR, MINUTE, SUBSCRIPTION, VM_ID, vmId } from '../support/licensing.ts';

const tables = useAzurite();
const CLOUD = 'AzurePublicCloud';
const OF_SUBSCRIPTION = { cloud: CLOUD, subscriptionId: SUBSCRIPTION };
const OF_VM = { cloud: CLOUD, vmId: VM_ID };

async function createLists() {
  const { connectionString, tablePrefix } = tables();
  let [trips, now] = [0, AT];
  const store = createTablesStore({ connection: { connectionString }, tablePrefix, onRoundTrip: () => (trips += 1) });
  await store.ensureTables();
  const create = () => createListDecisions({ store, now: () => now });
  return {
    ...{ store, create, list: create() },
    /** Until everything before `at` is in the timelines. */
    project: (at: number) => projectTimelines({ store, now: () => at + LAG }),
    pass: (milliseconds: number) => (now += milliseconds),
    countTrips: async (run: () => Promise<unknown>) => {
      const before = trips;
      await run();
      return trips - before;
    },
  };
}

const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);

/** Where the projector may have come: before, between and after the decisions. */
const seams = fc.constantFrom(...[-2, -1, 0, 1, 2].flatMap((day) => [AT + day * DAY, AT + day * DAY + HOUR + 4]));

test('whatever is asked and wherever the projector is, lists are the newest first, no row twice and none missing', async () => {
  await fc.assert(
    fc.asyncProperty(
      decisions(60),
      fc.array(seams, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(filters, fc.constantFrom(OF_SUBSCRIPTION, OF_VM, {}), fc.integer({ min: 1, max: 20 })), {
        minLength: 12,
        maxLength: 12,
      }),
      async (all, projected, asked) => {
        const { store, create, project } = await createLists();
        await Promise.all(all.map((one) => store.insertDecision(one)));
        for (const seam of projected.toSorted((left, right) => left - right)) {
          await project(seam);
          const list = create();
          for (const [filter, owner, size] of asked) {
            const named: DecisionFilter = { ...filter, ...owner };
            const listed = await readAll((page) => list(named, page), size);
            expect(listed).toEqual(expectedList(all, named));
          }
        }
      },
    ),
    { numRuns: 8 },
  );
});

test('pages go on from the first one’s seam, though the projector runs in between and decisions come', async () => {
  const { store, list, project, pass } = await createLists();
  const all = Array.from({ length: 40 }, (_, index) => decision({ at: AT + index * MINUTE }));
  await Promise.all(all.map((one) => store.insertDecision(one)));
  await project(AT + 10 * MINUTE);
  for (const owner of [OF_SUBSCRIPTION, OF_VM]) {
    let pages = 0;
    const listed = await readAll(async (page) => {
      pages += 1;
      await project(AT + (10 + pages * 2) * MINUTE);
      pass(2 * MINUTE);
      await store.insertDecision(decision({ at: AT + DAY + pages, subscriptionId: vmId(8), vmId: vmId(8) }));
      return list(owner, page);
    }, 3);
    expect(idsOf(listed)).toEqual(idsOf(all.toReversed()));
    expect(pages).toBe(14);
  }
});

test('a page over the seam has rows of both sides, and is full', async () => {
  const { store, list, project } = await createLists();
  const all = Array.from({ length: 6 }, (_, index) => decision({ at: AT + index }));
  for (const one of all) await store.insertDecision(one);
  await project(AT + 3);
  const { items, next } = await list(OF_VM, { size: 5 });
  expect(idsOf(items)).toEqual(idsOf(all.toReversed().slice(0, 5)));
  expect(idsOf((await list(OF_VM, { size: 5, continuation: next ?? '' })).items)).toEqual([all[0]?.id]);
});

test('a page costs at most two round trips, and one where it is on one side of the seam', async () => {
  const { store, list, project, countTrips, pass } = await createLists();
  const all = Array.from({ length: 30 }, (_, index) => decision({ at: AT + index }));
  await Promise.all(all.map((one) => store.insertDecision(one)));
  await project(AT + 20);
  const page = (size: number, continuation?: string) => () => list(OF_SUBSCRIPTION, { size, continuation });
  // The watermark too, once a minute.
  expect(await countTrips(page(15))).toBe(3);
  expect(await countTrips(page(15))).toBe(2);
  expect(await countTrips(page(5))).toBe(1);
  const { next } = await page(15)();
  expect(await countTrips(page(15, next ?? ''))).toBe(1);
  expect(await countTrips(() => list({ ...OF_SUBSCRIPTION, until: AT + 9 }, { size: 5 }))).toBe(1);
  expect(await countTrips(() => list({ ...OF_SUBSCRIPTION, from: AT + 21 }, { size: 50 }))).toBe(1);
  pass(MINUTE);
  expect(await countTrips(page(15))).toBe(3);
  expect(await countTrips(() => list({ vmId: VM_ID }, { size: 50 }))).toBe(1);
});

test('without a watermark, everything comes from the log', async () => {
  const { store, list } = await createLists();
  const all = [decision(), decision({ at: AT + 1 })];
  for (const one of all) await store.insertDecision(one);
  expect(idsOf((await list(OF_VM, { size: 5 })).items)).toEqual(idsOf(all.toReversed()));
});

test('a page is continued in its own list alone', async () => {
  const { store, list, project } = await createLists();
  for (let index = 0; index < 4; index += 1) await store.insertDecision(decision({ at: AT + index }));
  await project(AT + 2);
  const tail = (await list(OF_VM, { size: 1 })).next ?? '';
  const older = (await list(OF_VM, { size: 3 })).next ?? '';
  expect([tail, older].map((next) => next.split('!')[1])).toEqual(['log', 'timeline']);
  const forged = ['', 'x', '!!', `${AT}!other!`, `-1!log!`, `${AT + 1}${tail.slice(tail.indexOf('!'))}`, `${older}.x`];
  for (const continuation of forged) {
    await expect(list(OF_VM, { size: 1, continuation }), continuation).rejects.toThrow(ContinuationError);
  }
  for (const continuation of [tail, older]) {
    await expect(list(OF_SUBSCRIPTION, { size: 1, continuation })).rejects.toThrow(ContinuationError);
    await expect(list({ ...OF_VM, code: 'vm_blocked' }, { size: 1, continuation })).rejects.toThrow(ContinuationError);
    await expect(list({}, { size: 1, continuation })).rejects.toThrow(ContinuationError);
  }
});

test('old decisions are deleted with their copies, those too that were never copied', async () => {
  const { store, project } = await createLists();
  const old = [decision({ at: AT - 3 * DAY }), decision({ at: AT - 2 * DAY - 1, vmId: vmId(2) })];
  const [late, young] = [decision({ at: AT - 2 * DAY }), decision()];
  for (const one of [...old, late, young]) await store.insertDecision(one);
  await project(AT - 2 * DAY);
  await project(AT + 1);
  const owners = [
    { kind: 'subscription', ...OF_SUBSCRIPTION },
    { kind: 'vm', ...OF_VM },
    { kind: 'vm', cloud: CLOUD, vmId: vmId(2) },
  ] as const;
  const copies = () =>
    Promise.all(owners.map(async (owner) => idsOf((await store.pageTimeline(owner, {}, { size: 9 })).items)));
  await store.insertDecision(decision({ at: AT - 4 * DAY }));
  let deleted = 0;
  for await (const count of store.deleteDecisions(AT - DAY)) deleted += count;
  expect(deleted).toBe(4);
  expect(await copies()).toEqual([[young.id], [young.id], []]);
  expect((await store.readWatermark())?.value).toBe(AT + 1);
});
