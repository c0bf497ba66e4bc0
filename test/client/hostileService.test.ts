import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { createSigningKey, problem } from './support/licenceService.ts';
import type { Reply } from './support/licenceService.ts';
import { createScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';
import { licenceClaims, NOW, OTHER_VM_ID } from './support/vectors.ts';

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

/** A first check makes the key; its licence is then forgotten by starting from a clock long after it. */
async function ownThumbprint(scene: Scene): Promise<string> {
  scene.service.answer('/v1/challenges', problem(503, 'store_unavailable'));
  await scene.check({ once: true });
  scene.service.alter.clear();
  const made = scene.events.find((event) => event.step === 'key');
  return made?.thumbprint ?? '';
}

async function expectNothingKept(scene: Scene): Promise<void> {
  await expect(scene.readFile('licence.json')).rejects.toMatchObject({ code: 'ENOENT' });
}

test('the forging itself is sound: unchanged claims are taken', async () => {
  const scene = await createScene();
  await forgeLicence(scene, (claims) => claims);
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
});

test.each([
  ['another VM', 'sub', (claims: object) => ({ ...claims, sub: `urn:azure:vm:${OTHER_VM_ID}` })],
  ['another product', 'aud', (claims: object) => ({ ...claims, aud: 'contoso/gadget' })],
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
])('a licence with %s in its header is refused', async (_, header) => {
  const scene = await createScene();
  await forgeLicence(scene, (claims) => claims, header);
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'licence_malformed' });
});

test('a name that is not of the key set is refused, and a missing one too', async () => {
  for (const kid of ['x'.repeat(43), undefined]) {
    const scene = await createScene();
    await forgeLicence(scene, (claims) => claims, { kid });
    expect(await scene.check()).toMatchObject({ code: 'licence_signature_invalid' });
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

test.each([
  ['expired', (claims: object) => ({ ...claims, exp: NOW / 1000 })],
  ['from the future', (claims: object) => ({ ...claims, iat: NOW / 1000 + 121, nbf: NOW / 1000 })],
  ['not yet valid', (claims: object) => ({ ...claims, nbf: NOW / 1000 + 121 })],
])('a new licence that is %s is refused', async (_, change) => {
  const scene = await createScene();
  await forgeLicence(scene, change);
  expect(await scene.check()).toMatchObject({ state: 'misconfigured', code: 'clock_wrong' });
  await expectNothingKept(scene);
});

test('clocks may differ by two minutes', async () => {
  const scene = await createScene();
  await forgeLicence(scene, (claims) => ({ ...claims, iat: NOW / 1000 + 120, nbf: NOW / 1000 + 120 }));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
});

test.each([
  ['exp', { exp: 'tomorrow' }],
  ['jti', { jti: undefined }],
  ['azure', { azure: null }],
  ['licence', { licence: {} }],
  ['aud as a list', { aud: ['contoso/widget'] }],
  ['exp beyond all dates', { exp: 1e300 }],
])('a signed licence with a wrong %s is refused', async (_, change) => {
  const scene = await createScene();
  await forgeLicence(scene, (claims) => ({ ...claims, ...change }));
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'licence_malformed' });
});

test("the offer's own spelling of the product is taken", async () => {
  const scene = await createScene();
  await forgeLicence(scene, (claims) => ({ ...claims, aud: 'Contoso/Widget' }));
  expect(await scene.check()).toMatchObject({ state: 'licensed', licence: { aud: 'Contoso/Widget' } });
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

test.each([
  ['not a token', { challenge: 'abc', nonce: 'a'.repeat(32) }],
  ['absent', { nonce: 'a'.repeat(32) }],
  ['without its nonce', { challenge: 'e30.e30.AA' }],
  ['very long', { challenge: `e30.e30.${'A'.repeat(20_000)}`, nonce: 'a'.repeat(32) }],
])('a challenge that is %s is refused', async (_, body) => {
  const scene = await createScene();
  scene.service.answer('/v1/challenges', { status: 201, body });
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'challenge_malformed' });
});

test('a token of another type is no challenge', async () => {
  const scene = await createScene();
  const { service } = scene;
  const jkt = await ownThumbprint(scene);
  const challenge = await service.sign({ iss: service.issuer, jkt, jti: 'challenge-1' });
  service.answer('/v1/challenges', { status: 201, body: { challenge, nonce: service.nonceOf(challenge) } });
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'challenge_malformed' });
});

const OTHER_KIND = { kty: 'RSA', n: 'AQAB', e: 'AQAB' };

