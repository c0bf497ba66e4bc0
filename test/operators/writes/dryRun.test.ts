import { readFile } from 'node:fs/promises';

import { expect, test } from 'vitest';
import { readPemBlocks } from '../../../src/trust/pem.ts';
import { parseCertificate } from '../../../src/verifier/x509/certificate.ts';
import { operate, useStack } from '../useStack.ts';

const stack = useStack();

const ISSUING = 'Countersign Emulator Issuing CA 01';
const LICENCE = '/licences/http-standard';
const HOUR = expect.stringMatching(/T\d\d:00:00Z$/) as string;
const TOKEN = expect.stringMatching(/^[\w-]{43}$/) as string;

test('a dry run of a change tells old and new and who is affected, and writes nothing', async () => {
  const { body } = await operate(stack(), `GET ${LICENCE}`);
  const old = body['licence'] as Record<string, unknown>;
  const suspended = { ...old, status: 'suspended' };
  const tried = await operate(stack(), `PUT ${LICENCE}?dryRun=true&reason=unpaid`, { body: suspended });
  expect([tried.status, tried.body]).toEqual([
    200,
    { dryRun: true, old, new: suspended, effect: { vms: 0, licences: [old['id']] }, effectToken: TOKEN, removes: [] },
  ]);
  const removed = await operate(stack(), `DELETE ${LICENCE}?dryRun=true`);
  expect(removed.body).toMatchObject({ dryRun: true, old, new: null });
  const stale = await operate(stack(), `DELETE ${LICENCE}?dryRun=true`, { headers: { 'If-Match': '"eA"' } });
  expect([stale.status, stale.body['code']]).toEqual([412, 'changed_meanwhile']);
  expect((await operate(stack(), `GET ${LICENCE}`)).body['licence']).toEqual(old);
});

test('a dry run needs the role of the write', async () => {
  const refused = await operate(stack(), `DELETE ${LICENCE}?dryRun=true`, { as: 'Reader' });
  expect([refused.status, refused.body['code']]).toEqual([403, 'role_missing']);
  const body = { sha256: 'ab'.repeat(32) };
  const distrust = await operate(stack(), 'POST /trust/distrusts?dryRun=true', { as: 'Admin', body });
  expect(distrust.body).toMatchObject({ dryRun: true, old: null, new: { sha256: 'ab'.repeat(32) } });
  expect(distrust.body['effectToken']).toEqual(TOKEN);
  expect(distrust.body['effect']).toEqual({
    ...{ vms: null, licences: [], pins: [], clouds: [] },
    issues: { last24h: null, since: HOUR },
  });
  expect((await operate(stack(), 'GET /trust', { as: 'Admin' })).body['distrusts']).toEqual([]);
});

test('a distrust tells which CA it is of, and which cloud it leaves without a path', async () => {
  const pem = await readFile(stack().authorityFile, 'utf8');
  const certificates = readPemBlocks(pem).flatMap((der) => (der === null ? [] : [parseCertificate(der)]));
  const effects = await Promise.all(
    certificates.map(async ({ commonName, sha256 }) => {
      const request = 'POST /trust/distrusts?dryRun=true';
      const { body } = await operate(stack(), request, { as: 'Admin', body: { sha256 } });
      return [commonName, body['effect']];
    }),
  );
  const rest = { vms: null, licences: [], issues: { last24h: 0, since: HOUR } };
  // The root is certified by the second one too, so that the issuing CA alone is indispensable.
  expect(effects).toEqual([
    ['Countersign Emulator Root', { ...rest, pins: ['Countersign Emulator Root'], clouds: [] }],
    ['Countersign Emulator Second Root', { ...rest, pins: ['Countersign Emulator Second Root'], clouds: [] }],
    ['Countersign Emulator Root', { ...rest, pins: ['Countersign Emulator Root'], clouds: [] }],
    [ISSUING, { ...rest, pins: [ISSUING], clouds: ['emulator'] }],
  ]);
});

