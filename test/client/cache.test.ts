import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createSigningKey } from './support/licenceService.ts';
import { createScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';
import { HOUR } from './support/vectors.ts';

test('the cache holds the licence and the keys, and nothing else is left in the folder', async () => {
  const scene = await createScene();
  await scene.check();
  const kept = JSON.parse(await scene.readFile('licence.json')) as Record<string, unknown>;
  expect(Object.keys(kept)).toEqual(['licence', 'keySet']);
  expect(kept['keySet']).toEqual({ keys: [scene.service.key.jwk] });
  expect((await readdir(scene.folder)).sort()).toEqual(['key.pem', 'licence.json', 'newest-time']);
});

async function checkWithCache(scene: Scene, text: string): Promise<void> {
  await writeFile(scene.file('licence.json'), text);
  scene.service.requests.length = 0;
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.service.requests).toContain('/v1/licences');
  expect(scene.events.filter(({ step }) => step === 'cache').at(-1)).toMatchObject({ found: 'unusable' });
}

test.each([
  ['half written', '{"licence":"abc'],
  ['empty', ''],
  ['a list', '[]'],
  ['without a key set', '{"licence":"e30.e30.AA"}'],
  ['much too long', 'x'.repeat(200_000)],
])('a cache that is %s is as if there were none', async (_, text) => {
  const scene = await createScene();
  await scene.check();
  await checkWithCache(scene, text);
});

test('a licence altered on the disk is as if there were none', async () => {
  const scene = await createScene();
  await scene.check();
  const kept = JSON.parse(await scene.readFile('licence.json')) as { licence: string; keySet: object };
  const [header, payload, signature] = kept.licence.split('.');
  const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8')) as { exp: number };
  const longer = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp * 2 })).toString('base64url');
  await checkWithCache(scene, JSON.stringify({ ...kept, licence: [header, longer, signature].join('.') }));
});

test('a licence bound to an earlier key is as if there were none', async () => {
  const scene = await createScene();
  await scene.check();
  await rm(scene.file('key.pem'));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.events).toContainEqual({ step: 'cache', found: 'unusable', code: 'licence_foreign' });
});

test("a key set that comes with the options is the only one believed, the cache's included", async () => {
  const scene = await createScene();
  await scene.check();
  const { jwk } = await createSigningKey();
  const stranger = { keys: [jwk] };
  const own = { keys: [scene.service.key.jwk] };
  expect(await scene.check({ keySet: stranger })).toMatchObject({ code: 'licence_signature_invalid' });
  expect(await scene.check({ keySet: own })).toMatchObject({ state: 'licensed' });
});

test('with a shipped key set none is asked for', async () => {
  const scene = await createScene();
  await scene.check({ keySet: { keys: [scene.service.key.jwk] } });
  expect(scene.service.requests).toEqual(['/v1/challenges', '/v1/licences']);
  expect(scene.events).toContainEqual({ step: 'key_set', from: 'options' });
});

test('a new signing key is learned with the renewal', async () => {
  const scene = await createScene();
  await scene.check();
  scene.service.key = await createSigningKey();
  scene.time.pass(13 * HOUR);
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(await scene.readFile('licence.json')).toContain(scene.service.key.jwk.x);
});

test.each([
  ['unreachable', () => 'reset' as const],
  ['failing', () => ({ status: 503, body: '{}' })],
])('where the key set is %s the one beside the licence at hand does', async (_, answer) => {
  const scene = await createScene();
  await scene.check();
  scene.service.alter.set('/.well-known/jwks.json', answer);
  scene.time.pass(13 * HOUR);
  const check = await scene.check({ once: true });
  expect(check).toMatchObject({ state: 'licensed' });
  expect(check).not.toHaveProperty('code');
  expect(scene.events).toContainEqual({ step: 'key_set', from: 'cache' });
});

test('a key set that must not be used is not made up for by the one at hand', async () => {
  const scene = await createScene();
  await scene.check();
  scene.service.answer('/.well-known/jwks.json', { status: 200, body: { keys: [{ kty: 'oct', k: 'AAAA' }] } });
  scene.time.pass(13 * HOUR);
  expect(await scene.check()).toMatchObject({ state: 'licensed', code: 'key_set_unusable' });
  expect(scene.events).not.toContainEqual({ step: 'key_set', from: 'cache' });
});

test('a licence that cannot be kept is a licence all the same', async () => {
  const scene = await createScene();
  await mkdir(scene.file('newest-time'));
  await mkdir(scene.file('licence.json'));
  // A folder in the place of the file: unreadable for a start, so the check ends there and says so.
  expect(await scene.check()).toMatchObject({ state: 'misconfigured', code: 'folder_unusable' });
  await rm(scene.file('licence.json'), { recursive: true });
  expect(await scene.check()).toMatchObject({ state: 'licensed', code: 'cache_not_written' });
  expect(scene.events).toContainEqual({ step: 'cache_not_written', code: 'EISDIR' });
});
