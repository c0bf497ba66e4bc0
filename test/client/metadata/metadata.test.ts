import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ClientError } from '../../../src/client/index.ts';
import type { ClientCode } from '../../../src/client/index.ts';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { VM_ID } from '../support/vectors.ts';

const INSTANCE = '/metadata/instance';
const EVENTS = '/metadata/scheduledevents';

/** A scene whose IMDS answers so. */
async function createInstanceScene(instance: unknown = { compute: { vmId: VM_ID } }): Promise<Scene> {
  const scene = await createScene();
  scene.imds.bodies.set(INSTANCE, JSON.stringify(instance));
  scene.imds.bodies.set(EVENTS, JSON.stringify({ DocumentIncarnation: 3, Events: [] }));
  scene.imds.versions = ['2018-10-01', '2020-07-01', '2021-01-01', '2025-04-07'];
  return scene;
}

test('metadata is one request by the newest api-version that is known, events by theirs', async () => {
  const scene = await createInstanceScene();
  const client = scene.client();
  expect(await client.metadata()).toMatchObject({ apiVersion: '2025-04-07', compute: { vmId: VM_ID } });
  expect(await client.scheduledEvents()).toEqual({ apiVersion: '2020-07-01', incarnation: 3, events: [] });
  expect(scene.imds.requests).toEqual([`${INSTANCE}?api-version=2025-04-07`, `${EVENTS}?api-version=2020-07-01`]);
});

test('a version that is refused is fallen back from once, and says nothing about the versions of a licence', async () => {
  const scene = await createInstanceScene();
  scene.imds.versions = ['2017-12-01', '2019-08-01', '2021-01-01', '2021-02-01', '2030-01-01'];
  const client = scene.client();
  expect(await client.metadata()).toMatchObject({ apiVersion: '2021-02-01' });
  expect(await client.metadata()).toMatchObject({ apiVersion: '2021-02-01' });
  expect(await client.scheduledEvents()).toMatchObject({ apiVersion: '2019-08-01' });
  await client.check();
  expect(scene.imds.requests.map((path) => path.replace(/&.*/, ''))).toEqual([
    `${INSTANCE}?api-version=2025-04-07`,
    '/metadata/versions',
    `${INSTANCE}?api-version=2021-02-01`,
    `${INSTANCE}?api-version=2021-02-01`,
    `${EVENTS}?api-version=2020-07-01`,
    '/metadata/versions',
    `${EVENTS}?api-version=2019-08-01`,
    `${INSTANCE}/compute?api-version=2021-01-01`,
    '/metadata/attested/document?api-version=2021-01-01',
  ]);
});

test('unknown fields stay as they came, wherever they are', async () => {
  const unknown = { flag: 'true', empty: '', list: ['1'], deep: { number: '5' } };
  const scene = await createInstanceScene({
    compute: { ...unknown, plan: { ...unknown, name: 'gold' }, storageProfile: { ...unknown, osDisk: unknown } },
    network: { ...unknown, interface: [{ ...unknown, macAddress: '000D3AF806EC' }] },
    ...unknown,
  });
  expect(await scene.client().metadata()).toEqual({
    apiVersion: '2025-04-07',
    compute: { ...unknown, plan: { ...unknown, name: 'gold' } },
    network: { ...unknown, interfaces: [{ ...unknown, macAddress: '000D3AF806EC' }] },
    storage: { ...unknown, osDisk: unknown },
    tags: new Map(),
    ...unknown,
  });
});

test.each([
  ['true', 'isHostCompatibilityLayerVm', 'true', true],
  ['True', 'isHostCompatibilityLayerVm', 'True', true],
  ['false', 'isHostCompatibilityLayerVm', 'false', false],
  ['a JSON boolean', 'isHostCompatibilityLayerVm', false, false],
  ['no boolean', 'isHostCompatibilityLayerVm', 'perhaps', undefined],
  ['a number', 'platformFaultDomain', '36', 36],
  ['zero', 'platformFaultDomain', '0', 0],
  ['a JSON number', 'platformFaultDomain', 2, 2],
  ['no number', 'platformFaultDomain', '0x10', undefined],
  ['a number that JavaScript cannot hold', 'platformFaultDomain', '9007199254740993', undefined],
  ['nothing', 'platformFaultDomain', '', undefined],
  ['a name that looks like a boolean', 'name', 'true', 'true'],
  ['a zone, which is a name', 'zone', '1', '1'],
  ['an empty text', 'zone', '', undefined],
  ['null', 'zone', null, undefined],
  ['an object where text stands', 'zone', { a: 1 }, undefined],
  ['text where an object stands', 'plan', 'gold', undefined],
  ['an object of nothing', 'plan', { name: '', product: '', publisher: '' }, undefined],
  ['an object where a list stands', 'publicKeys', { 0: {} }, undefined],
  ['an empty list', 'publicKeys', [], []],
  ['an item of nothing', 'publicKeys', [{ keyData: '', path: '' }, { keyData: 'a' }], [{}, { keyData: 'a' }]],
])('%s: %s %j is %j', async (_, field, value, read) => {
  const scene = await createInstanceScene({ compute: { vmId: VM_ID, [field]: value } });
  const { compute } = await scene.client().metadata();
  expect(compute).toStrictEqual({ vmId: VM_ID, ...(read === undefined ? {} : { [field]: read }) });
});

