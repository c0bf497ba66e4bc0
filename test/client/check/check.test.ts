import { readdir, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { REAL_ADAPTERS } from '../../../src/client/adapters/real.ts';
import { problem } from '../support/licenceService.ts';
import { createScene } from '../support/scene.ts';
import { DAY, HOUR, NOW, OTHER_VM_ID, VM_ID } from '../support/vectors.ts';

const instant = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');

test('a first check obtains a licence, keeps it privately and says each step', async () => {
  const scene = await createScene();
  const { licence, ...answer } = await scene.check();
  expect(answer).toEqual({ state: 'licensed', nextCheckAt: instant(NOW + HOUR), since: instant(NOW) });
  expect(licence).toEqual({
    id: 'mp:AzurePublicCloud:8d10da13:widget',
    plan: { publisher: 'contoso', product: 'widget', name: 'standard' },
    features: { nodes: 3, reports: true },
    vmId: VM_ID,
    issuedAt: instant(NOW),
    expiresAt: instant(NOW + DAY),
    renewAfter: instant(NOW + 12 * HOUR),
    graceUntil: instant(NOW + 8 * DAY),
    token: expect.stringMatching(/^ey/) as string,
  });
  expect(scene.steps()).toEqual(['cache', 'vm', 'key', 'challenge', 'document', 'key_set', 'user_data', 'licence']);
  for (const name of ['key.jwk', 'licence.json']) {
    expect((await stat(scene.ownFile(name))).mode & 0o777).toBe(0o600);
  }
});

test('it costs five requests, two of them to IMDS, and leaves nothing but the documented files', async () => {
  const scene = await createScene();
  await scene.check();
  const root = scene.service.roots[0]?.kid ?? '';
  expect(scene.service.requests).toEqual(['/v1/challenges', `/.well-known/jwks.jwt?root=${root}`, '/v1/licences']);
  expect(scene.imds.requests).toEqual([
    '/metadata/instance/compute?api-version=2021-01-01',
    expect.stringMatching(/^\/metadata\/attested\/document\?/),
  ]);
  expect((await readdir(scene.folder)).sort()).toEqual([VM_ID, 'lock']);
  expect((await readdir(scene.file(VM_ID))).sort()).toEqual(['key.jwk', 'licence.json']);
});

test('the licence file holds licence, key set, tag and remembered time', async () => {
  const scene = await createScene();
  const { licence } = await scene.check();
  expect(await scene.readLicenceFile()).toEqual({
    licence: licence?.token,
    keySet: expect.stringMatching(/^ey/) as string,
    chassisTag: '7783-7084-3265-9085-8269-3286-77',
    remembered: { time: NOW, wall: NOW, uptime: 3_600_000, bootId: 'boot-1' },
  });
});

test('a current licence needs one request to IMDS and none to the service', async () => {
  const scene = await createScene();
  await scene.check();
  scene.forget();
  scene.time.pass(11 * HOUR);
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.service.requests).toEqual([]);
  expect(scene.imds.requests).toEqual(['/metadata/instance/compute/vmId?api-version=2021-01-01&format=text']);
});

test('a licence that is due is renewed with the same key', async () => {
  const scene = await createScene();
  await scene.check();
  scene.time.pass(13 * HOUR);
  const second = await scene.check();
  expect(second.licence?.issuedAt).toBe(instant(NOW + 13 * HOUR));
  const thumbprints = scene.events.filter((event) => event.step === 'key').map(({ thumbprint }) => thumbprint);
  expect(thumbprints).toHaveLength(2);
  expect(new Set(thumbprints).size).toBe(1);
});

test('renew obtains a new licence although none is due', async () => {
  const scene = await createScene();
  const client = scene.client();
  await client.check();
  scene.time.pass(HOUR);
  expect((await client.check({ renew: true })).licence?.issuedAt).toBe(instant(NOW + HOUR));
  scene.serviceIsAway = true;
  expect(await client.check({ renew: true })).toMatchObject({ state: 'licensed', code: 'service_unreachable' });
});

test('ten digits are as good a nonce', async () => {
  const scene = await createScene();
  scene.service.nonceStyle = 'digits';
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.imds.requests.find((path) => path.includes('attested'))).toMatch(/nonce=\d{10}$/);
});

test('the request names the client, and offer and label where they are given', async () => {
  const scene = await createScene();
  await scene.check({ offer: 'contoso/widget/standard', label: 'build agent 7', client: 'widget/7' });
  const [first] = scene.service.licenceRequests;
  expect(first).toMatchObject({ offer: 'contoso/widget/standard', label: 'build agent 7', client: 'widget/7' });
  scene.time.pass(13 * HOUR);
  await scene.check();
  expect(Object.keys(scene.service.licenceRequests[1] ?? {})).toEqual(['challenge', 'document', 'proof', 'client']);
  expect(scene.service.licenceRequests[1]).toMatchObject({ client: '@countersign/client/0.1.0' });
});

