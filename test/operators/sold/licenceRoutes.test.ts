import { randomUUID } from 'node:crypto';

import { expect, test } from 'vitest';
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import { operate, useStack } from '../useStack.ts';

const stack = useStack();

const SUBSCRIPTION = 'bbbbbbbb-0000-4000-8000-000000000001';

let subscriptions = 0;

/** A licence for a subscription of its own. */
function licence(id: string, changed: object = {}) {
  subscriptions += 1;
  const subscription = `cccccccc-0000-4000-8000-${`${subscriptions}`.padStart(12, '0')}`;
  return { id, cloud: 'emulator', subscription, offer: 'contoso/gateway/standard', seats: 3, ...changed };
}

const put = (body: { readonly id: string; readonly [member: string]: unknown }, headers: Record<string, string> = {}) =>
  operate(stack(), `PUT /licences/${body.id}`, { body, headers });

test('a licence is created with its defaults, and read with how many of its seats are taken', async () => {
  const body = licence('created');
  const created = await put(body);
  expect(created.status).toBe(201);
  expect(created.body['licence']).toEqual({
    ...body,
    ...{ status: 'active', validFrom: null, validUntil: null, vmIds: '*', skus: '*', features: {}, note: '' },
    ...{ class: 'production', overage: 0, customer: null },
  });
  expect(created.body['changedBy']).toMatch(/^[0-9a-f-]{36}$/);
  const read = await operate(stack(), 'GET /licences/CREATED', { as: 'Reader' });
  const usage = { taken: 0, over: 0, overSince: null, seats: 3, overage: 0 };
  expect(read.body).toEqual({ ...created.body, effective: 'active', usage });
  expect(read.headers.get('etag')).toBe(created.body['etag']);
});

test.each([
  ['not-yet', { validFrom: '2999-01-01T00:00:00Z' }, 'not_yet'],
  ['has-ended', { validUntil: '2020-01-01T00:00:00Z' }, 'expired'],
  ['is-revoked', { status: 'revoked', validUntil: '2020-01-01T00:00:00Z' }, 'revoked'],
])('a licence says what it is worth now: %s', async (id, members, effective) => {
  await put(licence(id, members));
  const { body } = await operate(stack(), `GET /licences/${id}`, { as: 'Reader' });
  expect(body['effective']).toBe(effective);
});

test('a suspension names the version that it replaces', async () => {
  const body = licence('suspended');
  const { body: first } = await put(body);
  const suspended = { ...body, status: 'suspended' };
  expect((await put(suspended)).body['code']).toBe('precondition_required');
  const second = await put(suspended, { 'If-Match': String(first['etag']) });
  expect(second.body['licence']).toMatchObject({ status: 'suspended' });
  const stale = await put({ ...body, seats: 9 }, { 'If-Match': String(first['etag']) });
  expect([stale.status, stale.body['code']]).toEqual([412, 'changed_meanwhile']);
});

test('an offer may be named by any spelling, and must be there and in licensed mode', async () => {
  const spelled = await put(licence('spelled', { offer: 'CONTOSO/Gateway/STANDARD' }));
  expect(spelled.body['licence']).toMatchObject({ offer: 'contoso/gateway/standard' });
  const unknown = await put(licence('unknown', { offer: 'contoso/nothing/pro' }));
  expect([unknown.status, unknown.body['code']]).toEqual([400, 'request_malformed']);
  expect(unknown.body['detail']).toContain('there is no offer contoso/nothing/pro');
});

test('a subscription has one licence a plan, and an id one licence', async () => {
  const first = licence('first-of-two');
  await put(first);
  const second = await put({ ...first, id: 'second-of-two' });
  expect([second.status, second.body['code']]).toEqual([409, 'name_taken']);
  expect(second.body['detail']).toContain('first-of-two');
  const elsewhere = await put({ ...first, offer: 'contoso/gateway/small' }, { 'If-Match': '*' });
  expect([elsewhere.status, elsewhere.body['code']]).toEqual([409, 'name_taken']);
  expect(elsewhere.body['detail']).toContain('a licence keeps its offer');
});

test('a licence of several subscriptions is listed under each, as it was written', async () => {
  const subscriptions = [randomUUID(), randomUUID()].map((one) => ({
    cloud: 'emulator',
    subscription: one,
    until: null,
  }));
  const terms = { offer: 'contoso/gateway/standard', seats: 3, overage: '10%', class: 'development' };
  const customer = { name: 'Tailspin Toys', reference: '4711', contact: null };
  const body = { id: 'several', subscriptions, ...terms, customer };
  const { body: created } = await put(body);
  expect(created['licence']).toMatchObject(body);
  for (const { subscription } of subscriptions) {
    const listed = await operate(stack(), `GET /licences?cloud=emulator&subscription=${subscription}`);
    expect(listed.body['items']).toMatchObject([{ licence: { id: 'several' } }]);
  }
  const [first] = subscriptions;
  const fewer = { ...body, subscriptions: undefined, cloud: 'emulator', subscription: first?.subscription };
  const { body: changed } = await put(fewer, { 'If-Match': String(created['etag']) });
  expect(changed['licence']).toMatchObject({ cloud: 'emulator', subscription: first?.subscription });
  expect(changed['licence']).not.toHaveProperty('subscriptions');
});

