import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createSigningKey, problem, signedKeySetReply } from '../support/licenceService.ts';
import type { KeySetChange } from '../support/licenceService.ts';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { DAY, HOUR, licenceClaims, NOW, VM_ID } from '../support/vectors.ts';

const SIGNED = '/.well-known/jwks.jwt';
const DAYS = 86_400;

/** The service answers with this key set. */
async function serve(scene: Scene, change: KeySetChange): Promise<void> {
  scene.service.answer(SIGNED, signedKeySetReply(await scene.service.signKeySet(change)));
}

test('each pinned root is asked for in order until one is not 404', async () => {
  const scene = await createScene();
  const [root] = scene.service.roots;
  const pins = ['A'.repeat(43), root?.kid ?? '', 'E'.repeat(43)];
  expect(await scene.check({ trust: { rootKeys: pins } })).toMatchObject({ state: 'licensed' });
  const asked = scene.service.requests.filter((path) => path.startsWith(SIGNED));
  expect(asked).toEqual([`${SIGNED}?root=${pins[0]}`, `${SIGNED}?root=${pins[1]}`]);
});

test('a service that has no set under any pinned root is said so, and is not asked again', async () => {
  const scene = await createScene();
  const answer = await scene.check({ trust: { rootKeys: ['A'.repeat(43)] } });
  expect(answer).toMatchObject({ state: 'misconfigured', code: 'root_key_unknown' });
  expect(scene.service.requests).not.toContain('/v1/licences');
  expect(scene.time.sleeps).toEqual([]);
});

test('a 404 that the service did not write is an outage', async () => {
  const scene = await createScene();
  let times = 0;
  const page = { status: 404, body: '<html>', headers: { 'content-type': 'text/html' } };
  scene.service.alter.set(SIGNED, (reply) => (times++ < 2 ? page : reply));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(times).toBe(3);
});

test.each<[string, KeySetChange, string]>([
  ['of another issuer', { claims: { iss: 'https://other.example.test' } }, 'key_set_untrusted'],
  ['that lives too long', { claims: { exp: NOW / 1000 + 93 * DAYS } }, 'key_set_untrusted'],
  ['with a header member more', { header: { x: 1 } }, 'key_set_untrusted'],
  ['without a usable key', { claims: { keys: [] } }, 'key_set_unusable'],
])('a set %s stops before the evidence is sent', async (_, change, code) => {
  const scene = await createScene();
  await serve(scene, change);
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code });
  expect(scene.service.requests).not.toContain('/v1/licences');
});

test('a set that has ended is an outage without another, and is tried again', async () => {
  const scene = await createScene();
  await serve(scene, { claims: { iat: NOW / 1000 - 40 * DAYS, exp: NOW / 1000 - 1 } });
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'key_set_ended' });
  expect(scene.service.requests.filter((path) => path.startsWith(SIGNED)).length).toBeGreaterThan(3);
  expect(scene.service.requests.filter((path) => path === '/v1/challenges')).toHaveLength(1);
});

test('where an ended or an untrusted set comes the kept one is used', async () => {
  const scene = await createScene();
  await scene.check();
  const kept = (await scene.readLicenceFile())['keySet'];
  scene.time.pass(16 * DAY);
  for (const change of [{ claims: { iat: 1, exp: 2 } }, { claims: { iss: 'https://other.example.test' } }]) {
    await serve(scene, change);
    scene.events.length = 0;
    expect(await scene.check()).toMatchObject({ state: 'licensed' });
    expect(scene.events).toContainEqual({ step: 'key_set', from: 'cache' });
    expect((await scene.readLicenceFile())['keySet']).toBe(kept);
    scene.time.pass(13 * HOUR);
  }
});

test('a licence that was issued after the end of the kept set does not count', async () => {
  const scene = await createScene();
  await scene.check();
  await serve(scene, { claims: { iat: 1, exp: 2 } });
  scene.time.pass(31 * DAY);
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'licence_terms_invalid' });
});

