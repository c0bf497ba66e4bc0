import { expect, test } from 'vitest';

import { operate, useStack } from '../useStack.ts';

/** Single members of licences and offers, changed by RFC 7396. */

const stack = useStack();

const SCOPE = { cloud: 'emulator', subscription: 'eeeeeeee-0000-4000-8000-000000000001' };
const OTHER = 'eeeeeeee-0000-4000-8000-000000000002';
const ANY_ETAG = { 'If-Match': '*' };
const PATCH = { 'Content-Type': 'application/merge-patch+json' };

async function create(id: string, changed: object = {}) {
  const licence = { id, offer: 'contoso/gateway/standard', seats: 3, ...SCOPE, note: 'first', ...changed };
  const { status, body } = await operate(stack(), `PUT /licences/${id}`, { body: licence });
  expect(status).toBe(201);
  return body as { etag: string; licence: Record<string, unknown> };
}

const patch = (path: string, body: unknown, headers: Readonly<Record<string, string>> = ANY_ETAG) =>
  operate(stack(), `PATCH ${path}`, { body, headers: { ...PATCH, ...headers } });

const remove = (id: string) => operate(stack(), `DELETE /licences/${id}`);

test('what a patch names is changed, null is the default again, and the rest stays', async () => {
  const customer = { name: 'Fabrikam', reference: 'F-1', contact: 'ops@fabrikam.example' };
  const { licence } = await create('patched', { customer, features: { tier: 'gold', nodes: 3 } });
  const body = { seats: 5, note: null, customer: { reference: null }, features: { nodes: null, beta: true } };
  const { status, body: changed } = await patch('/licences/PATCHED', body);
  expect([status, changed['licence']]).toEqual([
    200,
    {
      ...licence,
      ...{ seats: 5, note: '', customer: { ...customer, reference: null } },
      features: { tier: 'gold', beta: true },
    },
  ]);
  await remove('patched');
});

test('a patch names the version that it changes, as a PUT does', async () => {
  const { etag } = await create('versioned');
  const missing = await patch('/licences/versioned', { seats: 4 }, {});
  expect([missing.status, missing.body['code']]).toEqual([428, 'precondition_required']);
  const changed = await patch('/licences/versioned', { seats: 4 }, { 'If-Match': etag });
  expect([changed.status, changed.headers.get('etag')]).toEqual([200, changed.body['etag']]);
  const stale = await patch('/licences/versioned', { seats: 5 }, { 'If-Match': etag });
  expect([stale.status, stale.body['code']]).toEqual([412, 'changed_meanwhile']);
  expect((await patch('/licences/nothing', { seats: 5 })).status).toBe(404);
  const record = { operation: 'patchLicence', kind: 'licence', key: 'versioned', state: 'done' };
  const { body } = await operate(stack(), 'GET /changes?kind=licence&key=versioned&limit=1');
  expect(body['items']).toMatchObject([{ ...record, old: { seats: 3 }, new: { seats: 4 } }]);
  await remove('versioned');
});

test('a dry run of a patch tells old, new, effect and what it removes, and writes nothing', async () => {
  const { licence } = await create('tried', { status: 'suspended' });
  const tried = await patch('/licences/tried?dryRun=true&reason=paid', { status: null, seats: 9 });
  expect(tried.body).toMatchObject({
    ...{ dryRun: true, old: licence, new: { ...licence, status: 'active', seats: 9 } },
    ...{ effect: { vms: 0, licences: ['tried'] }, removes: ['status'] },
  });
  expect((await operate(stack(), 'GET /licences/tried')).body['licence']).toEqual(licence);
  await remove('tried');
});

test.each([
  [{ seats: null }, 'seats'],
  [{ seats: -1 }, 'seats'],
  [{ colour: 'red' }, 'colour'],
  [{ id: 'another' }, 'id'],
  [{ validFrom: '2027-01-01T00:00:00Z', validUntil: '2026-01-01T00:00:00Z' }, 'validUntil'],
  [{ features: 7 }, 'features'],
  [['seats'], 'body'],
  ['', 'body'],
] as const)('a patch is judged as a PUT is: %j', async (body, told) => {
  await create('judged');
  const refused = await patch('/licences/judged', body);
  expect([refused.status, refused.body['code']]).toEqual([400, 'request_malformed']);
  expect(String(refused.body['detail'])).toContain(told);
  await remove('judged');
});

test('the subscriptions of a licence may be given as a list, whichever way it has its one', async () => {
  await create('moved');
  const subscriptions = [SCOPE.subscription, OTHER].map((subscription) => ({ cloud: 'emulator', subscription }));
  const listed = await patch('/licences/moved', { subscriptions });
  expect(listed.body['licence']).toMatchObject({ subscriptions });
  const single = await patch('/licences/moved', { subscriptions: null, cloud: 'emulator', subscription: OTHER });
  expect(single.body['licence']).toMatchObject({ cloud: 'emulator', subscription: OTHER });
  const again = await patch('/licences/moved', { subscription: SCOPE.subscription });
  expect(again.body['licence']).toMatchObject(SCOPE);
  await remove('moved');
});

test('an offer is patched in the same way', async () => {
  const path = '/offers/contoso/patched/*';
  const offer = { offer: 'contoso/patched/*', mode: 'licensed', keyChanges: 3, clouds: ['emulator'] };
  const created = await operate(stack(), `PUT ${path}`, { body: offer });
  const old = created.body['offer'] as Record<string, unknown>;
  const tried = await patch(`${path}?dryRun=true`, { keyChanges: null, lifetime: 'PT6H', renewAfter: 'PT3H' });
  const changed = { ...old, keyChanges: 1, lifetime: 'PT6H', renewAfter: 'PT3H' };
  expect(tried.body).toMatchObject({ dryRun: true, old, new: changed, removes: ['keyChanges'] });
  const missing = await patch(path, { keyChanges: 2 }, {});
  expect([missing.status, missing.body['code']]).toEqual([428, 'precondition_required']);
  const written = await patch(path, { keyChanges: null, lifetime: 'PT6H', renewAfter: 'PT3H' });
  expect([written.status, written.body['offer']]).toEqual([200, changed]);
  for (const [body, told] of [
    [{ mode: null }, 'mode'],
    [{ offer: 'contoso/other/*' }, 'name of an offer'],
    [{ lifetime: 'PT1H' }, 'renewAfter'],
  ] as const) {
    const refused = await patch(path, body);
    expect([refused.status, String(refused.body['detail'])]).toEqual([400, expect.stringContaining(told)]);
  }
  expect((await patch('/offers/contoso/nothing/*', {})).status).toBe(404);
  const { body } = await operate(stack(), 'GET /changes?kind=offer&key=contoso/patched/*&limit=1');
  expect(body['items']).toMatchObject([{ operation: 'patchOffer', old: { keyChanges: 3 }, new: { keyChanges: 1 } }]);
});
