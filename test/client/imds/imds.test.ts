import { expect, test } from 'vitest';
import { checkLicence } from '../../../src/client/index.ts';
import type { ImdsAnswer } from '../support/imdsStub.ts';
import { openImds } from '../support/run.ts';
import { createScene } from '../support/scene.ts';
import { VM_ID } from '../support/vectors.ts';

const NONCE = 'abcdefghijklmnopqrstuvwxyz234567';

function status(code: number, body = '{}'): ImdsAnswer {
  return { status: code, body };
}

test('requests are as IMDS wants them', async () => {
  const scene = await createScene();
  const imds = openImds(scene);
  expect(await imds.readVmId()).toBe(VM_ID);
  expect(await imds.readDocument(NONCE)).toMatchObject({ encoding: 'pkcs7' });
  expect(scene.imds.requests).toEqual([
    '/metadata/instance/compute/vmId?api-version=2021-01-01&format=text',
    `/metadata/attested/document?api-version=2021-01-01&nonce=${NONCE}`,
  ]);
  for (const headers of scene.imds.headers) {
    expect(headers).toMatchObject({ metadata: 'true' });
    expect(headers).not.toHaveProperty('x-forwarded-for');
  }
});

test('the real IMDS has its link-local address', async () => {
  const scene = await createScene();
  const urls: string[] = [];
  const adapters = {
    ...scene.adapters,
    requestImds: ({ url }: { url: string }) => {
      urls.push(url);
      return Promise.resolve({ kind: 'answer' as const, status: 200, text: VM_ID });
    },
  };
  const options = { ...scene.options, adapters, once: true };
  delete (options as { imdsUrl?: string }).imdsUrl;
  await checkLicence(options);
  expect(urls[0]).toBe('http://169.254.169.254/metadata/instance/compute?api-version=2021-01-01');
});

test('a base URL may have a path, as the emulator has for its VMs', async () => {
  const scene = await createScene();
  scene.imds.next.push({ status: 200, body: VM_ID.toUpperCase() });
  expect(await openImds(scene, { imdsUrl: `${scene.imds.url}/vms/fleet-7` }).readVmId()).toBe(VM_ID);
  expect(scene.imds.requests[0]).toMatch(/^\/vms\/fleet-7\/metadata\/instance/);
});

test.each([404, 410, 429, 500, 503])('%d is tried again', async (code) => {
  const scene = await createScene();
  scene.imds.next.push(status(code), status(code), status(code));
  expect(await openImds(scene).readVmId()).toBe(VM_ID);
  expect(scene.time.sleeps).toEqual([125, 250, 500]);
});

test.each([404, 410, 429, 500])(
  '%d is tried again for more than 70 seconds, until the patience is over',
  async (code) => {
    const scene = await createScene();
    scene.imds.always = status(code);
    await expect(openImds(scene).readVmId()).rejects.toMatchObject({ code: 'imds_not_answering' });
    expect(scene.time.monotonic).toBeGreaterThan(70_000);
    expect(scene.time.monotonic).toBeLessThanOrEqual(90_000);
  },
);

test.each([
  ['403', status(403)],
  ['421', status(421)],
  ['a redirect', { status: 307, body: '', headers: { location: '/elsewhere' } }],
  ['an empty 200', status(200, '')],
  ['a page', status(200, '<html>')],
  ['an id that is none', status(200, '02aab8a4-74ef-476e-8182')],
  ['too much', status(200, 'x'.repeat(300_000))],
  ['half a 200', 'cut' as const],
])('one odd answer is forgiven, and not two: %s', async (_, answer) => {
  const scene = await createScene();
  scene.imds.next.push(answer);
  expect(await openImds(scene).readVmId()).toBe(VM_ID);
  scene.imds.next.push(answer, answer);
  await expect(openImds(scene).readVmId()).rejects.toMatchObject({ code: 'imds_answer_unusable' });
  expect(scene.imds.requests.filter((path) => path === '/elsewhere')).toEqual([]);
});

test('a connection that ends before an answer is silence, and tried again', async () => {
  const scene = await createScene();
  scene.imds.next.push('reset', 'reset', 'reset');
  expect(await openImds(scene).readVmId()).toBe(VM_ID);
});