test('the id of the address is that of the body', async () => {
  const answer = await operate(stack(), 'PUT /licences/one', { body: licence('another') });
  expect([answer.status, answer.body['code']]).toEqual([400, 'request_malformed']);
});

test.each([
  [{ seats: -1 }, 'seats'],
  [{ subscription: 'x' }, 'subscription'],
  [{ validFrom: '2027-01-01T00:00:00Z', validUntil: '2026-01-01T00:00:00Z' }, 'validUntil'],
  [{ vmIds: ['x'] }, 'vmIds[0]'],
])('%j is refused at its place', async (changed, field) => {
  const answer = await put(licence('wrong', changed));
  expect(answer.body['code']).toBe('request_malformed');
  expect((answer.body['errors'] as { field: string }[]).map((one) => one.field)).toEqual([field]);
});

test('the list holds all licences, or those of one subscription', async () => {
  const offers = ['contoso/gateway/standard', 'contoso/gateway/small'];
  for (const [index, offer] of offers.entries()) {
    await put(licence(`listed-${index}`, { offer, subscription: SUBSCRIPTION }));
  }
  const of = async (query: string) => {
    const { body } = await operate(stack(), `GET /licences?limit=1000${query}`, { as: 'Reader' });
    return (body['items'] as { licence: { id: string } }[]).map((item) => item.licence.id).sort();
  };
  expect(await of(`&cloud=emulator&subscription=${SUBSCRIPTION.toUpperCase()}`)).toEqual(['listed-0', 'listed-1']);
  expect(await of(`&cloud=AzurePublicCloud&subscription=${SUBSCRIPTION}`)).toEqual([]);
  expect(await of('')).toEqual(expect.arrayContaining(['listed-0', 'http-standard']));
  expect(await of('&cloud=emulator')).toEqual(await of(''));
});

test('a licence that is not there is not found', async () => {
  const answer = await operate(stack(), 'GET /licences/nobody');
  expect([answer.status, answer.body['code']]).toEqual([404, 'not_found']);
});

test('a Reader writes nothing', async () => {
  const body = licence('by-reader');
  const answer = await operate(stack(), 'PUT /licences/by-reader', { as: 'Reader', body });
  expect([answer.status, answer.body['code']]).toEqual([403, 'role_missing']);
  expect((await operate(stack(), 'GET /licences/by-reader')).status).toBe(404);
});

test('a licence is deleted at the version that was read, or at any', async () => {
  const { body } = await put(licence('deleted'));
  const remove = (headers: Record<string, string> = {}) => operate(stack(), 'DELETE /licences/DELETED', { headers });
  const stale = await remove({ 'If-Match': '"eA"' });
  expect([stale.status, stale.body['code']]).toEqual([412, 'changed_meanwhile']);
  const done = await remove({ 'If-Match': String(body['etag']), 'Idempotency-Key': 'delete-once' });
  expect([done.status, done.body]).toEqual([200, { deleted: true }]);
  const again = await remove({ 'If-Match': String(body['etag']), 'Idempotency-Key': 'delete-once' });
  expect([again.body, again.headers.get('idempotency-replayed')]).toEqual([{ deleted: true }, 'true']);
  expect((await remove()).body['code']).toBe('not_found');
  await put(licence('deleted'));
  expect((await operate(stack(), 'DELETE /licences/deleted', { as: 'Reader' })).status).toBe(403);
  expect((await remove()).body).toEqual({ deleted: true });
});

test('without its licence a VM is refused, unsigned, and its lease counts on', async () => {
  const { serviceUrl, imdsUrl } = stack();
  const start = () => boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm: 'small-1', key: createKey() });
  expect((await start()).status).toBe(200);
  const { body } = await operate(stack(), 'GET /licences/http-small');
  await operate(stack(), 'DELETE /licences/http-small');
  const refused = await start();
  expect([refused.body['code'], refused.body['denial']]).toEqual(['subscription_not_licensed', undefined]);
  const { id, ...terms } = body['licence'] as { id: string };
  await put({ id, ...terms });
  expect((await operate(stack(), 'GET /licences/http-small')).body['usage']).toMatchObject({ taken: 1 });
});

test('whoever got one id at the same time as another can be suspended, and nobody else is held up', async () => {
  const two = [licence('twice-at-once'), licence('twice-at-once')];
  const answers = await Promise.all(two.map((one) => put(one)));
  const written = two.filter((_, index) => answers[index]?.status === 201);
  expect(written.length).toBeGreaterThan(0);
  for (const one of written) {
    const suspended = await put({ ...one, status: 'suspended' }, { 'If-Match': '*' });
    expect([suspended.status, suspended.body['code']]).toEqual([200, undefined]);
  }
  expect((await put(licence('after-them'))).status).toBe(201);
});
