import { readFile } from 'node:fs/promises';

import { expect, test } from 'vitest';

import { OPERATOR_ENDPOINTS } from '../../../src/contract/endpoints.ts';
import type { Endpoint } from '../../../src/contract/endpoints.ts';
import { readPemBlocks } from '../../../src/trust/pem.ts';
import { createKey } from '../../endToEnd/protocolClient.ts';
import { useScenes } from '../../support/serviceScene.ts';
import type { Scene } from '../../support/serviceScene.ts';
import type { StoreFault } from '../../support/storeProxy.ts';
import type { OperatorRequest } from '../useStack.ts';

/** What operators can find of what they wrote. */

let ahead = 0;
const createScene = useScenes(() => ahead);

const MINUTE = 60_000;
const VM = '11111111-0000-4000-8000-000000000001';
const SUBSCRIPTION = 'aaaaaaaa-0000-4000-8000-000000000041';

type Item = Readonly<Record<string, unknown>>;

/** The operations of all records that were seen here. */
const recorded = new Set<unknown>();

async function list(scene: Scene, query = ''): Promise<readonly Item[]> {
  const { status, body } = await scene.operate(`GET /changes${query}`, { as: 'Reader' });
  expect(status).toBe(200);
  const items = body['items'] as Item[];
  for (const { operation } of items) recorded.add(operation);
  return items;
}

async function write(scene: Scene, request: string, options: OperatorRequest = {}): Promise<Item> {
  const { status, body } = await scene.operate(request, { as: 'Admin', ...options });
  expect([status, body]).toEqual([expect.toSatisfy((one: number) => one < 300), expect.anything()]);
  return body;
}

const ANY_ETAG = { 'If-Match': '*' };

test('each write of an operator gives a record: who, what, old and new, and why', async () => {
  const scene = await createScene();
  const offer = { offer: 'contoso/changed/*', mode: 'marketplace', seats: 3 };
  await write(scene, 'PUT /offers/contoso/changed/*?reason=new', { body: offer });
  await write(scene, 'PUT /offers/contoso/changed/*', { body: { ...offer, seats: 4 }, headers: ANY_ETAG });
  const override = `/offers/contoso/changed/*/overrides/emulator/${SUBSCRIPTION}`;
  await write(scene, `PUT ${override}`, { body: { seats: 9 } });
  await write(scene, `DELETE ${override}`);
  await write(scene, 'DELETE /offers/contoso/changed/*?reason=gone');
  const items = await list(scene);
  const named = items.map(({ operation, kind, key, state, reason }) => [operation, kind, key, state, reason]);
  const overrideKey = `contoso/changed/*/emulator/${SUBSCRIPTION}`;
  expect(named).toEqual([
    ['deleteOffer', 'offer', 'contoso/changed/*', 'done', 'gone'],
    ['deleteOverride', 'override', overrideKey, 'done', null],
    ['putOverride', 'override', overrideKey, 'done', null],
    ['putOffer', 'offer', 'contoso/changed/*', 'done', null],
    ['putOffer', 'offer', 'contoso/changed/*', 'done', 'new'],
  ]);
  expect(items.map(({ old, new: changed }) => [old, changed])).toMatchObject([
    [{ seats: 4 }, null],
    [{ seats: 9 }, null],
    [null, { seats: 9 }],
    [{ seats: 3 }, { seats: 4 }],
    [null, { seats: 3 }],
  ]);
  expect(items[0]).toMatchObject({ by: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, name: null } });
  const [{ id, request }] = items as [Item];
  expect([id, request]).toEqual([expect.stringMatching(/^[0-9a-f]{8}-/), expect.stringMatching(/^[0-9a-f]{8}-/)]);
  expect(await list(scene, '?kind=offer&key=CONTOSO/changed/*')).toEqual([items[0], items[3], items[4]]);
});

