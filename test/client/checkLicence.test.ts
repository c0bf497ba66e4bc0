import { stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createScene } from './support/scene.ts';
import { problem } from './support/licenceService.ts';
import { DAY, HOUR, NOW, OTHER_VM_ID, VM_ID } from './support/vectors.ts';

test('a first check obtains a licence, keeps it privately and says each step', async () => {
  const scene = await createScene();
  const check = await scene.check();
  expect(check).toMatchObject({ state: 'licensed', licence: { sub: `urn:azure:vm:${VM_ID}`, aud: 'contoso/widget' } });
  expect(check.code).toBeUndefined();
  expect(scene.steps()).toEqual(['key', 'cache', 'vm', 'challenge', 'document', 'key_set', 'licence']);
  expect(scene.service.requests).toEqual(['/v1/challenges', '/.well-known/jwks.json', '/v1/licences']);
  for (const name of ['key.pem', 'licence.json', 'newest-time']) {
    expect((await stat(scene.file(name))).mode & 0o777).toBe(0o600);
  }
});

test('a current licence needs one request to IMDS and none to the service', async () => {
  const scene = await createScene();
  await scene.check();
  scene.service.requests.length = 0;
  scene.imds.requests.length = 0;
  scene.time.pass(11 * HOUR);
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.service.requests).toEqual([]);
  expect(scene.imds.requests).toEqual(['/metadata/instance/compute/vmId?api-version=2020-09-01&format=text']);
});

test('a licence that is due is renewed with the same key', async () => {
  const scene = await createScene();
  const first = await scene.check();
  scene.time.pass(13 * HOUR);
  const second = await scene.check();
  expect(second.licence?.iat).toBe((first.licence?.iat ?? 0) + (13 * HOUR) / 1000);
  expect(second.licence?.cnf).toEqual(first.licence?.cnf);
  expect(scene.events.filter(({ step }) => step === 'key')).toMatchObject([{ created: true }, { created: false }]);
});

test('ten digits are as good a nonce', async () => {
  const scene = await createScene();
  scene.service.nonceStyle = 'digits';
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.imds.requests.at(-1)).toMatch(/nonce=\d{10}$/);
});

test('the request names the client, and the plan where one is claimed', async () => {
  const scene = await createScene();
  await scene.check({ plan: 'standard', client: 'widget/7' });
  expect(scene.service.licenceRequests).toMatchObject([{ product: 'contoso/widget/standard', client: 'widget/7' }]);
  scene.time.pass(13 * HOUR);
  await scene.check();
  expect(scene.service.licenceRequests[1]).not.toHaveProperty('product');
  expect(scene.service.licenceRequests[1]).toMatchObject({ client: '@countersign/client/0.1.0' });
});

test('an outage keeps a licence to its end, then through its grace, then no longer', async () => {
  const scene = await createScene();
  const { licence } = await scene.check();
  await scene.service.close();
  scene.time.now = NOW + 23 * HOUR;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'licensed', code: 'service_unreachable', licence });
  scene.time.now = NOW + DAY;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'grace', code: 'service_unreachable', licence });
  scene.time.now = NOW + 8 * DAY;
  const ended = await scene.check({ once: true });
  expect(ended).toMatchObject({ state: 'unreachable', code: 'service_unreachable' });
  expect(ended).not.toHaveProperty('licence');
});

test.each([
  ['an unsigned refusal', problem(403, 'licence_revoked')],
  ['an unknown issuer', problem(422, 'issuer_unknown')],
  ['a page of a proxy', { status: 403, body: '<html>', headers: { 'content-type': 'text/html' } }],
  ['trouble in the service', problem(503, 'store_unavailable')],
  ['too many requests', problem(429, 'rate_limited')],
])('%s ends no grace', async (_, reply) => {
  const scene = await createScene();
  await scene.check();
  scene.service.answer('/v1/licences', reply);
  scene.time.pass(2 * DAY);
  expect(await scene.check({ once: true })).toMatchObject({ state: 'grace' });
});

test('silence of IMDS follows the rules of grace', async () => {
  const scene = await createScene();
  await scene.check();
  await scene.imds.close();
  const imdsUrl = scene.imds.url;
  expect(await scene.check({ imdsUrl })).toMatchObject({ state: 'licensed', code: 'not_in_azure' });
  scene.time.pass(DAY);
  expect(await scene.check({ imdsUrl })).toMatchObject({ state: 'grace', code: 'not_in_azure' });
  scene.time.pass(8 * DAY);
  expect(await scene.check({ imdsUrl })).toMatchObject({ state: 'not_in_azure', code: 'not_in_azure' });
});