test('a reason has at most 500 characters, and only a write has one', async () => {
  const long = await operate(stack(), `DELETE ${LICENCE}?dryRun=true&reason=${'x'.repeat(501)}`);
  expect([long.status, long.body['code']]).toEqual([400, 'request_malformed']);
  const exact = await operate(stack(), `DELETE ${LICENCE}?dryRun=true&reason=${'x'.repeat(500)}`);
  expect(exact.status).toBe(200);
  expect((await operate(stack(), `GET ${LICENCE}?reason=x`)).status).toBe(400);
});

type Report = Readonly<Record<'old' | 'effect' | 'effectToken' | 'removes', unknown>>;

async function tryWrite(request: string, body?: object): Promise<Report> {
  const tried = await operate(stack(), request, { as: 'Admin', ...(body !== undefined && { body }) });
  expect([tried.status, tried.body['effectToken']]).toEqual([200, TOKEN]);
  return tried.body;
}

test('a PUT that leaves a member out says that it removes it', async () => {
  const path = '/licences/removing';
  const scope = { cloud: 'emulator', subscription: 'dddddddd-0000-4000-8000-000000000001' };
  const least = { id: 'removing', offer: 'contoso/gateway/standard', seats: 3, ...scope };
  const whole = {
    ...least,
    status: 'suspended',
    note: 'x',
    features: { tier: 'gold' },
    customer: { name: 'Fabrikam' },
  };
  expect((await tryWrite(`PUT ${path}?dryRun=true`, whole)).removes).toEqual([]);
  expect((await operate(stack(), `PUT ${path}`, { body: whole })).status).toBe(201);
  const { removes } = await tryWrite(`PUT ${path}?dryRun=true`, { ...least, note: 'y' });
  expect(removes).toEqual(['status', 'features', 'customer']);
  const headers = { 'If-Match': '*' };
  const put = await operate(stack(), `PUT ${path}`, { body: { ...least, note: 'y' }, headers });
  expect([put.status, put.body['removed']]).toEqual([200, removes]);
  const patched = await operate(stack(), `PATCH ${path}`, { body: { note: null }, headers });
  expect([patched.status, patched.body['removed']]).toEqual([200, ['note']]);
  const offer = {
    offer: 'contoso/removing/*',
    mode: 'licensed',
    lifetime: 'PT2H',
    clouds: ['emulator'],
    keyChanges: 3,
  };
  expect((await operate(stack(), 'PUT /offers/contoso/removing/*', { body: offer })).status).toBe(201);
  const kept = { offer: offer.offer, mode: offer.mode, lifetime: 'PT2H' };
  const tried = await tryWrite('PUT /offers/contoso/removing/*?dryRun=true', kept);
  expect(tried.removes).toEqual(['clouds', 'keyChanges']);
  const kind = await operate(stack(), 'PUT /offers/contoso/removing/*', { body: kept, headers });
  expect([kind.status, kind.body['removed']]).toEqual([200, tried.removes]);
  const again = await operate(stack(), 'PUT /offers/contoso/removing/*', { body: kept, headers });
  expect([again.status, again.body['removed']]).toEqual([200, undefined]);
});

test('the token of an effect is the same until one of the objects has changed', async () => {
  const { body } = await operate(stack(), `GET ${LICENCE}`);
  const licence = body['licence'] as Record<string, unknown>;
  const first = await tryWrite(`DELETE ${LICENCE}?dryRun=true`);
  expect((await tryWrite(`DELETE ${LICENCE}?dryRun=true`)).effectToken).toBe(first.effectToken);
  const headers = { 'If-Match': '*' };
  expect((await operate(stack(), `PUT ${LICENCE}`, { body: { ...licence, note: 'token' }, headers })).status).toBe(200);
  expect((await tryWrite(`DELETE ${LICENCE}?dryRun=true`)).effectToken).not.toBe(first.effectToken);
});
