import { expect, test } from 'vitest';
import { applyCatalogue } from '../../support/applyCatalogue.ts';
import { parseCatalogue } from '../../../src/catalogue/file/parseCatalogue.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { operate, useStack } from '../useStack.ts';

const stack = useStack();

const offer = (name: string, changed: object = {}) => ({ offer: `contoso/${name}/pro`, mode: 'licensed', ...changed });
const path = (name: string) => `/offers/contoso/${name}/pro`;

test('an offer that is not there is created with its defaults, and read with the same ETag', async () => {
  const created = await operate(stack(), `PUT ${path('created')}`, { body: offer('created') });
  expect(created.status).toBe(201);
  expect(created.body['offer']).toEqual({
    ...{ offer: 'contoso/created/pro', mode: 'licensed', productAliases: [], status: 'active', clouds: '*', skus: '*' },
    ...{ lifetime: 'P1D', renewAfter: 'PT12H', grace: 'P7D', lease: 'P1D', requireKey: true, keyChanges: 1 },
    ...{ withoutPlan: false, onForeignPlan: 'refuse', trial: null, earlyRelease: false },
    ...{ offline: false, offlineLifetime: 'P21D', features: {} },
  });
  const read = await operate(stack(), `GET ${path('created')}`, { as: 'Reader' });
  expect(read.body).toEqual(created.body);
  expect(read.headers.get('etag')).toBe(created.body['etag']);
  expect(read.headers.get('cache-control')).toBe('no-store');
});

test('what was read can be sent back, and an offer with a * is one', async () => {
  const body = { offer: 'contoso/starred/*', mode: 'marketplace', lifetime: 'P1DT2H3M4S', seats: 5 };
  const created = await operate(stack(), 'PUT /offers/contoso/starred/*', { body });
  expect(created.body['offer']).toMatchObject({ lifetime: 'P1DT2H3M4S', seats: 5 });
  const headers = { 'If-Match': String(created.body['etag']) };
  const again = await operate(stack(), 'PUT /offers/contoso/starred/%2A', { body: created.body['offer'], headers });
  expect(again.body).toEqual(created.body);
});

test('a change names the version that it replaces', async () => {
  const first = await operate(stack(), `PUT ${path('versioned')}`, { body: offer('versioned') });
  const body = offer('versioned', { status: 'suspended' });
  const put = (etag: string) => operate(stack(), `PUT ${path('versioned')}`, { body, headers: { 'If-Match': etag } });
  const without = await operate(stack(), `PUT ${path('versioned')}`, { body });
  expect([without.status, without.body['code']]).toEqual([428, 'precondition_required']);
  const second = await put(String(first.body['etag']));
  expect([second.status, (second.body['offer'] as { status: string }).status]).toEqual([200, 'suspended']);
  expect(second.body['etag']).not.toBe(first.body['etag']);
});

