import { compactVerify, decodeJwt, EmbeddedJWK } from 'jose';
import { expect, test } from 'vitest';
import { problem } from '../support/licenceService.ts';
import { createScene } from '../support/scene.ts';
import { HOUR, OTHER_VM_ID } from '../support/vectors.ts';

test('a seat is given back with licence, document and proof', async () => {
  const scene = await createScene();
  const client = scene.client();
  const { licence } = await client.check();
  const released = await client.release();
  expect(released).toEqual({ released: true, seatFreeAt: expect.stringMatching(/^2026-09-01T13:00:0\dZ$/) as string });
  const [sent] = scene.service.releaseRequests as Record<string, string>[];
  expect(Object.keys(sent ?? {}).sort()).toEqual(['challenge', 'document', 'licence', 'proof']);
  expect(sent?.['licence']).toBe(licence?.token);
  const proof = sent?.['proof'] ?? '';
  await expect(compactVerify(proof, EmbeddedJWK)).resolves.toBeDefined();
  expect(decodeJwt(proof)).toMatchObject({ aud: `${scene.service.issuer}/v1/releases` });
});

test('the licence and its key stay, as the licence is good until it expires', async () => {
  const scene = await createScene();
  const client = scene.client();
  await client.check();
  await client.release();
  scene.forget();
  expect(await client.check()).toMatchObject({ state: 'licensed' });
  expect(scene.service.requests).toEqual([]);
});

test('an outage is waited for', async () => {
  const scene = await createScene();
  const client = scene.client();
  await client.check();
  let times = 0;
  scene.service.alter.set('/v1/releases', (reply) => (times++ === 0 ? problem(503, 'store_unavailable') : reply));
  expect(await client.release()).toMatchObject({ released: true });
});

test.each([
  ['the service', problem(403, 'licence_suspended'), { code: 'licence_suspended', correlationId: 'c-1' }],
  ['something else', { status: 200, body: { seatFreeAt: 'soon' } }, { code: 'service_answer_unusable' }],
])('a refusal of %s is said', async (_, reply, expected) => {
  const scene = await createScene();
  const client = scene.client({ patienceMs: 0 });
  await client.check();
  scene.service.answer('/v1/releases', reply);
  expect(await client.release()).toMatchObject({ released: false, ...expected });
});

test('without a licence of this VM there is nothing to give back', async () => {
  const scene = await createScene();
  expect(await scene.client().release()).toMatchObject({ released: false, code: 'nothing_kept' });
  await scene.check();
  scene.imds.vmId = OTHER_VM_ID;
  expect(await scene.client().release()).toMatchObject({ released: false, code: 'nothing_kept' });
  expect(scene.service.releaseRequests).toEqual([]);
});

test('where IMDS or the service is away it is said', async () => {
  const scene = await createScene();
  const client = scene.client();
  await client.check();
  scene.serviceIsAway = true;
  scene.time.pass(HOUR);
  expect(await client.release()).toMatchObject({ released: false, code: 'service_unreachable' });
  scene.imdsIs = 'silent';
  expect(await client.release()).toMatchObject({ released: false, code: 'imds_not_answering' });
});
