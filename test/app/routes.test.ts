import { expect, test } from 'vitest';
import { CONSOLE_ENDPOINTS, OPERATOR_ENDPOINTS, VM_ENDPOINTS } from '../../src/contract/endpoints.ts';
import type { Endpoint } from '../../src/contract/endpoints.ts';
import { useStack } from '../operators/useStack.ts';

/** Every route of the table over real HTTP. The addresses need not name anything that is there. */
const stack = useStack();

const ENDPOINTS = Object.entries<Endpoint>({ ...VM_ENDPOINTS, ...CONSOLE_ENDPOINTS, ...OPERATOR_ENDPOINTS });
const READING = ENDPOINTS.filter(([, { method }]) => method === 'GET');
const WRITING = ENDPOINTS.filter(([, { method }]) => method !== 'GET');

const addressOf = (path: string) =>
  `${stack().serviceUrl}${path.replace('{code}', 'rate_limited').replace(/\{\*?\w+\}/g, 'x')}`;

function call(path: string, method: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const body = ['POST', 'PUT', 'PATCH'].includes(method) ? { body: '{}' } : {};
  return fetch(addressOf(path), { method, headers: { 'Content-Type': 'application/json', ...headers }, ...body });
}

/** Those of this answer or of this connection alone. */
const OWN = ['date', 'connection', 'keep-alive'];

const headersOf = ({ headers }: Response) => Object.fromEntries([...headers].filter(([name]) => !OWN.includes(name)));

const templateOf = (path: string) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);

const asAdmin = () => ({ Authorization: `Bearer ${stack().operatorTokens.Admin}` });

test('there are routes to try', () => {
  expect(READING.length).toBeGreaterThan(15);
  expect(WRITING.length).toBeGreaterThan(10);
});

test.each(READING)('%s: HEAD has the status and the headers of GET, and no body', async (_, { path }) => {
  for (const headers of [asAdmin(), {}]) {
    const [got, head] = [await call(path, 'GET', headers), await call(path, 'HEAD', headers)];
    // The host's own 404 has no body: no route.
    expect((await got.text()).length).toBeGreaterThan(2);
    expect(head.status).toBe(got.status);
    expect(headersOf(head)).toEqual(headersOf(got));
    expect(await head.text()).toBe('');
  }
});

test.each(WRITING)('%s is served, and has no HEAD of its own', async (_, { method, path }) => {
  const answer = await call(path, method, asAdmin());
  expect(await answer.text()).toContain('"');
  expect(answer.headers.get('content-type')).toMatch(/^application\/(?:problem\+)?json$/);
  // A word in the place of an id is an id to whoever reads.
  const isReadToo = READING.some(([, reading]) => templateOf(reading.path).test(path));
  const head = await call(path, 'HEAD', asAdmin());
  expect(head.status === 404 && head.headers.get('content-type') === null).toBe(!isReadToo);
});

test('the description is asked for by its ETag: 304 without a body, until the caller has another version', async () => {
  const { path } = VM_ENDPOINTS.readOpenApi;
  const first = await call(path, 'GET');
  const eTag = first.headers.get('etag') ?? '';
  expect(eTag).toMatch(/^"[\w-]{22}"$/);
  for (const known of [eTag, `W/${eTag}`, `"other", ${eTag}`, '*']) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await call(path, method, { 'If-None-Match': known });
      expect([answer.status, answer.headers.get('etag'), await answer.text()], known).toEqual([304, eTag, '']);
      expect(answer.headers.get('cache-control')).toBe(first.headers.get('cache-control'));
    }
  }
  for (const other of ['"other"', '', eTag.slice(1, -1)]) {
    expect((await call(path, 'GET', { 'If-None-Match': other })).status).toBe(200);
  }
});
