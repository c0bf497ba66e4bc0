import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { createFunctionsHost } from '../../../src/dev/functionsHost/createFunctionsHost.ts';
import type { FunctionsHost, Listening } from '../../../src/dev/functionsHost/createFunctionsHost.ts';
import { ECHO_APP } from './appFolder.ts';
import { recordLog } from './logRecord.ts';
import { sendRaw } from './rawHttp.ts';

const { log, lines } = recordLog();
let host: FunctionsHost;
let listening: Listening;

beforeAll(async () => {
  const env = { FIXTURE_SCHEDULE: '0 0 3 * * *', FIXTURE_SETTING: 'of this host', AzureWebJobsStorage: 'some' };
  host = createFunctionsHost({ root: ECHO_APP, env, log });
  await host.start();
  listening = await host.listen(0);
});
afterAll(() => listening.close());
beforeEach(() => {
  lines.length = 0;
});

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly params: Record<string, string>;
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function fetchEcho(path: string, init?: RequestInit): Promise<Echo> {
  const response = await fetch(listening.url + path, init);
  expect(response.status).toBe(200);
  return (await response.json()) as Echo;
}

async function fetchStatus(path: string, init?: RequestInit): Promise<number> {
  const response = await fetch(listening.url + path, init);
  await response.arrayBuffer();
  return response.status;
}

test('a function sees the request as the platform hands it over', async () => {
  const { headers, ...rest } = await fetchEcho('/echo?a=1&A=2&b=x%20y&empty=', {
    method: 'POST',
    body: 'a body ✓',
    headers: { 'X-Custom': 'c', 'Content-Type': 'text/plain' },
  });
  expect(rest).toEqual({
    method: 'POST',
    url: `${listening.url}/echo?a=1&A=2&b=x%20y&empty=`,
    params: {},
    query: { a: '1,2', b: 'x y', empty: '' },
    body: 'a body ✓',
  });
  expect(headers).toMatchObject({ 'x-custom': 'c', 'content-type': 'text/plain' });
});

test('the caller’s address with its port is the only entry of X-Forwarded-For', async () => {
  const { headers } = await fetchEcho('/echo');
  expect(headers['x-forwarded-for']).toMatch(/^127\.0\.0\.1:\d{1,5}$/);
});

test('the caller’s address comes after what the caller wrote into X-Forwarded-For', async () => {
  const { headers } = await fetchEcho('/echo', { headers: { 'X-Forwarded-For': '203.0.113.9:1, 10.0.0.1' } });
  expect(headers['x-forwarded-for']).toMatch(/^203\.0\.113\.9:1, 10\.0\.0\.1, 127\.0\.0\.1:\d{1,5}$/);
});

test('a header that is there twice is one with a comma', async () => {
  const answer = await sendRaw(
    listening.url,
    'GET /echo HTTP/1.1\r\nHost: a.example\r\nAuthorization: one\r\nAuthorization: two\r\nConnection: close\r\n\r\n',
  );
  expect(answer).toContain('"authorization":"one,two"');
  expect(answer).toContain('"url":"http://a.example/echo"');
});

test.each([
  ['/items/42', { id: '42' }],
  ['/items/-7/', { id: '-7' }],
  ['/ITEMS/abc', { text: 'abc' }],
  ['/maybe', {}],
  ['/maybe/', {}],
  ['/maybe/x%2Fy%20z', { name: 'x%2Fy z' }],
  ['/tail', {}],
  ['/tail/a/b/c', { rest: 'a/b/c' }],
  ['/tail/../tail/d', { rest: 'd' }],
])('%s is routed with its parameters', async (path, params) => {
  expect((await fetchEcho(path)).params).toEqual(params);
});

test.each([
  '/items/42a',
  '/items',
  '/items/1/2',
  '/items//1',
  '/maybe/a/b',
  '/nowhere',
  '/api/echo',
  '/admin/functions',
])('%s has no route', async (path) => {
  expect(await fetchStatus(path)).toBe(404);
});

test('a method that no route has is 404, not 405', async () => {
  expect(await fetchStatus('/echo', { method: 'PUT' })).toBe(404);
  expect(await fetchStatus('/items/1', { method: 'HEAD' })).toBe(404);
});

test('a function without methods takes every method', async () => {
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
    expect((await fetchEcho('/anything', { method })).method).toBe(method);
  }
});

test('the body of a GET is dropped', async () => {
  const answer = await sendRaw(
    listening.url,
    'GET /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody',
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).toContain('"body":""');
  expect(lines).toEqual([
    expect.stringContaining('warning Host.Worker: Discarding the body of the incoming GET request'),
  ]);
});

test('an answer to HEAD has headers and no body', async () => {
  const response = await fetch(`${listening.url}/echo`, { method: 'HEAD' });
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.text()).toBe('');
});

test.each([200, 201, 299, 400, 503, 599])('status %i keeps its body', async (status) => {
  const response = await fetch(`${listening.url}/status/${status}`);
  expect([response.status, await response.text()]).toEqual([status, 'a body']);
});

