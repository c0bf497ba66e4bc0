import { randomUUID } from 'node:crypto';

import { TableClient } from '@azure/data-tables';
import { expect, test } from 'vitest';

import { boot } from '../../endToEnd/protocolClient.ts';
import { createTestTables } from '../../support/azurite.ts';
import { operate, useStack } from '../useStack.ts';

/** Overrides and claim codes, as operators write them. */

const tables = createTestTables();
const stack = useStack({ store: tables });

const SUBSCRIPTION = 'aaaaaaaa-0000-4000-8000-000000000031';
const OVERRIDE = `/offers/contoso/metered/pro/overrides/emulator/${SUBSCRIPTION}`;

test('an override is created, read, replaced at its version and deleted', async () => {
  const offer = { offer: 'contoso/metered/pro', mode: 'marketplace', seats: 5 };
  expect((await operate(stack(), 'PUT /offers/contoso/metered/pro', { body: offer })).status).toBe(201);
  expect((await operate(stack(), `GET ${OVERRIDE}`)).status).toBe(404);
  const body = { seats: 2, overage: '50%', features: { tier: 'private' } };
  const trial = await operate(stack(), `PUT ${OVERRIDE}?dryRun=true`, { body });
  expect(trial.body).toMatchObject({ dryRun: true, old: null, effect: { vms: 0 } });
  const created = await operate(stack(), `PUT ${OVERRIDE}`, { body });
  expect([created.status, created.body]).toMatchObject([
    201,
    {
      ...{ cloud: 'emulator', subscription: SUBSCRIPTION },
      override: { ...body, status: 'active', validUntil: null, note: '' },
    },
  ]);
  expect((await operate(stack(), `PUT ${OVERRIDE}`, { body: { seats: 3 } })).status).toBe(428);
  const headers = { 'If-Match': String(created.headers.get('etag')) };
  const replaced = await operate(stack(), `PUT ${OVERRIDE}`, { body: { status: 'suspended' }, headers });
  expect(replaced.body).toMatchObject({ override: { status: 'suspended', seats: null } });
  expect((await operate(stack(), `DELETE ${OVERRIDE}`, { headers })).status).toBe(412);
  expect((await operate(stack(), `DELETE ${OVERRIDE}`)).body).toEqual({ deleted: true });
  expect((await operate(stack(), `GET ${OVERRIDE}`)).body['code']).toBe('not_found');
});

test.each([
  [`/offers/contoso/gateway/standard/overrides/emulator/${SUBSCRIPTION}`, {}, 400, 'request_malformed'],
  [`/offers/contoso/nothing/pro/overrides/emulator/${SUBSCRIPTION}`, {}, 404, 'not_found'],
  [`/offers/contoso/metered/pro/overrides/Nowhere/${SUBSCRIPTION}`, {}, 400, 'request_malformed'],
  ['/offers/contoso/metered/pro/overrides/emulator/x', {}, 400, 'request_malformed'],
  [OVERRIDE, { overage: 'a lot' }, 400, 'request_malformed'],
] as const)('no override is written: %s %j', async (path, body, status, code) => {
  const answer = await operate(stack(), `PUT ${path}`, { body });
  expect([answer.status, answer.body['code']]).toEqual([status, code]);
});

test('a claim code is shown once, and stands in no row', async () => {
  const body = { licence: 'HTTP-Standard', uses: 2, note: 'for a test' };
  const headers = { 'Idempotency-Key': randomUUID() };
  const created = await operate(stack(), 'POST /claims', { body, headers });
  expect(created.status).toBe(201);
  const code = String(created.body['code']);
  expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){5}[0-9A-HJKMNP-TV-Z]$/);
  expect(created.body['claim']).toMatchObject({ licence: 'http-standard', uses: 2, used: [], until: null });
  const repeated = await operate(stack(), 'POST /claims', { body, headers });
  expect([repeated.status, repeated.body]).toEqual([201, { claim: created.body['claim'], code: null }]);
  expect(await findText(code)).toEqual([]);
});

test('the note of a claim code comes back, whatever characters it has', async () => {
  const note = '\u0000\u001b[31m\ufffe\uffff\u202e\u2028"\\😀\r\n שלום';
  const { body: created } = await operate(stack(), 'POST /claims', { body: { licence: 'http-standard', note } });
  const { body } = await operate(stack(), 'GET /claims?licence=http-standard');
  const { id } = created['claim'] as { id: string };
  expect((body['items'] as { id: string; note: string }[]).find((one) => one.id === id)?.note).toBe(note);
});