test('a kept set in the first half of its life is not fetched again, and later it is', async () => {
  const scene = await createScene();
  await scene.check();
  const fetched = () => scene.service.requests.filter((path) => path.startsWith(SIGNED)).length;
  scene.time.pass(14 * DAY);
  await scene.check();
  expect(fetched()).toBe(1);
  scene.time.pass(2 * DAY);
  await scene.check();
  expect(fetched()).toBe(2);
});

test('a signing key that the kept set lacks is fetched at once', async () => {
  const scene = await createScene();
  await scene.check();
  scene.service.key = await createSigningKey();
  scene.time.pass(13 * HOUR);
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.service.licenceRequests).toHaveLength(2);
  expect(await scene.check()).not.toHaveProperty('code');
});

test('once a newer set has been seen an older one never counts again', async () => {
  const scene = await createScene();
  await scene.check();
  const { service, time } = scene;
  const old = await service.signKeySet();
  const oldLicence = await scene.readLicenceFile();
  const oldKey = service.key;
  service.key = await createSigningKey();
  time.pass(13 * HOUR);
  const client = scene.client();
  await client.check();
  // The old key signs again, and the old set vouches for it.
  service.key = oldKey;
  service.answer(SIGNED, signedKeySetReply(old));
  time.pass(13 * HOUR);
  expect(await scene.check()).toMatchObject({ state: 'licensed', code: 'licence_key_unknown' });
  // The folder as it was: this process knows better.
  await writeFile(scene.ownFile('licence.json'), JSON.stringify({ ...oldLicence, keySet: old }));
  scene.serviceIsAway = true;
  expect(await client.check()).toMatchObject({ state: 'unreachable' });
});

test('a key that has left the newest set ends the licence that it signed', async () => {
  const scene = await createScene();
  await scene.check();
  const { service, time } = scene;
  service.key = await createSigningKey();
  time.pass(16 * DAY);
  service.answer('/v1/licences', problem(503, 'store_unavailable'));
  const before = await scene.readLicenceFile();
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable', code: 'store_unavailable' });
  const after = await scene.readLicenceFile();
  expect(after['licence']).toBe(before['licence']);
  expect(after['keySet']).not.toBe(before['keySet']);
});

test('the newest set is kept also where no licence comes, and decides in the next process', async () => {
  const scene = await createScene();
  await scene.check();
  const { service, time } = scene;
  service.key = await createSigningKey();
  service.keySetIssuedAt = NOW / 1000 + 1;
  service.answer('/v1/licences', problem(503, 'store_unavailable'));
  // Half of the kept set's life is over by the wall clock alone, so that the licence in hand is still in grace.
  time.now = NOW + 15 * DAY;
  time.uptime += HOUR;
  await scene.check({ once: true });
  time.now = NOW + 2 * HOUR;
  scene.serviceIsAway = true;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable', code: 'service_unreachable' });
});

test.each<[string, (claims: ReturnType<typeof licenceClaims>) => object]>([
  [
    'grace beyond life',
    (claims) => ({ ...claims, licence: { ...claims.licence, graceUntil: claims.iat + 31 * DAYS } }),
  ],
  ['grace before its end', (claims) => ({ ...claims, licence: { ...claims.licence, graceUntil: claims.exp - 1 } })],
  ['renewal after its end', (claims) => ({ ...claims, licence: { ...claims.licence, renewAfter: claims.exp + 1 } })],
])('a licence with %s does not count, new or kept', async (_, change) => {
  const scene = await createScene();
  await scene.check();
  const { service } = scene;
  const kept = await scene.readLicenceFile();
  const { thumbprint } = scene.events.find((event) => event.step === 'key') ?? { thumbprint: '' };
  const licence = await service.sign(change(licenceClaims(service.issuer, thumbprint, NOW)));
  service.answer('/v1/licences', { status: 200, body: { licence } });
  scene.time.pass(13 * HOUR);
  expect(await scene.check()).toMatchObject({ state: 'licensed', code: 'licence_terms_invalid' });
  await writeFile(scene.ownFile('licence.json'), JSON.stringify({ ...kept, licence }));
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'licence_terms_invalid' });
});