test('of several versions one must be the row’s, and a weak one is none', async () => {
  const first = await operate(stack(), `PUT ${path('listed')}`, { body: offer('listed') });
  const etag = String(first.body['etag']);
  const put = (grace: string, ifMatch: string) => {
    const headers = { 'If-Match': ifMatch };
    return operate(stack(), `PUT ${path('listed')}`, { body: offer('listed', { grace }), headers });
  };
  for (const none of ['"eA"', `W/${etag}`, `"eA", W/${etag}`, '""', '"a,b"', etag.replace(/"$/, '~"')]) {
    const stale = await put('P1D', none);
    expect([none, stale.status, stale.body['code']]).toEqual([none, 412, 'changed_meanwhile']);
  }
  expect((await put('P1D', `"eA",${etag}`)).status).toBe(200);
  expect((await put('P2D', '*')).status).toBe(200);
  for (const wrong of ['eA', `${etag}"`, `${etag},`, `${etag} ${etag}`])
    expect((await put('P3D', wrong)).status).toBe(400);
});

test('what is already as it is asked for is success, whatever the version', async () => {
  const first = await operate(stack(), `PUT ${path('same')}`, { body: offer('same') });
  const again = await operate(stack(), `PUT ${path('same')}`, { body: offer('same') });
  expect([again.status, again.body['etag']]).toEqual([200, first.body['etag']]);
});

test('an If-Match for what is not there, or that is no ETag, is refused', async () => {
  const body = offer('absent');
  const absent = await operate(stack(), `PUT ${path('absent')}`, { body, headers: { 'If-Match': '"eA"' } });
  expect([absent.status, absent.body['code']]).toEqual([412, 'changed_meanwhile']);
  const wrong = await operate(stack(), `PUT ${path('absent')}`, { body, headers: { 'If-Match': 'eA' } });
  expect([wrong.status, wrong.body['code']]).toEqual([400, 'request_malformed']);
  expect((await operate(stack(), `GET ${path('absent')}`)).body['code']).toBe('not_found');
});

test('every problem of the body is told with its place', async () => {
  const body = offer('wrong', { lifetime: 'PT1M', keyChanges: -1, colour: 'red' });
  const answer = await operate(stack(), `PUT ${path('wrong')}`, { body });
  expect([answer.status, answer.body['code']]).toEqual([400, 'request_malformed']);
  const fields = (answer.body['errors'] as { field: string; message: string }[]).map(
    ({ field, message }) => `${field}: ${message}`,
  );
  expect(fields.some((one) => one.startsWith('keyChanges: must'))).toBe(true);
  expect(fields.some((one) => one.includes('"colour" is not known'))).toBe(true);
});

const TOO_LONG =
  'must be shorter: lifetime and grace together are at most "P30D", the LICENCE_LIFE_SECONDS of the service';

test.each([
  ['grace', { grace: 'P29DT1S' }],
  ['lifetime', { lifetime: 'P31D' }],
])(
  'an offer whose licences last longer than clients allow is refused with its %s, also in a file',
  async (field, change) => {
    const body = offer('long', change);
    const answer = await operate(stack(), `PUT ${path('long')}`, { body });
    expect([answer.status, answer.body['code']]).toEqual([400, 'request_malformed']);
    expect(answer.body['errors']).toEqual([{ field, message: TOO_LONG }]);
    const file = { offers: [offer('short', { grace: 'P29D' }), body] };
    const applied = await operate(stack(), 'POST /catalogue', { body: file });
    expect([applied.status, applied.body['code']]).toEqual([400, 'request_malformed']);
    expect(applied.body['errors']).toEqual([{ field: `offers[1].${field}`, message: TOO_LONG }]);
    expect((await operate(stack(), `GET ${path('short')}`)).body['code']).toBe('not_found');
  },
);

test('licences by file may not last longer than clients allow either, where the offer has them', async () => {
  const put = (change: object, headers = {}) =>
    operate(stack(), `PUT ${path('by-file')}`, { body: offer('by-file', change), headers });
  const long = { grace: 'P9DT1S' };
  expect((await put(long)).status).toBe(201);
  const headers = { 'If-Match': '*' };
  const refused = await put({ ...long, offline: true }, headers);
  const message = TOO_LONG.replace('lifetime', 'offlineLifetime');
  expect(refused.body['errors']).toEqual([{ field: 'offlineLifetime', message }]);
  expect((await put({ ...long, offline: true, offlineLifetime: 'P20DT23H59M59S' }, headers)).status).toBe(200);
  expect((await put({ ...long, lifetime: 'P31D', offline: true }, headers)).body['errors']).toHaveLength(2);
});

test('an offer that was stored with a longer life can be suspended and shortened, but not extended', async () => {
  const store = createTablesStore({
    connection: { connectionString: stack().connectionString },
    tablePrefix: stack().tablePrefix,
  });
  const stored = offer('stored-long', { grace: 'P60D' });
  await applyCatalogue(store, parseCatalogue({ offers: [stored] }), { change: { by: 'test', at: 0 } });
  const put = (change: object) =>
    operate(stack(), `PUT ${path('stored-long')}`, { body: { ...stored, ...change }, headers: { 'If-Match': '*' } });
  expect((await put({ status: 'suspended' })).status).toBe(200);
  expect((await put({ grace: 'P61D' })).body['code']).toBe('request_malformed');
  expect((await put({ grace: 'P20D' })).status).toBe(200);
  expect((await put({ grace: 'P60D' })).body['code']).toBe('request_malformed');
});

test('an offer is put at its own address, and shares no name with another', async () => {
  const elsewhere = await operate(stack(), `PUT ${path('one')}`, { body: offer('two') });
  expect([elsewhere.status, elsewhere.body['code']]).toEqual([400, 'request_malformed']);
  await operate(stack(), `PUT ${path('original')}`, { body: offer('original') });
  const body = offer('pretender', { productAliases: ['Original'] });
  const clash = await operate(stack(), `PUT ${path('pretender')}`, { body });
  expect([clash.status, clash.body['code']]).toEqual([409, 'name_taken']);
});

test('the list comes by pages, and holds every offer once', async () => {
  for (const name of ['page-1', 'page-2', 'page-3']) await operate(stack(), `PUT ${path(name)}`, { body: offer(name) });
  const names: string[] = [];
  let continuation: string | null = '';
  for (let page = 0; continuation !== null && page < 50; page += 1) {
    const query: string = continuation === '' ? '' : `&continuation=${encodeURIComponent(continuation)}`;
    const { body } = await operate(stack(), `GET /offers?limit=2${query}`, { as: 'Reader' });
    const items = body['items'] as { offer: { offer: string } }[];
    expect(items.length).toBeLessThanOrEqual(2);
    names.push(...items.map((item) => item.offer.offer));
    continuation = body['continuation'] as string | null;
  }
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['contoso/page-1/pro', 'contoso/page-2/pro', 'contoso/page-3/pro']));
});