test('the time for an answer begins at two seconds and grows to thirty', async () => {
  const scene = await createScene();
  scene.imdsIs = 'silent';
  await expect(openImds(scene, { patienceMs: 300_000 }).readVmId()).rejects.toMatchObject({
    code: 'imds_not_answering',
  });
  expect(scene.imdsTimeouts.slice(0, 6)).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test('a slow IMDS is waited for', async () => {
  const scene = await createScene();
  scene.imdsTakes = 2500;
  const imds = openImds(scene);
  expect(await imds.readVmId()).toBe(VM_ID);
  expect(scene.imdsTimeouts).toEqual([2000, 4000]);
  await imds.readDocument(NONCE);
  expect(scene.imdsTimeouts).toEqual([2000, 4000, 4000]);
});

test('silence for thirty seconds is outlasted', async () => {
  const scene = await createScene();
  scene.imdsIs = 'silent';
  const { clocks } = scene.time;
  const sleep: typeof clocks.sleep = async (milliseconds) => {
    await clocks.sleep(milliseconds);
    if (scene.time.monotonic > 30_000) scene.imdsIs = 'there';
  };
  const adapters = { ...scene.adapters, clocks: { ...clocks, sleep } };
  expect(await openImds(scene, { adapters }).readVmId()).toBe(VM_ID);
});

test('the patience bounds it all', async () => {
  const scene = await createScene();
  scene.imdsIs = 'silent';
  await expect(openImds(scene, { patienceMs: 5000 }).readVmId()).rejects.toMatchObject({ code: 'imds_not_answering' });
  expect(scene.time.monotonic).toBeLessThanOrEqual(6000);
});

test('once is once', async () => {
  for (const kind of ['silent', 'refused'] as const) {
    const scene = await createScene();
    scene.imdsIs = kind;
    const adapters = { ...scene.adapters, random: () => 0 };
    await expect(openImds(scene, { once: true, adapters }).readVmId()).rejects.toMatchObject({
      code: 'imds_not_answering',
    });
    expect(scene.imdsTimeouts).toEqual([2000]);
  }
});

const newest = JSON.stringify({ error: 'x', 'newest-versions': ['2030-01-01', '2021-02-01', '2019-11-01'] });

test.each([
  ['400', 400, '{"error":"Bad request"}', '2019-11-01'],
  ['400 with newest-versions', 400, newest, '2021-02-01'],
  ['404 of hosts of the first years', 404, '{ "error": "Not found. Invalid version requested" }', '2019-11-01'],
  ['404 with newest-versions', 404, newest, '2021-02-01'],
])('%s falls back to the newest api-version that both know, once', async (_, code, body, expected) => {
  const scene = await createScene();
  scene.imds.versions = ['2017-04-02', '2018-10-01', '2019-11-01', '2021-02-01', '2030-01-01'];
  if (expected === '2019-11-01') scene.imds.versions = ['2018-10-01', '2019-11-01', '2030-01-01'];
  scene.imds.next.push(status(code, body));
  const imds = openImds(scene);
  expect(await imds.readVmId()).toBe(VM_ID);
  await imds.readDocument(NONCE);
  expect(scene.imds.requests.map((path) => path.replace(/&.*/, ''))).toEqual([
    '/metadata/instance/compute/vmId?api-version=2021-01-01',
    '/metadata/versions',
    `/metadata/instance/compute/vmId?api-version=${expected}`,
    `/metadata/attested/document?api-version=${expected}`,
  ]);
});

test('the client object remembers the api-version', async () => {
  const scene = await createScene();
  scene.imds.versions = ['2018-10-01', '2019-11-01'];
  const client = scene.client();
  await client.check();
  scene.forget();
  await client.check();
  expect(scene.imds.requests).toEqual(['/metadata/instance/compute/vmId?api-version=2019-11-01&format=text']);
});

test('no api-version in common is said so', async () => {
  const scene = await createScene();
  scene.imds.versions = ['2017-04-02', '2030-01-01'];
  await expect(openImds(scene).readVmId()).rejects.toMatchObject({
    code: 'imds_answer_unusable',
    message: expect.stringContaining('api-version') as string,
  });
});

test.each([
  ['another encoding', { encoding: 'jws', signature: 'AAAA' }],
  ['no signature', { encoding: 'pkcs7' }],
  ['no base64', { encoding: 'pkcs7', signature: '<html>' }],
  ['too much', { encoding: 'pkcs7', signature: 'A'.repeat(22_004) }],
  ['a list', []],
])('a document with %s is odd', async (_, document) => {
  const scene = await createScene();
  const answer = { status: 200, body: JSON.stringify(document) };
  scene.imds.next.push(answer, answer);
  await expect(openImds(scene).readDocument(NONCE)).rejects.toMatchObject({ code: 'imds_answer_unusable' });
});

test('an old document is asked for again, four times in all, however little time there is', async () => {
  const scene = await createScene();
  scene.imds.staleNonces.push('zzz', '20260901-120000');
  await openImds(scene, { once: true }).readDocument(NONCE);
  expect(scene.imds.count('attested')).toBe(3);
  scene.imds.staleNonces.push(...Array.from({ length: 20 }, () => 'zzz'));
  await expect(openImds(scene, { once: true }).readDocument(NONCE)).rejects.toMatchObject({ code: 'document_stale' });
  expect(scene.imds.count('attested')).toBe(7);
});

test('every try is reported', async () => {
  const scene = await createScene();
  scene.imds.staleNonces.push('zzz');
  scene.imds.next.push(status(429));
  await openImds(scene).readDocument(NONCE);
  expect(scene.events).toEqual([
    { step: 'waiting', for: 'imds', milliseconds: 125 },
    { step: 'document', tries: 1, fresh: false },
    { step: 'document', tries: 2, fresh: true },
  ]);
});