test('keys of other kinds are passed over', async () => {
  const scene = await createScene();
  scene.service.alter.set('/.well-known/jwks.json', ({ body }) => ({
    status: 200,
    body: { keys: [OTHER_KIND, { kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA' }, ...(body as { keys: object[] }).keys] },
  }));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
});

test.each([
  ['a private key', (keys: object[]) => ({ keys: [{ ...keys[0], d: 'AAAA' }] })],
  ['a secret', (keys: object[]) => ({ keys: [...keys, { kty: 'oct', k: 'AAAA' }] })],
  ['keys of other kinds alone', () => ({ keys: [OTHER_KIND] })],
  ['a point off the curve', (keys: object[]) => ({ keys: [{ ...keys[0], x: 'A'.repeat(43) }] })],
  ['a key for another use', (keys: object[]) => ({ keys: [{ ...keys[0], use: 'enc' }] })],
  ['a key for another algorithm', (keys: object[]) => ({ keys: [{ ...keys[0], alg: 'ES384' }] })],
  ['no key', () => ({ keys: [] })],
  ['too many keys', (keys: object[]) => ({ keys: Array.from({ length: 33 }, () => keys[0]) })],
  ['no list', () => ({ keys: 'none' })],
  ['nothing', () => ({})],
])('a key set with %s is refused before the evidence is sent', async (_, change) => {
  const scene = await createScene();
  scene.service.alter.set('/.well-known/jwks.json', ({ body }) => ({
    status: 200,
    body: change((body as { keys: object[] }).keys),
  }));
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'key_set_unusable' });
  expect(scene.service.requests).not.toContain('/v1/licences');
});

test("a key cannot bear another's name", async () => {
  const scene = await createScene();
  const { service } = scene;
  const stranger = await createSigningKey();
  const claims = licenceClaims(service.issuer, await ownThumbprint(scene), NOW);
  const licence = await service.sign(claims, { kid: 'good' }, stranger);
  service.answer('/.well-known/jwks.json', { status: 200, body: { keys: [{ ...stranger.jwk, kid: 'good' }] } });
  service.answer('/v1/licences', { status: 200, body: { licence } });
  expect(await scene.check()).toMatchObject({ code: 'licence_signature_invalid' });
});

const PATHS = ['/v1/challenges', '/.well-known/jwks.json', '/v1/licences'];

const UNUSABLE: readonly (readonly [string, Reply])[] = [
  ['a page', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }],
  ['a page with 201', { status: 201, body: '<html>', headers: { 'content-type': 'text/html' } }],
  ['broken JSON with 200', { status: 200, body: '{"a":' }],
  ['broken JSON with 201', { status: 201, body: '{"a":' }],
  ['a list', { status: 200, body: '[]' }],
  ['a text that is not UTF-8', { status: 200, body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }],
  ['nothing', { status: 204, body: '' }],
  ['a refusal in a page', { status: 403, body: '<html>', headers: { 'content-type': 'text/html' } }],
  ['a refusal without a code', { status: 403, body: '{}' }],
  ['a refusal with a wild code', { status: 403, body: { code: '../../etc' } }],
  ['too much', { status: 200, body: `{"a":"${'x'.repeat(65_536)}"}` }],
];

test.each(UNUSABLE.flatMap(([name, reply]) => PATHS.map((path) => [name, path, reply] as const)))(
  '%s from %s is no answer, and is not asked for again',
  async (_, path, reply) => {
    const scene = await createScene();
    scene.service.answer(path, reply);
    expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'service_answer_unusable' });
    expect(scene.service.requests.filter((requested) => requested === path)).toHaveLength(1);
  },
);

test.each(PATHS)('a good answer of %s under the wrong media type is none', async (path) => {
  const scene = await createScene();
  scene.service.alter.set(path, (reply) => ({ ...reply, headers: { 'content-type': 'text/html' } }));
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'service_answer_unusable' });
  scene.service.answer(path, { ...problem(403, 'plan_unknown'), headers: { 'content-type': 'text/html' } });
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'service_answer_unusable' });
});

test.each(PATHS)('a redirect from %s is not followed', async (path) => {
  const scene = await createScene();
  for (const status of [301, 302, 303, 307, 308]) {
    scene.service.answer(path, { status, body: '', headers: { location: `${scene.service.issuer}/elsewhere` } });
    expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'service_answer_unusable' });
  }
  expect(scene.service.requests).not.toContain('/elsewhere');
});

test.each(['hang', 'hang after headers'] as const)('a slow service is given up on: %s', async (way) => {
  for (const path of PATHS) {
    const scene = await createScene();
    scene.service.alter.set(path, () => way);
    const surroundings = { ...scene.time.surroundings, timeout: () => AbortSignal.timeout(150) };
    const check = await scene.check({ once: true, surroundings });
    expect(check).toMatchObject({ state: 'unreachable', code: 'service_unreachable' });
    expect(check.reason).toContain('no answer in time');
  }
});

test('what a problem document says is shown without what could harm a terminal', async () => {
  const scene = await createScene();
  const detail = `one\u001b[31m\r\ntwo\u202e${'x'.repeat(1000)}`;
  scene.service.answer('/v1/licences', problem(403, 'plan_unknown', { detail, correlationId: 'a\nb' }));
  const check = await scene.check();
  expect(check.reason).toMatch(/^one \[31m two x+$/);
  expect(check.reason).toHaveLength(500);
  expect(check).not.toHaveProperty('correlationId');
});

test('no answer or event carries a token, a nonce, a key or a document', async () => {
  const scene = await createScene();
  const check = await scene.check();
  const { licence } = JSON.parse(await scene.readFile('licence.json')) as { licence: string };
  const [sent] = scene.service.licenceRequests;
  const said = JSON.stringify([check, scene.events]);
  const nonce = new URL(scene.imds.requests.at(-1) ?? '', scene.imds.url).searchParams.get('nonce');
  for (const secret of [licence, sent?.challenge, sent?.proof, sent?.document.signature, nonce]) {
    expect(secret?.length).toBeGreaterThan(9);
    expect(said).not.toContain(secret);
  }
});
