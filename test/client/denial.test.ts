import { expect, test } from 'vitest';
import { decodeJwt } from 'jose';
import type { LicenceRequest } from '../../src/contract/wire.ts';
import { createSigningKey, problem } from './support/licenceService.ts';
import type { SigningKey } from './support/licenceService.ts';
import { createScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';
import { DAY, HOUR, OTHER_VM_ID, PRODUCT, VM_ID } from './support/vectors.ts';

interface Forgery {
  readonly claims?: object;
  readonly header?: object;
  readonly key?: SigningKey;
}

/** The service denies: a good denial of the challenge that came, unless something is forged. */
function deny(scene: Scene, { claims, header, key }: Forgery = {}): void {
  const { service, time } = scene;
  service.alter.set('/v1/licences', async (_, body) => {
    const { jti } = decodeJwt((body as LicenceRequest).challenge);
    const iat = Math.floor(time.now / 1000);
    const sound = { iss: service.issuer, sub: `urn:azure:vm:${VM_ID}`, aud: PRODUCT, code: 'licence_revoked' };
    const signed = { ...sound, iat, exp: iat + 300, jti, ...claims };
    const denial = await service.sign(signed, { typ: 'licence-denial+jwt', ...header }, key);
    return problem(403, 'licence_revoked', { denial });
  });
}

test('a signed denial ends a licence before its time, and its grace', async () => {
  const scene = await createScene();
  await scene.check();
  deny(scene);
  scene.time.pass(13 * HOUR);
  expect(await scene.check()).toEqual({
    state: 'denied',
    code: 'licence_revoked',
    reason: 'The service has signed that this VM has no licence: What to do about licence_revoked.',
    correlationId: 'c-1',
  });
  await expect(scene.readFile('licence.json')).rejects.toMatchObject({ code: 'ENOENT' });
  await scene.service.close();
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable' });
});

test('a denial without a licence at hand is a denial too', async () => {
  const scene = await createScene();
  deny(scene);
  expect(await scene.check()).toMatchObject({ state: 'denied', code: 'licence_revoked' });
});

test.each([
  ['of another challenge', { claims: { jti: 'another' } }],
  ['of another VM', { claims: { sub: `urn:azure:vm:${OTHER_VM_ID}` } }],
  ['of another product', { claims: { aud: 'contoso/gadget' } }],
  ['of another issuer', { claims: { iss: 'https://licences.example.test' } }],
  ['that has expired', { claims: { exp: 1 } }],
  ['from the future', { claims: { iat: 4_000_000_000 } }],
  ['without times', { claims: { iat: undefined } }],
  ['without a code', { claims: { code: undefined } }],
  ['of another typ', { header: { typ: 'licence+jwt' } }],
  ['with a key of its own', { header: { jku: 'https://keys.example.test' } }],
])('a denial %s ends nothing', async (_, forgery) => {
  const scene = await createScene();
  await scene.check();
  deny(scene, forgery);
  scene.time.pass(2 * DAY);
  expect(await scene.check()).toMatchObject({ state: 'grace', code: 'licence_revoked' });
  expect(scene.steps()).toContain('denial_ignored');
  await expect(scene.readFile('licence.json')).resolves.toContain('licence');
});

test("a stranger's denial ends nothing, not even under the service's name", async () => {
  const scene = await createScene();
  await scene.check();
  deny(scene, { key: { ...(await createSigningKey()), kid: scene.service.key.kid } });
  scene.time.pass(2 * DAY);
  expect(await scene.check()).toMatchObject({ state: 'grace' });
});

test('a denial counts while clocks differ by less than two minutes', async () => {
  const scene = await createScene();
  const seconds = Math.floor(scene.time.now / 1000);
  deny(scene, { claims: { iat: seconds - 400, exp: seconds - 100 } });
  expect(await scene.check()).toMatchObject({ state: 'denied' });
});
