import { TableClient } from '@azure/data-tables';
import fc from '../support/properties.ts';
import { expect, test } from 'vitest';

import { projectViews } from '../../src/app/projectViews.ts';
import type { Licence } from '../../src/catalogue/licence.ts';
import { pickKept, splitWords } from '../../src/catalogue/licenceWords.ts';
import { createDecisionId } from '../../src/decisions/decisionRecord.ts';
import type { ChangeMark, ChangeStore } from '../../src/decisions/changes.ts';
import { activate } from '../../src/seats/activate.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { followLicences } from '../../src/views/followLicences.ts';
import { LAG } from '../../src/views/projectLog.ts';
import { projectLicence } from '../../src/views/projectLicence.ts';
import { readSearch } from '../../src/views/readSearch.ts';
import { useAzurite } from '../support/azurite.ts';
import { decision } from '../support/decisions.ts';
import { Died, dying } from '../support/dyingStore.ts';
import {
  AT,
  DAY,
  entitlement,
  licence,
  MINUTE,
  request,
  SUBSCRIPTION,
  subscriptions,
  vmId,
} from '../support/licensing.ts';

const tables = useAzurite();
const CHANGE = { by: 'test', at: AT };

/** What operators changed, in memory. */
function createChanges() {
  const log: ChangeMark[] = [];
  const reader: Pick<ChangeStore, 'readChanged'> = {
    readChanged: ({ from, until }, limit) => {
      const found = log.filter(({ at }) => at >= from && at < until);
      return Promise.resolve(found.length > limit ? null : found);
    },
  };
  return { log, reader };
}

async function createScene() {
  let [trips, now] = [0, AT];
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix, onRoundTrip: () => (trips += 1) });
  await store.ensureTables();
  const { log, reader } = createChanges();
  const needs = { store: { ...store, ...reader }, now: () => now };
  const readRows = async (name: string) => {
    const table = TableClient.fromConnectionString(connectionString, tablePrefix + name, {
      allowInsecureConnection: true,
    });
    const rows: string[] = [];
    for await (const { partitionKey, rowKey } of table.listEntities()) rows.push(`${partitionKey} ${rowKey}`);
    return rows;
  };
  const deletePass = async () => {
    const options = { allowInsecureConnection: true };
    await TableClient.fromConnectionString(connectionString, `${tablePrefix}views`, options).deleteEntity(
      'views',
      'pass',
    );
  };
  return {
    ...{ store, needs, log, readRows, deletePass },
    setTime: (at: number) => (now = at),
    project: () => projectViews(needs, () => undefined),
    find: async (text: string) => {
      const before = trips;
      const found = await readSearch(store, text, now);
      expect(trips - before).toBeLessThanOrEqual(4);
      return found;
    },
    findIds: async (text: string) => (await readSearch(store, text, now))?.licences.map(({ id }) => id),
    put: async (changed: Partial<Licence>) => {
      const value = licence(changed);
      const known = await store.readLicence(value.id);
      await store.writeLicence(value, known?.version ?? null, { ...CHANGE, at: now });
      log.push({ at: now, kind: 'licence', key: value.id });
    },
  };
}

const customer = (name: string, reference: string | null = null) => ({ name, reference, contact: null });

test('licences are found by the beginnings of words of id, customer and note, without regard to case and accents', async () => {
  const { put, project, findIds, find } = await createScene();
  await put({ id: 'FAB-2026', customer: customer('Fabrikam Électrique', 'K-4711'), note: 'calls on Mondays' });
  await put({ id: 'fab-2027', customer: customer('Fabrikam') });
  await put({ id: 'other', customer: customer('北京 Contoso') });
  await project();
  for (const text of ['fabrikam electr', 'FABRI ÉLEC', 'k-4711', '4711', 'mondays', 'fab-2026', 'fab 2026 mon']) {
    expect(await findIds(text), text).toEqual(['FAB-2026']);
  }
  expect(await findIds('fabr')).toEqual(['FAB-2026', 'fab-2027']);
  expect(await findIds('北京')).toEqual(['other']);
  expect(await findIds('abrikam')).toEqual([]);
  // One letter is looked for among ids alone, and words may begin with it.
  expect(await find('x')).toMatchObject({ licences: [], complete: false });
  expect(await find('f-2')).toMatchObject({ licences: [], complete: false });
  expect(await find('é')).toBeNull();
});