test('a folder with keys, licence and key set of somebody else is never licensed', async () => {
  const scene = await createScene();
  await scene.check();
  const stranger = await createSigningKey();
  const { thumbprint } = scene.events.find((event) => event.step === 'key') ?? { thumbprint: '' };
  const claims = licenceClaims(scene.service.issuer, thumbprint, NOW);
  const licence = await scene.service.sign(claims, { kid: stranger.kid }, stranger);
  const claim = { keys: [stranger.jwk] };
  const keySet = await scene.service.signKeySet({ claims: claim, key: stranger });
  scene.serviceIsAway = true;
  for (const forged of [keySet, { keys: [stranger.jwk] }, null, 'x']) {
    await scene.changeLicenceFile((file) => ({ ...file, licence, keySet: forged }));
    expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'service_unreachable' });
    scene.imdsIs = 'silent';
    expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable', code: 'imds_not_answering' });
    scene.imdsIs = 'there';
  }
});

test('a copied public key is not possession', async () => {
  const scene = await createScene();
  await scene.check();
  const key = JSON.parse(await scene.readOwn('key.jwk')) as Record<string, string>;
  const publicKey = { ...key, d: undefined };
  scene.serviceIsAway = true;
  await writeFile(scene.ownFile('key.jwk'), JSON.stringify(publicKey));
  expect(await scene.check()).toMatchObject({ state: 'misconfigured', code: 'key_unusable' });
  const other = { jwk: publicKey as never, sign: () => Promise.resolve(new Uint8Array(64)) };
  const keyStore = { open: () => Promise.resolve(other) };
  const answer = await scene.check({ adapters: { ...scene.adapters, keyStore } });
  expect(answer).toMatchObject({ state: 'misconfigured', code: 'key_unusable' });
});

test('on first use whatever the service answers is believed, kept beside the licence and followed', async () => {
  const scene = await createScene();
  const trust = 'first-use';
  await scene.check({ trust });
  expect((await scene.readLicenceFile())['keySet']).toEqual({ keys: [scene.service.key.jwk] });
  scene.service.key = await createSigningKey();
  scene.time.pass(13 * HOUR);
  expect(await scene.check({ trust })).not.toHaveProperty('code');
  expect(scene.service.requests).not.toContain(SIGNED);
});

test('what was kept on first use does not count under a root, nor the other way round', async () => {
  const scene = await createScene();
  await scene.check({ trust: 'first-use' });
  scene.serviceIsAway = true;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable' });
  scene.serviceIsAway = false;
  await scene.check();
  scene.serviceIsAway = true;
  expect(await scene.check({ trust: 'first-use', once: true })).toMatchObject({ state: 'unreachable' });
});

test('with a shipped key set none is asked for, and no other key is believed', async () => {
  const scene = await createScene();
  const own = { keySet: { keys: [scene.service.key.jwk] } };
  expect(await scene.check({ trust: own })).toMatchObject({ state: 'licensed' });
  expect(scene.service.requests).toEqual(['/v1/challenges', '/v1/licences']);
  expect(scene.events).toContainEqual({ step: 'key_set', from: 'options' });
  const stranger = { keySet: { keys: [(await createSigningKey()).jwk] } };
  const outdated = await scene.check({ trust: stranger });
  expect(outdated).toMatchObject({ state: 'misconfigured', code: 'shipped_key_set_outdated' });
  expect(JSON.parse(await readFile(scene.file(`${VM_ID}/licence.json`), 'utf8'))).toMatchObject({ keySet: null });
});

test('an empty shipped key set is a wrong setting', async () => {
  const scene = await createScene();
  const answer = await scene.check({ trust: { keySet: { keys: [] } } });
  expect(answer).toMatchObject({ state: 'misconfigured', code: 'shipped_key_set_unusable' });
});