test.each([204, 205, 304])('status %i loses its body', async (status) => {
  const response = await fetch(`${listening.url}/status/${status}`);
  expect([response.status, await response.text()]).toEqual([status, '']);
});

test.each([0, 100, 199, 600])('status %i is an error of the function', async (status) => {
  expect(await fetchStatus(`/status/${status}`)).toBe(500);
  expect(lines).toEqual([expect.stringMatching(/^error Function\.status: The function failed: RangeError/)]);
});

test('an uncaught error is a 500 without a body, and is logged with its cause', async () => {
  const response = await fetch(`${listening.url}/fails`);
  expect([response.status, await response.text()]).toEqual([500, '']);
  expect(lines).toEqual([
    expect.stringMatching(
      /^error Function\.fails: The function failed: Error: the cupboard is bare[^]*the mouse ate it/,
    ),
  ]);
});

test('a function that returns nothing is a 204, one that returns text is an error', async () => {
  expect(await fetchStatus('/nothing')).toBe(204);
  expect(await fetchStatus('/text')).toBe(500);
});

test('headers, octets and cookies arrive; the length is the host’s', async () => {
  const response = await fetch(`${listening.url}/headers`);
  expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255, 10]);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-length': '3',
    'retry-after': '7',
    'x-content-type-options': 'own',
  });
  expect(response.headers.getSetCookie()).toEqual([
    'one=a%20b; path=/; max-age=60; secure; samesite=strict; httponly',
    'two=2; domain=example.com; expires=Fri, 02 Jan 1970 00:00:00 GMT; samesite=none',
  ]);
});

test('host.json’s custom headers are added', async () => {
  const response = await fetch(`${listening.url}/nothing`);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
});

test('host.json’s log levels decide what is logged', async () => {
  await fetchStatus('/logs');
  expect(lines).toEqual([
    'debug Function.logs.User: at debug',
    'information Function.logs.User: at information',
    'error Function.logs.User: at error',
  ]);
});

test('registering after the start is an error of the function', async () => {
  expect(await fetchStatus('/late')).toBe(500);
  expect(lines).toEqual([expect.stringContaining('A function can only be registered during app startup')]);
});

test('a body of 100 MiB arrives, a longer one is a 500', async () => {
  const whole = new Uint8Array(104_857_600);
  const response = await fetch(`${listening.url}/size`, { method: 'POST', body: whole });
  expect(await response.text()).toBe('104857600');
  expect(await fetchStatus('/size', { method: 'POST', body: new Uint8Array(104_857_601) })).toBe(500);
  expect(lines).toEqual([expect.stringContaining('longer than the 100 MiB')]);
});

test('a body that does not say its length is bounded too', async () => {
  const chunk = new Uint8Array(1_048_576);
  let left = 101;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left === 0) controller.close();
      else controller.enqueue(chunk);
      left -= 1;
    },
  });
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
  expect(await fetchStatus('/size', init)).toBe(500);
});

test.each([
  ['two hosts', 'GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n'],
  ['a host with a path', 'GET /echo HTTP/1.1\r\nHost: a/b\r\n'],
  ['a host with a user', 'GET /echo HTTP/1.1\r\nHost: a@b\r\n'],
  ['a target that is a URL', 'GET http://b/echo HTTP/1.1\r\nHost: a\r\n'],
  ['a NUL', 'GET /echo%00 HTTP/1.1\r\nHost: a\r\n'],
])('%s is a 400', async (_what, head) => {
  expect(await sendRaw(listening.url, `${head}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
});

test('a percent sign that encodes nothing is kept', async () => {
  const answer = await sendRaw(listening.url, 'GET /maybe/50%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect(answer).toContain('"params":{"name":"50%zz"}');
});

test('a caller that goes away while sending does not disturb the host', async () => {
  const gone = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(10));
      gone.abort();
    },
  });
  const init = { method: 'POST', body, duplex: 'half', signal: gone.signal } as RequestInit;
  await expect(fetch(`${listening.url}/size`, init)).rejects.toThrow('aborted');
  expect(await fetchStatus('/nothing')).toBe(204);
});

test('functions are listed as the app registered them', () => {
  const item = host.functions.find(({ name }) => name === 'item');
  expect(item).toEqual({ name: 'item', trigger: 'http', methods: ['GET'], route: 'items/{id:int}' });
  const tick = host.functions.find(({ name }) => name === 'tick');
  expect(tick).toEqual({ name: 'tick', trigger: 'timer', methods: [], schedule: '0 0 3 * * *' });
  expect(host.functions[0]?.name).toBe('status');
});

test('app settings are in the environment', async () => {
  expect(await (await fetch(`${listening.url}/setting`)).json()).toBe('of this host');
});

test('hooks of the start and of each invocation run', async () => {
  expect(await (await fetch(`${listening.url}/life`)).json()).toEqual(['loaded', 'appStart', 'postInvocation']);
});