test('a licence is found by its id before anything was projected, and by its words after the next run', async () => {
  const { put, project, findIds, setTime } = await createScene();
  await project();
  setTime(AT + MINUTE);
  await put({ id: 'Fresh', customer: customer('Northwind') });
  expect(await findIds('fresh')).toEqual(['Fresh']);
  expect(await findIds('northwind')).toEqual([]);
  setTime(AT + 2 * MINUTE);
  await project();
  expect(await findIds('northw')).toEqual(['Fresh']);
  expect(await findIds('fresh')).toEqual(['Fresh']);
});

test('what a licence says no longer is not found any more, and what was deleted leaves no row', async () => {
  const { store, put, project, findIds, log, setTime, readRows } = await createScene();
  await put({ id: 'one', customer: customer('Fabrikam') });
  await project();
  setTime(AT + MINUTE);
  await put({ id: 'one', customer: customer('Northwind') });
  setTime(AT + 2 * MINUTE);
  await project();
  expect([await findIds('fabrikam'), await findIds('northwind')]).toEqual([[], ['one']]);
  await store.deleteLicence('one', null);
  log.push({ at: AT + MINUTE, kind: 'licence', key: 'one' });
  await project();
  expect(await readRows('licencesBy')).toEqual([]);
  expect((await readRows('search')).filter((row) => row.startsWith('licence:'))).toEqual([]);
});

test('the daily pass finds what no log of changes speaks of, deleted licences too', async () => {
  const { store, put, project, findIds, log, setTime, readRows } = await createScene();
  await project();
  await put({ id: 'one', customer: customer('Fabrikam') });
  log.length = 0;
  await project();
  expect(await findIds('fabrikam')).toEqual([]);
  setTime(AT + DAY);
  await project();
  expect(await findIds('fabrikam')).toEqual(['one']);
  await store.deleteLicence('one', null);
  setTime(AT + 2 * DAY);
  await project();
  expect(await readRows('licencesBy')).toEqual([]);
});

test('without a mark of the pass, what is missing is written again, though it seems to be there', async () => {
  const { store, put, project, findIds, setTime, deletePass } = await createScene();
  await put({ id: 'one', customer: customer('Fabrikam') });
  await project();
  await store.deleteCopies({ id: 'one', version: '', words: ['fabrikam'], copies: [] });
  setTime(AT + DAY);
  await project();
  expect(await findIds('fabrikam')).toEqual([]);
  await deletePass();
  await project();
  expect(await findIds('fabrikam')).toEqual(['one']);
});

test('more changes than are read at once are followed all the same, and changes that are written late too', async () => {
  const { needs, put, log, findIds, setTime } = await createScene();
  await followLicences(needs);
  await put({ id: 'one', customer: customer('Fabrikam') });
  for (let index = 0; index < 2_500; index += 1) log.push({ at: AT + index, kind: 'offer', key: 'x' });
  setTime(AT + 5 * MINUTE);
  expect(await followLicences(needs)).toBe(1);
  expect(await findIds('fabrikam')).toEqual(['one']);
  await put({ id: 'late', customer: customer('Latecomer') });
  log.pop();
  setTime(AT + 9 * MINUTE);
  await followLicences(needs);
  log.push({ at: AT + 5 * MINUTE, kind: 'licence', key: 'LATE' });
  setTime(AT + 14 * MINUTE);
  await followLicences(needs);
  expect(await findIds('latecomer')).toEqual(['late']);
});

test('subscriptions, VMs and decisions are found by their id, and ids by their beginning', async () => {
  const { store, project, find, setTime, put } = await createScene();
  const named = decision({ vmId: vmId(7) });
  await store.insertDecision(named);
  await put({ subscriptions: subscriptions(vmId(90)) });
  const held = entitlement();
  await activate(store, held, request(held, { vmId: vmId(8) }));
  expect(await find(named.id)).toMatchObject({ decisions: [{ id: named.id }], vms: [] });
  setTime(AT + LAG + 1);
  await project();
  const cloud = 'AzurePublicCloud';
  expect(await find(vmId(7))).toMatchObject({ vms: [{ id: vmId(7), cloud, at: AT }], complete: true });
  // It renews, and the log has forgotten it.
  expect(await find(vmId(8))).toMatchObject({ vms: [{ id: vmId(8), cloud }] });
  expect(await find(SUBSCRIPTION.toUpperCase())).toMatchObject({ subscriptions: [{ id: SUBSCRIPTION, cloud }] });
  expect(await find(vmId(90).slice(0, 9))).toMatchObject({ subscriptions: [{ id: vmId(90) }], vms: [{}, {}] });
  expect(await find(createDecisionId(AT))).toMatchObject({ decisions: [], vms: [], complete: true });
});

