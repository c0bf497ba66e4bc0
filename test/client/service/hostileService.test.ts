import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { createSigningKey, problem, signedKeySetReply } from '../support/licenceService.ts';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { licenceClaims, NOW, OTHER_VM_ID } from '../support/vectors.ts';

type Body = Record<string, unknown>;

/** Puts other claims, another header or another key under the licence that the service would have sent. */
async function forgeLicence(
  scene: Scene,
  change: (claims: ReturnType<typeof licenceClaims>) => object,
  header: object = {},
): Promise<void> {
  const { service } = scene;
  const thumbprint = await ownThumbprint(scene);
  const licence = await service.sign(change(licenceClaims(service.issuer, thumbprint, NOW)), header);
  service.answer('/v1/licences', { status: 200, body: { licence } });
}

/** A first check creates the key, and gets no licence. */
async function ownThumbprint(scene: Scene): Promise<string> {
  scene.service.answer('/v1/challenges', problem(503, 'store_unavailable'));
  await scene.check({ once: true });
  scene.service.alter.clear();
  const made = scene.events.find((event) => event.step === 'key');
  return made?.thumbprint ?? '';
}

async function expectNothingKept(scene: Scene): Promise<void> {
  await expect(scene.readOwn('licence.json')).rejects.toMatchObject({ code: 'ENOENT' });
}

test('the forging itself is sound: unchanged claims are taken', async () => {
  const scene = await createScene();
  await forgeLicence(scene, (claims) => claims);
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
});

test.each([
  ['another VM', 'sub', (claims: object) => ({ ...claims, sub: `urn:azure:vm:${OTHER_VM_ID}` })],
  ['another key', 'cnf', (claims: object) => ({ ...claims, cnf: { jkt: 'x'.repeat(43) } })],
  ['no key', 'cnf', (claims: object) => ({ ...claims, cnf: undefined })],
  ['another issuer', 'iss', (claims: object) => ({ ...claims, iss: 'https://licences.example.test' })],
])('a licence for %s is refused and not kept', async (_, claim, change) => {
  const scene = await createScene();
  await forgeLicence(scene, change);
  const check = await scene.check();
  expect(check).toMatchObject({ state: 'unreachable', code: 'licence_foreign' });
  expect(check.reason).toContain(`(${claim})`);
  await expectNothingKept(scene);
});

test('a licence for another product is a wrong setting, or a wrong offer', async () => {
  const scene = await createScene();
  await forgeLicence(scene, (claims) => ({ ...claims, aud: 'contoso/gadget' }));
  const check = await scene.check();
  expect(check).toMatchObject({ state: 'misconfigured', code: 'product_mismatch' });
  expect(check.reason).toContain('(licensed: contoso/gadget, option: contoso/widget)');
  await expectNothingKept(scene);
});

test('sub and vmId of a licence have to agree', async () => {
  const scene = await createScene();
  await forgeLicence(scene, (claims) => ({ ...claims, azure: { ...claims.azure, vmId: OTHER_VM_ID } }));
  expect(await scene.check()).toMatchObject({ code: 'licence_foreign' });
});

test.each([
  ['jku', { jku: 'https://keys.example.test' }],
  ['x5u', { x5u: 'https://keys.example.test' }],
  ['jwk', { jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } }],
  ['another typ', { typ: 'licence-denial+jwt' }],
  ['no typ', { typ: undefined }],
  ['crit', { crit: ['x'], x: 1 }],
  ['b64', { b64: true, crit: ['b64'] }],
])('a licence with %s in its header is refused', async (_, header) => {
  const scene = await createScene();
  await forgeLicence(scene, (claims) => claims, header);
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'licence_malformed' });
});

test('a name that is not of the key set is refused, and a missing one too', async () => {
  for (const kid of ['x'.repeat(43), undefined]) {
    const scene = await createScene();
    await forgeLicence(scene, (claims) => claims, { kid });
    expect(await scene.check()).toMatchObject({ code: 'licence_key_unknown' });
  }
});

test("another key's signature under a good name is refused", async () => {
  const scene = await createScene();
  const { service } = scene;
  const thumbprint = await ownThumbprint(scene);
  const stranger = { ...(await createSigningKey()), kid: service.key.kid };
  const licence = await service.sign(licenceClaims(service.issuer, thumbprint, NOW), {}, stranger);
  service.answer('/v1/licences', { status: 200, body: { licence } });
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'licence_signature_invalid' });
});