test('an outage keeps a licence to its end, then through its grace, then no longer', async () => {
  const scene = await createScene();
  const { licence } = await scene.check();
  scene.serviceIsAway = true;
  scene.time.pass(23 * HOUR);
  expect(await scene.check()).toMatchObject({ state: 'licensed', code: 'service_unreachable', licence });
  scene.time.pass(HOUR);
  expect(await scene.check()).toMatchObject({ state: 'grace', code: 'service_unreachable', licence });
  scene.time.pass(7 * DAY);
  const ended = await scene.check();
  expect(ended).toMatchObject({ state: 'unreachable', code: 'service_unreachable' });
  expect(ended).not.toHaveProperty('licence');
  expect(ended.reason).toBe(
    `The licence expired at ${instant(NOW + DAY)} and its grace ended at ${instant(NOW + 8 * DAY)}. ` +
      'The licence service cannot be reached. Check DNS, outgoing HTTPS and proxies. (ECONNREFUSED)',
  );
});

test.each([
  ['an unsigned refusal', problem(403, 'licence_revoked')],
  ['an unknown issuer', problem(422, 'issuer_unknown')],
  ['a page of a proxy', { status: 403, body: '<html>', headers: { 'content-type': 'text/html' } }],
  ['an outage of the service', problem(503, 'store_unavailable')],
  ['too many requests', problem(429, 'rate_limited')],
])('%s ends no grace', async (_, reply) => {
  const scene = await createScene();
  await scene.check();
  scene.service.answer('/v1/licences', reply);
  scene.time.pass(2 * DAY);
  expect(await scene.check()).toMatchObject({ state: 'grace' });
});

test.each(['refused', 'silent', 'no_route'] as const)('IMDS that is %s follows the rules of grace', async (kind) => {
  const scene = await createScene();
  await scene.check();
  scene.imdsIs = kind;
  expect(await scene.check()).toMatchObject({ state: 'licensed', code: 'imds_not_answering' });
  scene.time.pass(DAY);
  expect(await scene.check()).toMatchObject({ state: 'grace', code: 'imds_not_answering' });
  scene.time.pass(8 * DAY);
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'imds_not_answering' });
});

test.each([
  ['evidence', problem(422, 'signature_invalid'), 'refused', 'signature_invalid'],
  ['plan', problem(403, 'plan_unknown'), 'refused', 'plan_unknown'],
  ['a busy service', problem(429, 'rate_limited'), 'unreachable', 'rate_limited'],
  ['an unknown issuer', problem(422, 'issuer_unknown'), 'unreachable', 'issuer_unknown'],
])('without a licence the refusal itself is the answer: %s', async (_, reply, state, code) => {
  const scene = await createScene();
  scene.service.answer('/v1/licences', reply);
  expect(await scene.check({ once: true })).toMatchObject({
    ...{ state, code },
    ...{ reason: `What to do about ${code}.`, correlationId: 'c-1' },
  });
});

test('a check with a hung service ends within 12 seconds in grace', async () => {
  const scene = await createScene();
  await scene.check();
  scene.hangsBelow = '/v1/';
  scene.time.pass(2 * DAY);
  const before = scene.time.monotonic;
  expect(await scene.check()).toMatchObject({ state: 'grace', code: 'service_unreachable' });
  expect(scene.time.monotonic - before).toBeLessThanOrEqual(12_000);
});

test('so does one with a silent IMDS', async () => {
  const scene = await createScene();
  await scene.check();
  scene.imdsIs = 'silent';
  scene.time.pass(2 * DAY);
  const before = scene.time.monotonic;
  expect(await scene.check()).toMatchObject({ state: 'grace', code: 'imds_not_answering' });
  expect(scene.time.monotonic - before).toBeLessThanOrEqual(12_000);
});

test('processes that start together use one key and take one licence', async () => {
  const scene = await createScene();
  scene.time.now = Date.now();
  const adapters = { ...scene.adapters, clocks: REAL_ADAPTERS.clocks };
  const checks = await Promise.all(Array.from({ length: 6 }, () => scene.check({ adapters })));
  expect(checks.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => 'licensed'));
  expect(new Set(checks.map(({ licence }) => licence?.token)).size).toBe(1);
  expect(scene.service.licenceRequests).toHaveLength(1);
  expect((await readdir(scene.folder)).sort()).toEqual([VM_ID, 'lock']);
});

test('the checks of one client object run one after another', async () => {
  const scene = await createScene();
  const client = scene.client();
  await Promise.all([client.check(), client.check(), client.check()]);
  expect(scene.service.licenceRequests).toHaveLength(1);
  expect(scene.steps()).not.toContain('lock');
});

test('a current licence that came with a captured image counts on its own VM alone', async () => {
  const scene = await createScene();
  await scene.check();
  scene.imds.vmId = OTHER_VM_ID;
  scene.serviceIsAway = true;
  const check = await scene.check();
  expect(check).toMatchObject({ state: 'unreachable', code: 'service_unreachable' });
  expect(scene.events).toContainEqual({ step: 'vm', vmId: OTHER_VM_ID, cachedLicenceIsOurs: false });
});