test('a claim code whose end is over is refused', async () => {
  const { status, body } = await operate(stack(), 'POST /claims', {
    body: { licence: 'http-standard', until: '0001-01-01T00:00:00Z' },
  });
  expect([status, body['code'], body['detail']]).toEqual([
    ...[400, 'request_malformed', 'until is in the past. Choose a later time, or leave it out.'],
  ]);
});

/** The tables in which a text stands. */
async function findText(text: string): Promise<readonly string[]> {
  const { connectionString, tablePrefix } = tables;
  const found: string[] = [];
  for (const name of ['names', 'requests', 'licences', 'holders', 'decisions']) {
    const table = TableClient.fromConnectionString(connectionString, `${tablePrefix}${name}`, {
      allowInsecureConnection: true,
    });
    for await (const row of table.listEntities()) if (JSON.stringify(row).includes(text)) found.push(name);
  }
  return found;
}

test('what a code attached is listed with it, and a revoked code attaches nothing', async () => {
  const { serviceUrl, imdsUrl } = stack();
  const licence = { id: 'claimed', offer: 'contoso/sold/pro', seats: 5, cloud: 'emulator', subscription: randomUUID() };
  await operate(stack(), 'PUT /offers/contoso/sold/pro', {
    body: { offer: licence.offer, mode: 'licensed', requireKey: false },
  });
  expect((await operate(stack(), 'PUT /licences/claimed', { body: licence })).status).toBe(201);
  const { body: created } = await operate(stack(), 'POST /claims', { body: { licence: 'claimed', uses: 2 } });
  const bootVm = (vm: string) =>
    boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm, change: { claim: created['code'] } });
  expect((await bootVm('sold-a-1')).status).toBe(200);
  const { body: list } = await operate(stack(), 'GET /claims?licence=claimed', { as: 'Reader' });
  expect(list['items']).toMatchObject([{ licence: 'claimed', uses: 2, used: [{ subscription: SUBSCRIPTION }] }]);
  const { id } = created['claim'] as { id: string };
  expect((await operate(stack(), `DELETE /claims/${id}`, { as: 'Reader' })).status).toBe(403);
  expect((await operate(stack(), `DELETE /claims/${id}`)).body).toEqual({ deleted: true });
  expect((await operate(stack(), `DELETE /claims/${id}`)).status).toBe(404);
  expect((await bootVm('sold-b-1')).body['code']).toBe('claim_invalid');
  expect((await bootVm('sold-a-2')).status).toBe(200);
});

test.each([
  [{ licence: 'nobody' }, 404],
  [{ licence: 'http-standard', uses: 0 }, 400],
  [{ licence: 'http-standard', uses: 201 }, 400],
  [{ licence: 'http-standard', code: 'own' }, 400],
])('no claim code is created for %j', async (body, status) => {
  expect((await operate(stack(), 'POST /claims', { body })).status).toBe(status);
});

test('an explanation tells the trial of a subscription, and an override', async () => {
  const { serviceUrl, imdsUrl } = stack();
  const bootVm = (vm: string) => boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm });
  const sold = { offer: 'contoso/metered/pro', mode: 'marketplace', requireKey: false };
  const headers = { 'If-Match': '*' };
  await operate(stack(), 'PUT /offers/contoso/metered/pro', { body: sold, headers });
  await operate(stack(), `PUT ${OVERRIDE}`, { body: { status: 'suspended', seats: 7 } });
  const explain = async (vm: string) => {
    const { body: refused } = await bootVm(vm);
    const { body } = await operate(stack(), `GET /decisions/${String(refused['correlationId'])}/explanation`);
    return body['now'];
  };
  expect(await explain('metered-a')).toMatchObject({
    ...{ outcome: 'licence_suspended', licence: null, trial: null, leaving: null },
    override: { status: 'suspended', seats: 7 },
  });
  const trial = { offer: 'contoso/sold/pro', mode: 'licensed', requireKey: false, trial: { days: 1, seats: 0 } };
  await operate(stack(), 'PUT /offers/contoso/sold/pro', { body: trial, headers });
  expect(await explain('sold-c-1')).toMatchObject({
    ...{ outcome: 'seats_exhausted', licence: null, override: null },
    trial: { seats: 0 },
    usage: { seats: 0, overage: 0, taken: 0 },
  });
});