test.each(['none', 'HS256', 'ES384'])('alg %s is refused', async (alg) => {
  const scene = await createScene();
  const { service } = scene;
  const claims = licenceClaims(service.issuer, await ownThumbprint(scene), NOW);
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode({ alg, typ: 'licence+jwt', kid: service.key.kid })}.${encode(claims)}`;
  // The confusion: the public key, which everybody has, as the secret of an HMAC.
  const mac = createHmac('sha256', JSON.stringify(service.key.jwk)).update(input).digest('base64url');
  service.answer('/v1/licences', { status: 200, body: { licence: `${input}.${mac}` } });
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'licence_signature_invalid' });
});

test('an unsecured token, with no signature at all, is refused', async () => {
  const scene = await createScene();
  scene.service.alter.set('/v1/licences', ({ body }) => {
    const licence = String((body as Body)['licence']);
    return { status: 200, body: { licence: licence.slice(0, licence.lastIndexOf('.') + 1) } };
  });
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'licence_malformed' });
});

test('a new licence that has expired is not taken', async () => {
  const scene = await createScene();
  await forgeLicence(scene, (claims) => ({ ...claims, exp: NOW / 1000 }));
  expect(await scene.check()).toMatchObject({ code: 'licence_terms_invalid' });
  await expectNothingKept(scene);
});

test.each([
  ['exp', { exp: 'tomorrow' }],
  ['jti', { jti: undefined }],
  ['azure', { azure: null }],
  ['licence', { licence: {} }],
  ['aud as a list', { aud: ['contoso/widget'] }],
  ['exp beyond all dates', { exp: 1e300 }],
  ['iat before all dates', { iat: -1 }],
  ['exp in fractions', { exp: NOW / 1000 + 0.5 }],
])('a signed licence with a wrong %s is refused', async (_, change) => {
  const scene = await createScene();
  await forgeLicence(scene, (claims) => ({ ...claims, ...change }));
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'licence_malformed' });
});

test("the offer's own spelling of the product is taken", async () => {
  const scene = await createScene();
  await forgeLicence(scene, (claims) => ({ ...claims, aud: 'Contoso/Widget' }));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
});

test('a nonce that does not follow from its challenge is refused before IMDS is asked for a document', async () => {
  const scene = await createScene();
  scene.service.alter.set('/v1/challenges', ({ body }) => ({
    status: 201,
    body: { ...(body as Body), nonce: 'a'.repeat(32) },
  }));
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'challenge_nonce_wrong' });
  expect(scene.imds.count('attested')).toBe(0);
});

test.each([
  ['of another issuer', (jkt: string) => ({ iss: 'https://licences.example.test', jkt })],
  ['for another key', () => ({ jkt: 'x'.repeat(43) })],
  ['for no key', () => ({})],
])('a challenge %s, relayed to us, is refused before IMDS is asked for a document', async (_, claims) => {
  const scene = await createScene();
  const relayed = await scene.service.challenge(claims(await ownThumbprint(scene)));
  scene.service.answer('/v1/challenges', { status: 201, body: relayed });
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'challenge_foreign' });
  expect(scene.imds.count('attested')).toBe(0);
});

test('a challenge of another issuer is said with both names', async () => {
  const scene = await createScene();
  const iss = 'https://old-name.example.test';
  const foreign = await scene.service.challenge({ iss, jkt: await ownThumbprint(scene) });
  scene.service.answer('/v1/challenges', { status: 201, body: foreign });
  const { reason } = await scene.check();
  expect(reason).toContain(`(issuer of the challenge: ${iss}, option: ${scene.service.issuer})`);
});

test.each([
  ['not a token', { challenge: 'abc', nonce: 'a'.repeat(32) }],
  ['absent', { nonce: 'a'.repeat(32) }],
  ['without its nonce', { challenge: 'e30.e30.AA' }],
  ['very long', { challenge: `e30.e30.${'A'.repeat(20_000)}`, nonce: 'a'.repeat(32) }],
])('a challenge that is %s is not one of the service: an outage', async (_, body) => {
  const scene = await createScene();
  scene.service.answer('/v1/challenges', { status: 201, body });
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'challenge_malformed' });
  expect(scene.service.requests.length).toBeGreaterThan(3);
});

test('a challenge without an end is none', async () => {
  const scene = await createScene();
  const made = await scene.service.challenge({ exp: undefined as never, jkt: await ownThumbprint(scene) });
  scene.service.answer('/v1/challenges', { status: 201, body: made });
  expect(await scene.check({ once: true })).toMatchObject({ code: 'challenge_malformed' });
});

test('a token of another type is no challenge', async () => {
  const scene = await createScene();
  const { service } = scene;
  const jkt = await ownThumbprint(scene);
  const challenge = await service.sign({ iss: service.issuer, jkt, jti: 'challenge-1' });
  service.answer('/v1/challenges', { status: 201, body: { challenge, nonce: service.nonceOf(challenge) } });
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'challenge_malformed' });
});

test("a key cannot take another's name", async () => {
  const scene = await createScene();
  const { service } = scene;
  const stranger = await createSigningKey();
  const claims = licenceClaims(service.issuer, await ownThumbprint(scene), NOW);
  const licence = await service.sign(claims, { kid: 'good' }, stranger);
  const keys = [{ ...stranger.jwk, kid: 'good' }];
  service.answer('/.well-known/jwks.jwt', signedKeySetReply(await service.signKeySet({ claims: { keys } })));
  service.answer('/v1/licences', { status: 200, body: { licence } });
  expect(await scene.check()).toMatchObject({ code: 'licence_key_unknown' });
});

test('what a problem document says is shown without what could harm a terminal', async () => {
  const scene = await createScene();
  const detail = `one\u001b[31m\r\ntwo\u202e${'x'.repeat(1000)}`;
  scene.service.answer('/v1/licences', problem(403, 'plan_unknown', { detail }));
  const check = await scene.check();
  expect(check.reason).toMatch(/^one \[31m two x+$/);
  expect(check.reason).toHaveLength(500);
});

test('no answer or event carries a token, a nonce, a key or a document', async () => {
  const scene = await createScene();
  const { licence, ...check } = await scene.check();
  const [sent] = scene.service.licenceRequests;
  const said = JSON.stringify([check, scene.events]);
  const asked = scene.imds.requests.find((path) => path.includes('attested'));
  const nonce = new URL(asked ?? '', scene.imds.url).searchParams.get('nonce');
  const { d } = JSON.parse(await scene.readOwn('key.jwk')) as { d: string };
  for (const secret of [d, licence?.token, sent?.challenge, sent?.proof, sent?.document.signature, nonce]) {
    expect(secret?.length).toBeGreaterThan(9);
    expect(said).not.toContain(secret);
  }
});
