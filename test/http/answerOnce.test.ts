import { expect, test } from 'vitest';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { operate, useStack } from '../operators/useStack.ts';

const stack = useStack();

const path = (name: string) => `/offers/contoso/${name}/pro`;
const offer = (name: string, changed: object = {}) => ({ offer: `contoso/${name}/pro`, mode: 'licensed', ...changed });

function put(name: string, key: string, changed: object = {}, headers: Record<string, string> = {}) {
  return operate(stack(), `PUT ${path(name)}`, {
    body: offer(name, changed),
    headers: { 'Idempotency-Key': key, ...headers },
  });
}

test('a repeat gets the first answer, even where the offer was changed in between', async () => {
  const first = await put('once', 'k1');
  expect(first.headers.get('idempotency-replayed')).toBeNull();
  const headers = { 'If-Match': '*' };
  await operate(stack(), `PUT ${path('once')}`, { body: offer('once', { grace: 'P1D' }), headers });
  const again = await put('once', 'k1');
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect([again.status, again.text, again.headers.get('etag')]).toEqual([201, first.text, first.headers.get('etag')]);
  const now = await operate(stack(), `GET ${path('once')}`);
  expect((now.body['offer'] as { grace: string }).grace).toBe('P1D');
});

test('another body under the same key is refused; another route or operator is another key', async () => {
  await put('keyed', 'k2');
  const other = await put('keyed', 'k2', { grace: 'P1D' });
  expect([other.status, other.body['code']]).toEqual([409, 'request_reused']);
  expect((await put('keyed-too', 'k2')).status).toBe(201);
  const body = offer('keyed', { grace: 'P2D' });
  const headers = { 'Idempotency-Key': 'k2', 'If-Match': '*' };
  expect((await operate(stack(), `PUT ${path('keyed')}`, { as: 'Admin', body, headers })).status).toBe(200);
});

test('a request that was refused may be sent again, changed', async () => {
  expect((await put('refused', 'k3', { lifetime: 'PT1S' })).status).toBe(400);
  expect((await put('refused', 'k3', {}, { 'If-Match': '"eA"' })).status).toBe(412);
  expect((await put('refused', 'k3')).status).toBe(201);
});

test('of repeats at the same time one is executed', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => put('together', 'k4')));
  const statuses = answers.map(({ status }) => status);
  expect(statuses).toContain(201);
  expect(statuses.every((status) => status === 201 || status === 409)).toBe(true);
  expect(new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text)).size).toBe(1);
});

test('a request whose process ended is refused for as long as it may run, and then executed again', async () => {
  const store = createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
  const { body } = await operate(stack(), `GET ${path('once')}`);
  const key = { operator: String(body['changedBy']), route: `PUT /operator/v1${path('crashed')}?`, key: 'k5' };
  const digest = await digestOf(JSON.stringify(offer('crashed')));
  const begun = await store.writeRequest({ ...key, digest, at: Date.now() - 230_000, answer: null }, null);
  const early = await put('crashed', 'k5');
  expect([early.status, early.body['code'], early.headers.get('retry-after')]).toEqual([409, 'busy', '60']);
  expect(early.body['retryable']).toBe(true);
  if (begun.outcome !== 'written') throw new Error('The row is new.');
  await store.writeRequest({ ...key, digest, at: Date.now() - 241_000, answer: null }, begun.version);
  expect((await put('crashed', 'k5')).status).toBe(201);
});

async function digestOf(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('hex');
}

test.each(['', 'with space', 'x'.repeat(129)])('the key %j is refused', async (key) => {
  const answer = await put('wrong-key', key);
  expect([answer.status, answer.body['code']]).toEqual([400, 'request_malformed']);
});
