import { expect, test } from 'vitest';
import type { LicenceRequest } from '../../../src/contract/wire.ts';
import { problem } from '../support/licenceService.ts';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { DAY, HOUR, OTHER_VM_ID } from '../support/vectors.ts';

const CODE = 'K7QF-93XW-TMAB';
const USER_DATA = Buffer.from(`#!/bin/sh\ncountersign-claim=${CODE}\n`).toString('base64');

function claimsSent(scene: Scene): (string | undefined)[] {
  return scene.service.licenceRequests.map(({ claim }) => claim);
}

const COMPUTE = '/metadata/instance/compute?api-version=2021-01-01';
const VM_ID_LEAF = '/metadata/instance/compute/vmId?api-version=2021-01-01&format=text';
const USER_DATA_LEAF = '/metadata/instance/compute/userData?api-version=2021-01-01&format=text';

/** What was asked of `/metadata/instance`. */
function instanceRequests(scene: Scene): string[] {
  return scene.imds.requests.filter((path) => path.startsWith('/metadata/instance'));
}

test('the claim code of the options goes with every request, and user data is not read', async () => {
  const scene = await createScene();
  const client = scene.client({ claim: CODE });
  await client.check();
  await client.check({ renew: true });
  expect(claimsSent(scene)).toEqual([CODE, CODE]);
  expect(instanceRequests(scene)).toEqual([VM_ID_LEAF, VM_ID_LEAF]);
});

test('without the option, the code in the user data is sent by a VM without a licence', async () => {
  const scene = await createScene();
  scene.imds.userData = USER_DATA;
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(claimsSent(scene)).toEqual([CODE]);
  expect(instanceRequests(scene)).toEqual([COMPUTE]);
  expect(scene.events).toContainEqual({ step: 'user_data', hasClaim: true });
});

test('no code in the user data is no member of the request', async () => {
  const scene = await createScene();
  await scene.check();
  expect(scene.service.licenceRequests[0]).not.toHaveProperty('claim');
  expect(scene.events).toContainEqual({ step: 'user_data', hasClaim: false });
});

test('a renewal with a licence in hand does not read user data, in its grace neither', async () => {
  const scene = await createScene();
  await scene.check();
  scene.imds.userData = USER_DATA;
  scene.forget();
  scene.time.pass(13 * HOUR);
  await scene.check();
  await scene.client().check({ renew: true });
  scene.time.pass(2 * DAY);
  await scene.check();
  expect(instanceRequests(scene)).toEqual([VM_ID_LEAF, VM_ID_LEAF, VM_ID_LEAF]);
  expect(claimsSent(scene)).toEqual([undefined, undefined, undefined, undefined]);
});

test('after the end of grace, and after a denial, user data is read again', async () => {
  const scene = await createScene();
  await scene.check();
  scene.imds.userData = USER_DATA;
  scene.time.pass(30 * DAY);
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  scene.service.denies = 'trial_ended';
  const client = scene.client();
  expect(await client.check({ renew: true })).toMatchObject({ state: 'denied', code: 'trial_ended' });
  scene.service.denies = undefined;
  scene.time.pass(60_000);
  expect(await client.check()).toMatchObject({ state: 'licensed' });
  expect(claimsSent(scene)).toEqual([undefined, CODE, undefined, CODE]);
});

test('a check reads it once, however often the service is asked', async () => {
  const scene = await createScene();
  scene.imds.userData = USER_DATA;
  scene.service.answer('/v1/licences', problem(503, 'store_unavailable'));
  expect(await scene.check()).toMatchObject({ state: 'unreachable' });
  expect(claimsSent(scene).length).toBeGreaterThan(3);
  expect(new Set(claimsSent(scene))).toEqual(new Set([CODE]));
  expect(instanceRequests(scene)).toEqual([COMPUTE]);
});

test.each([
  ['403, as of an allow-list for single items', { status: 403, body: '' }],
  ['a page', { status: 200, body: '<html>' }],
  ['the compute metadata of no VM', { status: 200, body: '{"vmId":"","userData":""}' }],
  ['too much', { status: 200, body: 'QUFB'.repeat(100_000) }],
  ['half an answer', 'cut' as const],
])('where compute metadata is answered with %s, vmId and user data are asked for one by one', async (_, answer) => {
  const scene = await createScene();
  scene.imds.answers.set('/metadata/instance/compute', answer);
  scene.imds.userData = USER_DATA;
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(instanceRequests(scene)).toEqual([COMPUTE, VM_ID_LEAF, USER_DATA_LEAF]);
  expect(claimsSent(scene)).toEqual([CODE]);
  expect(scene.time.sleeps).toEqual([]);
});

