import { onTestFinished, expect, test } from 'vitest';
import { Imds } from '../../src/client/imds.ts';
import { REAL_SURROUNDINGS } from '../../src/client/surroundings.ts';
import type { Surroundings } from '../../src/client/surroundings.ts';
import type { Progress } from '../../src/client/progress.ts';
import { FakeTime } from './support/fakeTime.ts';
import { ImdsStub } from './support/imdsStub.ts';
import type { ImdsAnswer } from './support/imdsStub.ts';
import { VM_ID } from './support/vectors.ts';

const NONCE = 'abcdefghijklmnopqrstuvwxyz234567';

async function startStub(): Promise<ImdsStub> {
  const stub = await ImdsStub.start();
  onTestFinished(() => stub.close());
  return stub;
}

function createImds(baseUrl: string | undefined, time: FakeTime, more: Partial<Surroundings> = {}): Imds {
  const surroundings = { ...REAL_SURROUNDINGS, ...time.surroundings, ...more };
  return new Imds({ baseUrl, surroundings, report: () => undefined });
}

function status(code: number): ImdsAnswer {
  return { status: code, body: '{}' };
}

test('requests are as IMDS wants them', async () => {
  const stub = await startStub();
  const imds = createImds(stub.url, new FakeTime());
  expect(await imds.readVmId(0)).toBe(VM_ID);
  expect(await imds.readDocument(NONCE, 0)).toMatchObject({ encoding: 'pkcs7' });
  expect(stub.requests).toEqual([
    '/metadata/instance/compute/vmId?api-version=2020-09-01&format=text',
    `/metadata/attested/document?api-version=2020-09-01&nonce=${NONCE}`,
  ]);
  for (const headers of stub.headers) {
    expect(headers).toMatchObject({ metadata: 'true' });
    expect(headers).not.toHaveProperty('x-forwarded-for');
  }
});

test('a base URL may have a path, as the emulator has for its VMs', async () => {
  const stub = await startStub();
  stub.next.push({ status: 200, body: VM_ID.toUpperCase() });
  expect(await createImds(`${stub.url}/vms/fleet-7`, new FakeTime()).readVmId(0)).toBe(VM_ID);
  expect(stub.requests[0]).toMatch(/^\/vms\/fleet-7\/metadata\/instance/);
});

test.each([404, 410, 429, 500, 503])('%d is tried again', async (code) => {
  const stub = await startStub();
  const time = new FakeTime();
  stub.next.push(status(code), status(code), status(code));
  expect(await createImds(stub.url, time).readVmId(90_000)).toBe(VM_ID);
  expect(time.sleeps).toEqual([125, 250, 500]);
});

test.each([404, 410, 429, 500])('%d is tried again for no more than 70 seconds', async (code) => {
  const stub = await startStub();
  const time = new FakeTime();
  stub.next.push(...Array.from({ length: 100 }, () => status(code)));
  await expect(createImds(stub.url, time).readVmId(200_000)).rejects.toMatchObject({ code: 'imds_not_answering' });
  expect(time.monotonic).toBeGreaterThan(60_000);
  expect(time.monotonic).toBeLessThanOrEqual(70_000);
});

test('the deadline ends it earlier', async () => {
  const stub = await startStub();
  const time = new FakeTime();
  stub.next.push(status(410), status(410), status(410));
  await expect(createImds(stub.url, time).readVmId(200)).rejects.toMatchObject({ code: 'imds_not_answering' });
  expect(time.sleeps).toEqual([125]);
});

test('no more than five requests start in a second', async () => {
  const stub = await startStub();
  const time = new FakeTime();
  const starts: number[] = [];
  const imds = createImds(stub.url, time, {
    timeout: (milliseconds) => {
      starts.push(time.monotonic);
      return AbortSignal.timeout(milliseconds);
    },
  });
  for (let times = 0; times < 17; times++) await imds.readVmId(0);
  expect(starts).toHaveLength(17);
  starts.forEach((start, index) => {
    const sixth = starts[index + 5];
    if (sixth !== undefined) expect(sixth - start).toBeGreaterThan(1000);
  });
});

test('an unknown api-version falls back to the newest that both know, once', async () => {
  const stub = await startStub();
  stub.versions = ['2017-04-02', '2018-10-01', '2019-11-01', '2030-01-01'];
  const imds = createImds(stub.url, new FakeTime());
  expect(await imds.readVmId(0)).toBe(VM_ID);
  await imds.readDocument(NONCE, 0);
  expect(stub.requests.map((path) => path.replace(/&.*/, ''))).toEqual([
    '/metadata/instance/compute/vmId?api-version=2020-09-01',
    '/metadata/versions',
    '/metadata/instance/compute/vmId?api-version=2019-11-01',
    '/metadata/attested/document?api-version=2019-11-01',
  ]);
});

test('no api-version in common is said so', async () => {
  const stub = await startStub();
  stub.versions = ['2017-04-02', '2030-01-01'];
  await expect(createImds(stub.url, new FakeTime()).readVmId(0)).rejects.toMatchObject({
    code: 'imds_answer_unusable',
    message: expect.stringContaining('api-version') as string,
  });
});

test.each([
  ['a page', '<html>'],
  ['nothing', ''],
  ['an id that is none', '02aab8a4-74ef-476e-8182'],
  ['too much', 'x'.repeat(300_000)],
])('%s in the place of the vmId is not taken', async (_, body) => {
  const stub = await startStub();
  stub.next.push({ status: 200, body });
  await expect(createImds(stub.url, new FakeTime()).readVmId(-1)).rejects.toMatchObject({
    code: body.length > 1000 ? 'imds_not_answering' : 'imds_answer_unusable',
  });
});