test.each([
  ['a list', { tagsList: [{ name: 'a;b', value: 'c:d' }], tags: 'a;b:c:d' }, [['a;b', 'c:d']]],
  ['an empty list', { tagsList: [], tags: '' }, []],
  ['a list with what is no tag', { tagsList: [null, { name: 'a' }, { name: 'b', value: '' }] }, [['b', '']]],
  [
    'text',
    { tags: 'a:b;c:' },
    [
      ['a', 'b'],
      ['c', ''],
    ],
  ],
  ['text with a colon in a value', { tags: 'url:https://a' }, [['url', 'https://a']]],
  [
    'text with a semicolon in a value',
    { tags: 'a:1;2;b:3' },
    [
      ['a', '1;2'],
      ['b', '3'],
    ],
  ],
  ['text that is no tag', { tags: 'nonsense' }, []],
  ['a list that is none, and text', { tagsList: 'a', tags: 'a:b' }, [['a', 'b']]],
  ['names of the language', { tags: '__proto__:x' }, [['__proto__', 'x']]],
])('tags as %s', async (_, fields, tags) => {
  const scene = await createInstanceScene({ compute: { vmId: VM_ID, ...fields } });
  expect([...(await scene.client().metadata()).tags]).toEqual(tags);
});

test('a VM of the classic deployment model has its network alone', async () => {
  const scene = await createInstanceScene({ network: { interface: [{ macAddress: '000D3AF806EC' }] } });
  const { compute, network, storage, tags } = await scene.client().metadata();
  expect({ compute, storage, tags }).toEqual({ compute: {}, storage: {}, tags: new Map() });
  expect(network.interfaces).toEqual([{ macAddress: '000D3AF806EC' }]);
});

test.each<[string, Partial<Record<'imdsIs' | 'chassis' | 'body' | 'version', unknown>>, ClientCode]>([
  ['IMDS is silent', { imdsIs: 'silent' }, 'imds_not_answering'],
  ['there is no IMDS, and the hardware is not Azure’s', { imdsIs: 'refused', chassis: 'Dell' }, 'not_in_azure'],
  ['something else answers', { body: '<html>' }, 'imds_answer_unusable'],
  ['the answer is another one', { body: '{"compute":"x"}' }, 'imds_answer_unusable'],
  ['there is no version in common', { version: '2030-01-01' }, 'imds_answer_unusable'],
])('%s: both reject with %s', async (_, { imdsIs, chassis, body, version }, code) => {
  for (const method of ['metadata', 'scheduledEvents'] as const) {
    const scene = await createInstanceScene();
    if (imdsIs !== undefined) scene.imdsIs = imdsIs as Scene['imdsIs'];
    if (typeof chassis === 'string') scene.chassis = { readable: true, tag: chassis };
    if (typeof body === 'string') for (const path of [INSTANCE, EVENTS]) scene.imds.bodies.set(path, body);
    if (typeof version === 'string') scene.imds.versions = [version];
    const read = scene.client()[method]();
    await expect(read).rejects.toBeInstanceOf(ClientError);
    await expect(read).rejects.toMatchObject({ code });
  }
});

test('an IMDS that is busy or starting is waited for', async () => {
  const scene = await createInstanceScene();
  scene.imds.next.push({ status: 429, body: '' }, { status: 410, body: '' }, 'cut');
  expect(await scene.client().metadata()).toMatchObject({ compute: { vmId: VM_ID } });
});

test('wrong options reject, those that a licence in hand gets by without too', async () => {
  const scene = await createInstanceScene();
  for (const wrong of [{ issuer: 'nowhere' }, { imdsUrl: 'ftp://nowhere' }]) {
    const client = scene.client(wrong);
    await expect(client.metadata()).rejects.toMatchObject({ code: 'options_invalid' });
    await expect(client.scheduledEvents()).rejects.toMatchObject({ code: 'options_invalid' });
  }
  expect(scene.imds.requests).toEqual([]);
});

test('neither service nor folder is needed, and nothing is written', async () => {
  const scene = await createInstanceScene();
  scene.serviceIsAway = true;
  await rm(scene.folder, { recursive: true });
  expect(await scene.client().metadata()).toMatchObject({ compute: { vmId: VM_ID } });
  expect(existsSync(scene.folder)).toBe(false);
});

test('it does not wait for a check', async () => {
  const scene = await createInstanceScene();
  const { adapters } = scene;
  const held = Promise.withResolvers<unknown>();
  const fetch: typeof adapters.fetch = async (url, init) => {
    await held.promise;
    return adapters.fetch(url, init);
  };
  const client = scene.client({ adapters: { ...adapters, fetch } });
  const checked = client.check();
  expect(await client.metadata()).toMatchObject({ compute: { vmId: VM_ID } });
  held.resolve(undefined);
  expect(await checked).toMatchObject({ state: 'licensed' });
});

test('five requests a second, however many are asked for at once', async () => {
  const scene = await createInstanceScene();
  const client = scene.client();
  await Promise.all(Array.from({ length: 11 }, () => client.metadata()));
  expect(scene.imds.requests).toHaveLength(11);
  expect(scene.time.sleeps).toEqual([1100, 1100]);
});