test.each(['limit=0', 'limit=1001', 'limit=ten', 'continuation=nonsense', 'colour=red', 'limit=5&limit=5'])(
  'the query %s is refused',
  async (query) => {
    const answer = await operate(stack(), `GET /offers?${query}`);
    expect([answer.status, answer.body['code']]).toEqual([400, 'request_malformed']);
  },
);

test('an offer is deleted, at the version that was read, once no licence stands under it', async () => {
  const { body } = await operate(stack(), `PUT ${path('deleted')}`, { body: offer('deleted') });
  const subscription = 'cccccccc-0000-4000-8000-00000000aaaa';
  const licence = { id: 'in-the-way', cloud: 'emulator', subscription, offer: 'contoso/deleted/pro', seats: 1 };
  await operate(stack(), 'PUT /licences/in-the-way', { body: licence });
  const remove = (headers: Record<string, string> = {}) =>
    operate(stack(), `DELETE ${path('deleted').toUpperCase().replace('OFFERS', 'offers')}`, { headers });
  const refused = await remove();
  expect([refused.status, refused.body['code']]).toEqual([409, 'in_use']);
  expect(refused.body['detail']).toBe('It has licences: 1 licence, in-the-way among them. Delete them first.');
  await operate(stack(), 'DELETE /licences/in-the-way');
  expect((await remove({ 'If-Match': '"eA"' })).body['code']).toBe('changed_meanwhile');
  expect((await remove({ 'If-Match': String(body['etag']) })).body).toEqual({ deleted: true });
  expect((await remove()).body['code']).toBe('not_found');
});

test('an offer does not leave its licences behind for marketplace mode', async () => {
  await operate(stack(), `PUT ${path('switched')}`, { body: offer('switched') });
  const subscription = 'cccccccc-0000-4000-8000-00000000bbbb';
  const licence = { id: 'agreed', cloud: 'emulator', subscription, offer: 'contoso/switched/pro', seats: 1 };
  await operate(stack(), 'PUT /licences/agreed', { body: licence });
  const body = offer('switched', { mode: 'marketplace' });
  const answer = await operate(stack(), `PUT ${path('switched')}`, { body, headers: { 'If-Match': '*' } });
  expect([answer.status, answer.body['code']]).toEqual([409, 'in_use']);
  expect(answer.body['detail']).toContain('1 licence, agreed among them; delete them first');
});