test.each([
  ['another encoding', { encoding: 'jws', signature: 'AAAA' }],
  ['no signature', { encoding: 'pkcs7' }],
  ['no base64', { encoding: 'pkcs7', signature: '<html>' }],
  ['too much', { encoding: 'pkcs7', signature: 'A'.repeat(22_004) }],
  ['a list', []],
])('a document with %s is not taken', async (_, document) => {
  const stub = await startStub();
  stub.next.push({ status: 200, body: JSON.stringify(document) });
  await expect(createImds(stub.url, new FakeTime()).readDocument(NONCE, 0)).rejects.toMatchObject({
    code: 'imds_answer_unusable',
  });
});

test('an old document is asked for again', async () => {
  const stub = await startStub();
  stub.staleNonces.push('zzz', '20260901-120000');
  const time = new FakeTime();
  await createImds(stub.url, time).readDocument(NONCE, -Infinity);
  expect(stub.count('attested')).toBe(3);
  expect(time.sleeps).toEqual([125, 250]);
});

test('an old document is asked for again four times in all', async () => {
  const stub = await startStub();
  stub.staleNonces.push(...Array.from({ length: 20 }, () => 'zzz'));
  await expect(createImds(stub.url, new FakeTime()).readDocument(NONCE, 0)).rejects.toMatchObject({
    code: 'document_stale',
  });
  expect(stub.count('attested')).toBe(4);
});

test('every try is reported', async () => {
  const stub = await startStub();
  stub.staleNonces.push('zzz');
  stub.next.push(status(429));
  const events: Progress[] = [];
  const surroundings = { ...REAL_SURROUNDINGS, ...new FakeTime().surroundings };
  const imds = new Imds({ baseUrl: stub.url, surroundings, report: (event) => events.push(event) });
  await imds.readDocument(NONCE, 1000);
  expect(events).toEqual([
    { step: 'waiting', for: 'imds', milliseconds: 125 },
    { step: 'document', tries: 1, fresh: false },
    { step: 'document', tries: 2, fresh: true },
  ]);
});

test('redirects are not followed', async () => {
  const stub = await startStub();
  stub.next.push({ status: 302, body: '', headers: { location: `${stub.url}/elsewhere` } });
  await expect(createImds(stub.url, new FakeTime()).readVmId(0)).rejects.toMatchObject({ code: 'not_in_azure' });
  expect(stub.requests).toHaveLength(1);
});

test.each(['hang', 'reset'] as const)(
  'no answer (%s) is tried again for 20 seconds: it may be a missing route',
  async (way) => {
    const stub = await startStub();
    stub.next.push(...Array.from({ length: 50 }, () => way));
    const time = new FakeTime();
    const imds = createImds(stub.url, time, { timeout: () => AbortSignal.timeout(60) });
    await expect(imds.readVmId(90_000)).rejects.toMatchObject({ code: 'imds_not_answering' });
    expect(time.monotonic).toBeGreaterThan(10_000);
    expect(time.monotonic).toBeLessThanOrEqual(20_000);
  },
);

test('one request takes two seconds at most', async () => {
  const stub = await startStub();
  const asked: number[] = [];
  const imds = createImds(stub.url, new FakeTime(), {
    timeout: (milliseconds) => {
      asked.push(milliseconds);
      return AbortSignal.timeout(milliseconds);
    },
  });
  await imds.readVmId(0);
  expect(asked).toEqual([2000]);
});

test('a connection refused to the end is a machine outside Azure', async () => {
  const stub = await startStub();
  await stub.close();
  const time = new FakeTime();
  await expect(createImds(stub.url, time).readVmId(90_000)).rejects.toMatchObject({ code: 'not_in_azure' });
  expect(time.monotonic).toBeGreaterThan(10_000);
  expect(time.monotonic).toBeLessThanOrEqual(20_000);
});

test('a connection refused after an answer is an IMDS that is being updated', async () => {
  const stub = await startStub();
  stub.next.push(status(410));
  const time = new FakeTime();
  const imds = createImds(stub.url, time, {
    sleep: async (milliseconds) => {
      time.pass(milliseconds);
      await stub.close();
    },
  });
  await expect(imds.readVmId(90_000)).rejects.toMatchObject({ code: 'imds_not_answering' });
  expect(time.monotonic).toBeGreaterThan(60_000);
});

test('what answers 403 is not IMDS', async () => {
  const stub = await startStub();
  stub.next.push(status(403));
  await expect(createImds(stub.url, new FakeTime()).readVmId(90_000)).rejects.toMatchObject({ code: 'not_in_azure' });
});

/** The real address, but a signal that has been given already: nothing leaves the machine. */
async function askUnheard(chassisTag: string | undefined): Promise<unknown> {
  const imds = createImds(undefined, new FakeTime(), {
    timeout: () => AbortSignal.abort(),
    chassisTag: () => Promise.resolve(chassisTag),
  });
  return imds.readVmId(-1).catch((error: unknown) => error);
}

test('where nothing answers at the real address the hardware tells Azure from elsewhere', async () => {
  expect(await askUnheard('7783-7084-3265-9085-8269-3286-77')).toMatchObject({ code: 'imds_not_answering' });
  expect(await askUnheard('Google Cloud')).toMatchObject({ code: 'not_in_azure' });
  expect(await askUnheard(undefined)).toMatchObject({ code: 'imds_not_answering' });
});

test('an emulator is not judged by the hardware that it is asked from', async () => {
  const stub = await startStub();
  stub.next.push('hang');
  const imds = createImds(stub.url, new FakeTime(), {
    timeout: () => AbortSignal.timeout(60),
    chassisTag: () => Promise.resolve('Google Cloud'),
  });
  await expect(imds.readVmId(-1)).rejects.toMatchObject({ code: 'imds_not_answering' });
});