test('a licence that came with a captured image is not believed on another VM', async () => {
  const scene = await createScene();
  await scene.check();
  scene.imds.vmId = OTHER_VM_ID;
  await scene.service.close();
  const check = await scene.check({ once: true });
  expect(check).toMatchObject({ state: 'unreachable', code: 'service_unreachable' });
  expect(scene.events).toContainEqual({ step: 'vm', vmId: OTHER_VM_ID, cachedLicenceIsOurs: false });
});

test.each([
  ['evidence', problem(422, 'signature_invalid'), 'refused', 'signature_invalid'],
  ['plan', problem(403, 'plan_unknown'), 'refused', 'plan_unknown'],
  ['a busy service', problem(429, 'rate_limited'), 'unreachable', 'rate_limited'],
  ['an unknown issuer', problem(422, 'issuer_unknown'), 'unreachable', 'issuer_unknown'],
])('without a licence the refusal itself is the answer: %s', async (_, reply, state, code) => {
  const scene = await createScene();
  scene.service.answer('/v1/licences', reply);
  const check = await scene.check({ once: true });
  expect(check).toEqual({ state, code, reason: `What to do about ${code}.`, correlationId: 'c-1' });
});

test.each(['challenge_expired', 'challenge_replayed'])('%s starts over, three times at most', async (code) => {
  const scene = await createScene();
  scene.service.answer('/v1/licences', problem(409, code));
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code });
  expect(scene.service.requests.filter((path) => path === '/v1/challenges')).toHaveLength(4);
});

test('starting over once is enough where the second challenge is taken', async () => {
  const scene = await createScene();
  let times = 0;
  scene.service.alter.set('/v1/licences', (reply) => (times++ === 0 ? problem(400, 'challenge_expired') : reply));
  expect(await scene.check({ once: true })).toMatchObject({ state: 'licensed' });
  expect(scene.events).toContainEqual({ step: 'starting_over', times: 1 });
});

test('an outage is waited for with growing pauses, no longer than patience allows', async () => {
  const scene = await createScene();
  scene.service.answer('/v1/challenges', problem(503, 'store_unavailable'));
  expect(await scene.check({ patience: 5000 })).toMatchObject({ state: 'unreachable', code: 'store_unavailable' });
  expect(scene.time.sleeps).toEqual([125, 250, 500, 1000, 2000]);
});

test('an outage that ends in time ends in a licence', async () => {
  const scene = await createScene();
  let times = 0;
  scene.service.alter.set('/v1/challenges', (reply) => (times++ < 3 ? 'reset' : reply));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(times).toBe(4);
});

test('Retry-After is heeded', async () => {
  const scene = await createScene();
  let times = 0;
  const busy = { ...problem(429, 'rate_limited'), headers: { 'retry-after': '7' } };
  scene.service.alter.set('/v1/licences', (reply) => (times++ === 0 ? busy : reply));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.time.sleeps).toEqual([7125]);
});

test('Retry-After cannot keep a program from starting for longer than a minute', async () => {
  const scene = await createScene();
  let times = 0;
  const busy = { ...problem(503, 'store_unavailable'), headers: { 'retry-after': '99999' } };
  scene.service.alter.set('/v1/licences', (reply) => (times++ === 0 ? busy : reply));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.time.sleeps).toEqual([60_125]);
});

test('while a licence is valid nobody waits long for a newer one', async () => {
  const scene = await createScene();
  await scene.check();
  scene.service.answer('/v1/challenges', problem(503, 'store_unavailable'));
  scene.time.pass(13 * HOUR);
  const before = scene.time.monotonic;
  expect(await scene.check()).toMatchObject({ state: 'licensed', code: 'store_unavailable' });
  expect(scene.time.monotonic - before).toBeLessThanOrEqual(10_000);
});

test('two processes that start together use one key', async () => {
  const scene = await createScene();
  const checks = await Promise.all([scene.check(), scene.check(), scene.check()]);
  expect(checks.map(({ state }) => state)).toEqual(['licensed', 'licensed', 'licensed']);
  expect(new Set(checks.map(({ licence }) => licence?.cnf?.jkt)).size).toBe(1);
});