test('VMs, claim codes and trust have records too, and no secret is in them', async () => {
  const scene = await createScene();
  const key = createKey();
  expect((await scene.boot('licensed', { key })).status).toBe(200);
  const activation = `licence:http-standard/${VM}`;
  await write(scene, `POST /activations/${activation}/block?reason=stolen`);
  await write(scene, `POST /activations/${activation}/block`);
  await write(scene, `POST /activations/${activation}/unblock`);
  expect((await scene.boot('licensed', { key: createKey() })).status).toBe(200);
  await write(scene, `POST /activations/${activation}/release-key`);
  await write(scene, `POST /activations/${activation}/release`);
  await write(scene, 'POST /blocks', { body: { licence: 'http-small', vmId: VM } });
  const claim = await write(scene, 'POST /claims', { body: { licence: 'http-standard' } });
  const { id } = claim['claim'] as { id: string };
  await write(scene, `DELETE /claims/${id}`);
  const sha256 = 'ab'.repeat(32);
  await write(scene, 'POST /trust/distrusts?reason=leaked', { body: { sha256, note: 'x' } });
  await write(scene, `DELETE /trust/distrusts/${sha256}`);
  await write(scene, `DELETE /privacy/emulator/${SUBSCRIPTION}?reason=asked`);
  const items = await list(scene);
  expect(items.map((one) => [one['kind'], one['key'], one['old'], one['new'], one['reason']])).toMatchObject([
    ['privacy', `emulator/${SUBSCRIPTION}`, null, { vms: 0, complete: true }, 'asked'],
    ['distrust', sha256, { sha256, note: 'x' }, null, null],
    ['distrust', sha256, null, { sha256, note: 'x' }, 'leaked'],
    ['claim', id, { licence: 'http-standard', uses: 1 }, null, null],
    ['claim', id, null, { licence: 'http-standard', uses: 1 }, null],
    ['block', `licence:http-small/${VM}`, null, { blocked: true }, null],
    ['activation', activation, { seat: 0 }, { seat: null }, null],
    ['activation', activation, { keyChanges: [{}] }, { keyChanges: [] }, null],
    ['block', activation, { blocked: true }, { blocked: false }, null],
    ['block', activation, { blocked: false }, { blocked: true }, 'stolen'],
  ]);
  expect(items.every(({ state }) => state === 'done')).toBe(true);
  expect(JSON.stringify(items)).not.toContain(String(claim['code']));
});