/** An image that was captured on a licensed VM: the first request asks for the vmId alone, as for that VM. */
async function createCapturedScene(): Promise<Scene> {
  const scene = await createScene();
  await scene.check();
  scene.forget();
  scene.imds.vmId = OTHER_VM_ID;
  scene.imds.userData = USER_DATA;
  return scene;
}

test('a VM from an image with the licence of another VM asks for its user data by itself', async () => {
  const scene = await createCapturedScene();
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(instanceRequests(scene)).toEqual([VM_ID_LEAF, USER_DATA_LEAF]);
  expect(claimsSent(scene)).toEqual([undefined, CODE]);
});

test.each([
  ['404', { status: 404, body: '{"error":"Not found"}' }],
  ['400, as of an old host', { status: 400, body: '{"error":"Bad request","newest-versions":["2020-09-01"]}' }],
  ['403', { status: 403, body: '' }],
  ['429', { status: 429, body: '' }],
  ['500', { status: 500, body: '' }],
  ['a page', { status: 200, body: '<html>' }],
  ['too much', { status: 200, body: 'QUFB'.repeat(100_000) }],
  ['half an answer', 'cut' as const],
  ['no answer', 'reset' as const],
])('user data that is answered with %s fails nothing, and is not asked for again', async (_, answer) => {
  const scene = await createCapturedScene();
  scene.imds.answers.set('/metadata/instance/compute/userData', answer);
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(instanceRequests(scene)).toEqual([VM_ID_LEAF, USER_DATA_LEAF]);
  expect(scene.time.sleeps).toEqual([]);
});

test('user data that is not answered at all costs two seconds, and the licence comes', async () => {
  const scene = await createCapturedScene();
  const { adapters } = scene;
  const requestImds: typeof adapters.requestImds = (request) => {
    if (!request.url.includes('/userData')) return adapters.requestImds(request);
    scene.time.pass(request.timeoutMs);
    return Promise.resolve({ kind: 'silent' });
  };
  const started = scene.time.monotonic;
  expect(await scene.check({ adapters: { ...adapters, requestImds } })).toMatchObject({ state: 'licensed' });
  expect(scene.time.monotonic - started).toBe(2000);
});

test('an IMDS that is too old for user data is not asked for it', async () => {
  for (const scene of [await createScene(), await createCapturedScene()]) {
    scene.imds.versions = ['2018-10-01', '2019-11-01'];
    scene.imds.userData = USER_DATA;
    expect(await scene.check()).toMatchObject({ state: 'licensed' });
    expect(instanceRequests(scene).filter((path) => path.includes('userData'))).toEqual([]);
    expect(claimsSent(scene).filter((claim) => claim !== undefined)).toEqual([]);
  }
});

test('an IMDS that knows only newer versions is asked with one of them', async () => {
  const scene = await createScene();
  scene.imds.versions = ['2025-04-07'];
  scene.imds.userData = USER_DATA;
  await scene.check();
  expect(instanceRequests(scene)).toEqual([COMPUTE, COMPUTE.replace('2021-01-01', '2025-04-07')]);
  expect(claimsSent(scene)).toEqual([CODE]);
});

test('a claim code that the service refuses is a refusal, and a licence in hand goes on', async () => {
  const scene = await createScene();
  const refusal = problem(403, 'claim_invalid');
  scene.service.answer('/v1/licences', refusal);
  const client = scene.client({ claim: CODE });
  expect(await client.check()).toMatchObject({ state: 'refused', code: 'claim_invalid', correlationId: 'c-1' });
  scene.service.alter.clear();
  expect(await client.check()).toMatchObject({ state: 'licensed' });
  scene.service.answer('/v1/licences', refusal);
  scene.time.pass(13 * HOUR);
  expect(await client.check()).toMatchObject({ state: 'licensed', code: 'claim_invalid' });
  scene.time.pass(2 * DAY);
  expect(await client.check()).toMatchObject({ state: 'grace', code: 'claim_invalid' });
});

test('the code stands in no answer, no event and no file', async () => {
  for (const source of ['options', 'userData'] as const) {
    const scene = await createScene();
    if (source === 'userData') scene.imds.userData = USER_DATA;
    const client = scene.client(source === 'options' ? { claim: CODE } : {});
    scene.service.alter.set('/v1/licences', (_, body) => {
      const { claim } = body as LicenceRequest;
      return problem(403, claim === CODE ? 'claim_invalid' : 'another');
    });
    const refused = await client.check();
    expect(refused).toMatchObject({ code: 'claim_invalid' });
    scene.service.alter.clear();
    const answers = [refused, await client.check(), await client.status()];
    expect(JSON.stringify([answers, scene.events])).not.toContain(CODE);
    expect(await scene.readOwn('licence.json')).not.toContain(CODE);
  }
});
