import { expect, test } from 'vitest';

import { forEachAtOnce } from '../../../src/catalogue/atOnce.ts';
import { licence } from '../../support/licensing.ts';
import { useScenes } from '../../support/serviceScene.ts';
import type { Scene } from '../../support/serviceScene.ts';
import type { StoreFault } from '../../support/storeProxy.ts';

/** Many licences by a filter: the effect first, then the write that names it. */

let ahead = 0;
const createScene = useScenes(() => ahead);

type Member = Readonly<Record<string, unknown>>;

async function grant(scene: Scene, ids: readonly string[], changed: Member = {}): Promise<void> {
  for (const [index, id] of ids.entries()) {
    const subscription = `dddddddd-0000-4000-8000-${`${index}`.padStart(12, '0')}`;
    const body = { id, offer: 'contoso/gateway/standard', seats: 3, cloud: 'emulator', subscription, ...changed };
    expect((await scene.operate(`PUT /licences/${id}`, { body })).status).toBe(201);
  }
}

const change = (scene: Scene, body: Member, query = '') => scene.operate(`POST /licences/changes${query}`, { body });

async function readStatuses(scene: Scene, ids: readonly string[]) {
  return Promise.all(ids.map(async (id) => (await scene.store.readLicence(id))?.value.status));
}

const IDS = ['bulk-1', 'bulk-2', 'bulk-3'] as const;
const BULK = { filter: { query: 'bulk' }, change: { status: 'suspended' } };

test('the effect is told with a token, and the change that brings it is made, with one record a licence', async () => {
  const scene = await createScene();
  await grant(scene, IDS);
  const tried = await change(scene, BULK, '?dryRun=true&reason=unpaid');
  const [active, suspended] = ['active', 'suspended'].map((status) =>
    Object.fromEntries(IDS.map((id) => [id, { status }])),
  );
  const token = expect.stringMatching(/^[\w-]{43}$/) as string;
  expect([tried.status, tried.body]).toEqual([
    200,
    {
      dryRun: true,
      old: active,
      new: suspended,
      effect: { vms: 0, licences: IDS, licencesInAll: 3 },
      effectToken: token,
    },
  ]);
  expect(await readStatuses(scene, IDS)).toEqual(['active', 'active', 'active']);
  const { effectToken } = tried.body;
  const { status, body } = await change(scene, { ...BULK, effectToken }, '?reason=unpaid');
  const licences = IDS.map((id) => ({ id, outcome: 'changed' }));
  expect([status, body]).toEqual([200, { changed: 3, unchanged: 0, failed: 0, unknown: 0, licences }]);
  expect(await readStatuses(scene, IDS)).toEqual(['suspended', 'suspended', 'suspended']);
  const list = await scene.operate('GET /changes?kind=licence&limit=3');
  const records = list.body['items'] as Member[];
  expect(records.map(({ key }) => key).toSorted()).toEqual(IDS);
  for (const record of records) {
    expect(record).toMatchObject({ operation: 'changeLicences', state: 'done', reason: 'unpaid' });
    expect(record).toMatchObject({ old: { status: 'active' }, new: { status: 'suspended' } });
  }
  expect(new Set(records.map(({ request }) => request)).size).toBe(1);
});

test('a change without a token, or with that of other licences, versions or changes, is refused', async () => {
  const scene = await createScene();
  await grant(scene, IDS);
  const missing = await change(scene, BULK);
  expect([missing.status, missing.body['code']]).toEqual([428, 'precondition_required']);
  const ask = async () => (await change(scene, BULK, '?dryRun=true')).body['effectToken'];
  const refuse = async (body: Member) => {
    const { status, body: problem } = await change(scene, body);
    expect([status, problem['code']]).toEqual([412, 'changed_meanwhile']);
  };
  const effectToken = await ask();
  expect(await ask()).toBe(effectToken);
  await refuse({ ...BULK, change: { status: 'revoked' }, effectToken });
  await refuse({ ...BULK, filter: { query: 'bulk 1' }, effectToken });
  const headers = { 'If-Match': '*' };
  expect((await scene.operate('PATCH /licences/bulk-2', { body: { note: 'x' }, headers })).status).toBe(200);
  await refuse({ ...BULK, effectToken });
  const again = await ask();
  await scene.operate('DELETE /licences/bulk-3');
  await refuse({ ...BULK, effectToken: again });
  expect(await readStatuses(scene, IDS)).toEqual(['active', 'active', undefined]);
});