test('a subscription and a VM are found by their whole id before anything was projected, and as they were met last', async () => {
  const { store, project, find, setTime } = await createScene();
  const cloud = 'AzurePublicCloud';
  await store.insertDecision(decision({ vmId: vmId(7) }));
  expect(await find(vmId(7).toUpperCase())).toMatchObject({ vms: [{ id: vmId(7), cloud, at: AT }], complete: true });
  expect(await find(SUBSCRIPTION)).toMatchObject({ subscriptions: [{ id: SUBSCRIPTION, cloud }], vms: [] });
  expect(await find(vmId(8))).toMatchObject({ subscriptions: [], vms: [], complete: true });
  const later = AT + LAG + 1;
  setTime(later);
  await project();
  await store.insertDecision(decision({ vmId: vmId(7), at: later, id: createDecisionId(later) }));
  const found = await find(vmId(7));
  expect(found?.vms).toEqual([{ kind: 'vm', id: vmId(7), cloud, at: later }]);
});

test('an id is said to be looked for in part where the newest decisions are too many to look through', async () => {
  const { store } = await createScene();
  const crowded = { ...store, readSlice: () => Promise.resolve(null) };
  expect(await readSearch(crowded, vmId(7), AT)).toMatchObject({ vms: [], complete: false });
});

test('at most twenty of each kind are told, and that there are more', async () => {
  const { store, find, needs } = await createScene();
  for (let index = 0; index < 21; index += 1) {
    const value = licence({
      id: `l-${index}`,
      subscriptions: subscriptions(vmId(100 + index)),
      customer: customer('Fabrikam'),
    });
    await store.writeLicence(value, null, CHANGE);
    await projectLicence(needs.store, value.id);
  }
  const found = await find('fabrikam');
  expect(found?.licences).toHaveLength(20);
  expect(found?.complete).toBe(false);
});

test('old ids are cleaned, and what is to be forgotten goes', async () => {
  const { store, readRows } = await createScene();
  const cloud = 'AzurePublicCloud';
  await store.putIds([1, 2, 3].map((day) => ({ kind: 'vm', cloud, id: vmId(day), at: AT + day * DAY })));
  let count = 0;
  for await (const deleted of store.deleteIds(AT + 2 * DAY)) count += deleted;
  expect(count).toBe(1);
  await store.deleteId({ kind: 'vm', cloud, id: vmId(3) });
  expect(await readRows('search')).toEqual([`id:00 ${vmId(2)}:vm:${cloud}`]);
});

/** Few texts, so that licences share words and lose them again. */
const texts = fc.constantFrom('fabrikam north', 'fabrikam', 'contoso', 'contoso north', 'a b');

test('wherever the projector dies, the next one leaves each licence with its own words and copies alone', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          name: fc.option(texts),
          end: fc.option(fc.constantFrom(AT, AT + DAY)),
          calls: fc.option(fc.nat(12)),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      async (history) => {
        const { store, needs, readRows } = await createScene();
        let last: Licence | null = null;
        for (const { name, end, calls } of history) {
          const known = await store.readLicence('one');
          last = name === null ? null : licence({ id: 'one', customer: customer(name), validUntil: end });
          if (last !== null) await store.writeLicence(last, known?.version ?? null, CHANGE);
          else if (known !== null) await store.deleteLicence('one', known.version);
          const projecting = [calls, null].map((after) => projectLicence(dying(needs.store, after), 'one'));
          for (const end of await Promise.allSettled(projecting)) {
            if (end.status === 'rejected' && !(end.reason instanceof Died)) throw end.reason;
          }
        }
        await projectLicence(needs.store, 'one');
        const words = last === null ? [] : pickKept(splitWords(`one ${last.customer?.name ?? ''}`));
        const rows = words.map((word) => `licence:${word.slice(0, 2)} ${word}:one`);
        expect((await readRows('search')).toSorted()).toEqual(rows.toSorted());
        expect(await readRows('licencesBy')).toHaveLength(last === null ? 0 : 4);
      },
    ),
    { numRuns: 12 },
  );
});

test('words are letters and digits of any language', () => {
  expect(splitWords('Ünïted-Widgets, (x) 42! 北京 ﬁne')).toEqual(['united', 'widgets', 'x', '42', '北京', 'fine']);
  expect(splitWords('a'.repeat(40))).toEqual(['a'.repeat(32)]);
});