test('a pin is recorded by its name and end, without the certificate', async () => {
  const scene = await createScene();
  const [certificate] = readPemBlocks(await readFile(scene.env['EMULATOR_TRUST_FILE'] ?? '', 'utf8'));
  const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(certificate ?? []).toString('base64')}\n-----END CERTIFICATE-----\n`;
  const pinned = await scene.operate('POST /trust/pins', {
    as: 'Admin',
    body: { cloud: 'emulator', certificate: pem, newAnchor: true },
  });
  expect(pinned.status).toBeLessThan(300);
  const [item] = await list(scene, '?kind=pin');
  expect(item).toMatchObject({ key: `emulator/${String(pinned.body['sha256'])}`, old: null, new: { role: 'root' } });
  expect(JSON.stringify(item)).not.toContain('BEGIN');
  await write(scene, `DELETE /trust/pins/${String(item?.['key'])}`);
  expect((await list(scene, '?kind=pin'))[0]).toMatchObject({ key: item?.['key'], old: item?.['new'], new: null });
});

test('a dry run, a repeat, a refused write and one that changes nothing give no record', async () => {
  const scene = await createScene();
  const { licence } = (await write(scene, 'GET /licences/http-standard')) as { licence: Item };
  const changed = { ...licence, note: 'changed' };
  await write(scene, 'PUT /licences/http-standard?dryRun=true', { body: changed });
  await write(scene, 'POST /trust/distrusts?dryRun=true', { body: { sha256: 'ab'.repeat(32) } });
  expect((await scene.operate('PUT /licences/http-standard', { body: changed })).status).toBe(428);
  const stale = { 'If-Match': '"eA"' };
  expect((await scene.operate('PUT /licences/http-standard', { body: changed, headers: stale })).status).toBe(412);
  // Refused after the record was begun: another licence has the subscription.
  const rival = { ...licence, id: 'rival', note: 'rival' };
  expect((await scene.operate('PUT /licences/rival', { body: rival })).status).toBe(409);
  await write(scene, 'PUT /licences/http-standard', { body: licence, headers: ANY_ETAG });
  expect(await list(scene)).toEqual([]);
  const headers = { ...ANY_ETAG, 'Idempotency-Key': 'once' };
  for (let times = 0; times < 2; times += 1) {
    await write(scene, 'PUT /licences/http-standard', { body: changed, headers });
  }
  expect(await list(scene)).toHaveLength(1);
});

test('a file gives one record for each object that it changes, all of one request', async () => {
  const scene = await createScene();
  const { body: file } = await scene.operate('GET /catalogue');
  const licences = file['licences'] as Item[];
  const body = {
    offers: [...(file['offers'] as Item[]), { offer: 'contoso/filed/*', mode: 'licensed' }],
    licences: licences.map((one, index) => (index < 2 ? { ...one, note: 'filed' } : one)),
  };
  await write(scene, 'POST /catalogue?dryRun=true', { body });
  expect(await list(scene)).toEqual([]);
  await write(scene, 'POST /catalogue?reason=season', { body });
  const items = await list(scene);
  expect(items.map(({ kind, key }) => `${String(kind)} ${String(key)}`).toSorted()).toEqual(
    [...licences.slice(0, 2).map(({ id }) => `licence ${String(id)}`), 'offer contoso/filed/*'].toSorted(),
  );
  expect(new Set(items.map(({ request }) => request)).size).toBe(1);
  expect(new Set(items.map(({ id }) => id)).size).toBe(3);
  expect(items.every(({ state, reason }) => state === 'done' && reason === 'season')).toBe(true);
  await write(scene, 'POST /imports/licences', { body: { licences: [{ ...licences[0], note: 'again' }] } });
  expect((await list(scene))[0]).toMatchObject({ old: { note: 'filed' }, new: { note: 'again' } });
});

test('single members and many licences are recorded alike', async () => {
  const scene = await createScene();
  await write(scene, 'PATCH /licences/http-standard', { body: { note: 'x' }, headers: ANY_ETAG });
  await write(scene, 'PATCH /offers/contoso/gateway/standard', { body: { keyChanges: 7 }, headers: ANY_ETAG });
  const bulk = { filter: { query: 'http standard' }, change: { note: 'y' } };
  const { effectToken } = await write(scene, 'POST /licences/changes?dryRun=true', { body: bulk });
  await write(scene, 'POST /licences/changes', { body: { ...bulk, effectToken } });
  expect((await list(scene)).map(({ key, old, new: changed }) => [key, old, changed])).toMatchObject([
    ['http-standard', { note: 'x' }, { note: 'y' }],
    ['contoso/gateway/standard', {}, { keyChanges: 7 }],
    ['http-standard', { note: '' }, { note: 'x' }],
  ]);
});

test('the list is filtered and paged, and says what is wrong with a filter', async () => {
  const scene = await createScene();
  for (const plan of ['a', 'b', 'c']) {
    await write(scene, `PUT /offers/contoso/paged/${plan}`, {
      body: { offer: `contoso/paged/${plan}`, mode: 'licensed' },
    });
  }
  const [newest, middle, oldest] = (await list(scene)) as [Item, Item, Item];
  expect([newest, middle, oldest].map(({ key }) => key)).toEqual(
    ['c', 'b', 'a'].map((plan) => `contoso/paged/${plan}`),
  );
  const first = await scene.operate('GET /changes?limit=2');
  expect(first.body['items']).toEqual([newest, middle]);
  const next = await scene.operate(`GET /changes?limit=2&continuation=${String(first.body['continuation'])}`);
  expect(next.body).toEqual({ items: [oldest], continuation: null, cloud: null });
  const { id } = newest['by'] as { id: string };
  expect(await list(scene, `?by=${id}`)).toHaveLength(3);
  expect(await list(scene, '?by=nobody')).toEqual([]);
  expect(await list(scene, '?kind=licence')).toEqual([]);
  expect(await list(scene, `?from=${String(newest['at'])}`)).toEqual([newest]);
  expect(await list(scene, `?until=${String(middle['at'])}`)).toEqual([oldest]);
  for (const query of ['key=x', 'kind=nothing', 'from=2027-01-01T00:00:00Z&until=2026-01-01T00:00:00Z']) {
    expect((await scene.operate(`GET /changes?${query}`)).status).toBe(400);
  }
});

/** A write, and whether the store has it. */
interface Drill {
  readonly request: string;
  readonly body?: Item;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isWritten: () => Promise<boolean>;
}

/**
 * Writes, and the process ends with a call of the store: before the store heard of it, or after it. Nothing that it does
 * later arrives.
 *
 * @returns what the list says of the write five minutes later: it must be what happened
 */
async function die(scene: Scene, call: number, how: StoreFault, drill: Drill): Promise<string> {
  const { request, isWritten, ...options } = drill;
  const from = new Date(scene.now()).toISOString();
  scene.proxy.fail(/./, ...new Array<StoreFault>(call).fill('none'), how, ...new Array<StoreFault>(100).fill('refuse'));
  await scene.operate(request, { as: 'Admin', headers: ANY_ETAG, ...options });
  scene.proxy.recover();
  ahead += 5 * MINUTE;
  const [record, ...more] = await list(scene, `?from=${from}`);
  expect(more).toEqual([]);
  const state = record === undefined ? 'no record' : String(record['state']);
  expect([call, how, state, await isWritten()]).toEqual([call, how, state, state === 'done']);
  return state;
}

const CALLS = Array.from({ length: 12 }, (_, call) => call);
const ENDS = CALLS.flatMap((call) => (['refuse', 'lost'] as const).map((how) => ({ call, how })));

test('whichever call a process ends with, the list says whether a licence was written or deleted', async () => {
  const scene = await createScene();
  const seen = new Set<string>();
  for (const [index, { call, how }] of ENDS.entries()) {
    const id = `drill-${index}`;
    const subscription = `bbbbbbbb-0000-4000-8000-${`${index}`.padStart(12, '0')}`;
    const licence = { id, offer: 'contoso/gateway/standard', seats: 1, cloud: 'emulator', subscription };
    await write(scene, `PUT /licences/${id}`, { body: licence });
    const read = async () => (await scene.store.readLicence(id))?.value ?? null;
    const body = { ...licence, seats: 2 };
    const put = { request: `PUT /licences/${id}`, body, isWritten: async () => (await read())?.seats === 2 };
    seen.add(`put: ${await die(scene, call, how, put)}`);
    const removal = { request: `DELETE /licences/${id}`, isWritten: async () => (await read()) === null };
    seen.add(`delete: ${await die(scene, call, how, removal)}`);
  }
  const states = ['no record', 'failed', 'done'];
  expect([...seen].toSorted()).toEqual(
    ['put', 'delete'].flatMap((what) => states.map((state) => `${what}: ${state}`)).toSorted(),
  );
});

test('whichever call a process ends with, the list says whether an offer was written', async () => {
  const scene = await createScene();
  const seen = new Set<string>();
  for (const [index, { call, how }] of ENDS.entries()) {
    const plan = { publisher: 'contoso', product: `drill-${index}`, name: '*' };
    const offer = `contoso/drill-${index}/*`;
    const isWritten = async () => (await scene.store.readOffer(plan)) !== null;
    const put = { request: `PUT /offers/${offer}`, body: { offer, mode: 'licensed' }, headers: {}, isWritten };
    seen.add(await die(scene, call, how, put));
  }
  expect([...seen].toSorted()).toEqual(['done', 'failed', 'no record']);
});

test('a write that is still going on is told as begun, and what was overwritten since as unknown', async () => {
  const scene = await createScene();
  const { licence } = (await write(scene, 'GET /licences/http-standard')) as { licence: Item };
  const put = (note: string) =>
    scene.operate('PUT /licences/http-standard', { body: { ...licence, note }, headers: ANY_ETAG });
  scene.proxy.fail(/licences\(row\)$/, 'none', 'lost', ...new Array<StoreFault>(100).fill('refuse'));
  expect((await put('first')).status).toBe(503);
  scene.proxy.recover();
  expect((await list(scene))[0]).toMatchObject({ new: { note: 'first' } });
  await put('second');
  expect((await list(scene)).map(({ state }) => state)).toEqual(['done', 'begun']);
  ahead += 5 * MINUTE;
  expect((await list(scene)).map(({ state }) => state)).toEqual(['done', 'unknown']);
});

/** Beside their own tests. */
const ELSEWHERE = ['putKeySet', 'activateOffline', 'restoreBackup', 'confirmRestore'];

test('every operation of operators that writes has been seen with a record', () => {
  const writing = Object.entries<Endpoint>(OPERATOR_ENDPOINTS).filter(([, { method }]) => method !== 'GET');
  const names = writing.map(([name]) => name);
  expect(names.filter((name) => !recorded.has(name))).toEqual(names.filter((name) => ELSEWHERE.includes(name)));
});