test('the filter is that of the list: words, status, offer, end, subscription, cloud', async () => {
  const scene = await createScene();
  await grant(scene, IDS);
  await scene.operate('PATCH /licences/bulk-1', {
    body: { validUntil: '2027-01-01T00:00:00Z' },
    headers: { 'If-Match': '*' },
  });
  const find = async (filter: Member) => {
    const { body } = await change(scene, { filter, change: { note: 'found' } }, '?dryRun=true');
    return (body['effect'] as { licences: unknown }).licences;
  };
  expect(await find({ query: 'bulk', endsBefore: '2028-01-01T00:00:00Z' })).toEqual(['bulk-1']);
  expect(await find({ subscription: 'dddddddd-0000-4000-8000-000000000002', cloud: 'emulator' })).toEqual(['bulk-3']);
  expect(await find({ status: 'revoked' })).toEqual(['http-revoked']);
  expect(await find({ query: 'bulk', offer: 'contoso/gateway/small' })).toEqual([]);
  expect(await find({ query: 'bulk', offer: 'contoso/gateway/*' })).toEqual(IDS);
  expect(await find({ cloud: 'AzurePublicCloud' })).toEqual([]);
});

test.each([
  [{ filter: { colour: 'red' }, change: {} }, 'colour'],
  [{ filter: {}, change: { id: 'one' } }, '"id"'],
  [{ filter: {}, change: { subscriptions: [] } }, '"subscriptions"'],
  [{ filter: {}, change: { offer: 'contoso/gateway/small' } }, '"offer"'],
  [{ filter: { query: 'bulk' }, change: { seats: 'many' } }, 'The licence bulk-1 as it would be'],
  [{ filter: {} }, 'change'],
  [{ change: {} }, 'filter'],
] as const)('what is not well formed is refused before anything is written: %j', async (body, told) => {
  const scene = await createScene();
  await grant(scene, ['bulk-1']);
  for (const query of ['', '?dryRun=true']) {
    const refused = await change(scene, body, query);
    expect([refused.status, refused.body['code']]).toEqual([400, 'request_malformed']);
    expect(String(refused.body['detail'])).toContain(told);
  }
});

test('the answer says what became of each licence, and only what was changed has a record', async () => {
  const scene = await createScene();
  await grant(scene, IDS);
  await scene.operate('PATCH /licences/bulk-2', { body: { status: 'suspended' }, headers: { 'If-Match': '*' } });
  const before = (await scene.operate('GET /changes')).body['items'] as Member[];
  const { effectToken } = (await change(scene, BULK, '?dryRun=true')).body;
  // Somebody else writes one of them between the search and its turn.
  scene.proxy.fail(/^PUT licences\(row\)/, { status: 412, code: 'UpdateConditionNotSatisfied' });
  const { status, body } = await change(scene, { ...BULK, effectToken });
  expect([status, body]).toMatchObject([200, { changed: 1, unchanged: 1, failed: 1, unknown: 0 }]);
  const failed = (body['licences'] as Member[]).find(({ outcome }) => outcome === 'failed');
  expect(failed).toMatchObject({ code: 'changed_meanwhile', detail: expect.any(String) as string });
  const items = (await scene.operate('GET /changes')).body['items'] as Member[];
  expect(items).toHaveLength(before.length + 1);
  expect(items[0]).toMatchObject({ state: 'done', key: failed?.['id'] === 'bulk-1' ? 'bulk-3' : 'bulk-1' });
});

test('where the store fails in the middle, the answer names the licences that are unknown, and the list finds out', async () => {
  const scene = await createScene();
  await grant(scene, IDS);
  const { effectToken } = (await change(scene, BULK, '?dryRun=true')).body;
  // Sent again after the answer was lost, and then refused for good.
  scene.proxy.fail(/^PUT licences\(row\)/, 'lost', ...new Array<StoreFault>(30).fill('refuse'));
  const { status, body } = await change(scene, { ...BULK, effectToken });
  scene.proxy.recover();
  expect(status).toBe(200);
  const licences = body['licences'] as Member[];
  expect(licences.every(({ outcome, code }) => outcome !== 'changed' && code === 'store_unavailable')).toBe(true);
  ahead += 300_000;
  const { body: list } = await scene.operate('GET /changes?kind=licence');
  const states = (list['items'] as Member[])
    .filter(({ operation }) => operation === 'changeLicences')
    .map(({ key, state }) => [key, state] as const);
  for (const [key, state] of states) {
    const [written] = await readStatuses(scene, [String(key)]);
    expect([key, state]).toEqual([key, written === 'suspended' ? 'done' : 'failed']);
  }
  expect(states.map(([, state]) => state)).toContain('done');
});

test('there may be at most 1,000 at a time', async () => {
  const scene = await createScene();
  const one = licence({ plan: { publisher: 'contoso', product: 'gateway', name: 'standard' } });
  await forEachAtOnce(
    Array.from({ length: 1_001 }, (_, index) => `many-${index}`),
    async (id) => {
      await scene.store.writeLicence({ ...one, id }, null, { by: 'test', at: scene.now() });
    },
  );
  const many = { filter: { query: 'many' }, change: { note: 'many' } };
  const refused = await change(scene, many, '?dryRun=true');
  expect([refused.status, refused.body['detail']]).toEqual([400, expect.stringContaining('more than 1000 licences')]);
  await scene.store.deleteLicence('many-0', null);
  const { effect } = (await change(scene, many, '?dryRun=true')).body;
  expect(effect).toMatchObject({ licencesInAll: 1_000 });
});
