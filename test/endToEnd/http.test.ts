import { createHash } from 'node:crypto';
import {
  calculateJwkThumbprint,
  compactVerify,
  createRemoteJWKSet,
  decodeProtectedHeader,
  importJWK,
  jwtVerify,
} from 'jose';
import type { JWK } from 'jose';
import { expect, test } from 'vitest';
import { PROBLEMS } from '../../src/contract/problems.ts';
import type { ProblemCode } from '../../src/contract/codes.ts';
import {
  askChallenge,
  boot,
  createKey,
  post,
  prove,
  readDocument,
  readPayload,
  release,
  send,
} from './protocolClient.ts';
import type { Answer } from './protocolClient.ts';
import { hasVms, isOwn, useTarget } from './target.ts';

const target = useTarget();
const vmTest = test.skipIf(!hasVms);

function expectProblem(answer: Answer, code: ProblemCode): void {
  expect(answer.body).toMatchObject({ code, status: PROBLEMS[code].status, retryable: PROBLEMS[code].retryable });
  expect(answer.status).toBe(PROBLEMS[code].status);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.body['type']).toBe(`${target().issuer}/problems/${code}`);
  expect(answer.body['instance']).toBe(`urn:uuid:${String(answer.body['correlationId'])}`);
  expect(String(answer.body['detail']).length).toBeGreaterThan(10);
}

test('a challenge is a token for five minutes, and its nonce has 32 characters', async () => {
  const answer = await post(`${target().baseUrl}/v1/challenges`, {});
  expect(answer.status).toBe(201);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const { iss, iat, exp, ms, jti, jkt } = readPayload(String(answer.body['challenge']));
  expect({ iss, jkt, lifetime: Number(exp) - Number(iat) }).toEqual({ iss: target().issuer, lifetime: 300 });
  expect(Math.floor(Number(ms) / 1000)).toBe(iat);
  expect(String(jti)).toMatch(/^[\w-]{22}$/);
  expect(answer.body['nonce']).toMatch(/^[a-z2-7]{32}$/);
  expect(answer.body['expiresAt']).toBe(new Date(Number(exp) * 1000).toISOString().replace('.000Z', 'Z'));
});

test.each([
  ['a key of another curve', { key: { kty: 'EC', crv: 'P-384', x: 'a', y: 'b' } }],
  ['a private key', { key: { ...createKey().jwk, d: 'AAAA' } }],
  ['a key that is text', { key: 'key' }],
  ['a list', []],
  ['broken JSON', '{"key":'],
  ['nothing', ''],
])('a challenge is refused for %s', async (_, body) => {
  expectProblem(await post(`${target().baseUrl}/v1/challenges`, body), 'request_malformed');
});

test.each(['/v1/challenges', '/v1/licences', '/v1/releases'])(
  '%s refuses other media types and other methods',
  async (path) => {
    const url = `${target().baseUrl}${path}`;
    expectProblem(await post(url, '{}', { 'Content-Type': 'text/plain' }), 'media_type_unsupported');
    expect((await send(url)).status).toBe(404);
  },
);

test.each(['/v1/challenges', '/v1/licences', '/v1/releases'])(
  '%s refuses a body of 100 KB without parsing it, and the platform one of 10 MB',
  async (path) => {
    const url = `${target().baseUrl}${path}`;
    expectProblem(await post(url, '0'.repeat(100_000)), 'request_too_large');
    // Above FUNCTIONS_REQUEST_BODY_SIZE_LIMIT the platform itself answers; without that setting it is the service still.
    expect([413, 500]).toContain((await post(url, '0'.repeat(10_000_000))).status);
  },
);

test.each([
  ['broken JSON', '{'],
  ['no document', { challenge: 'a.b.c' }],
  ['another encoding', { challenge: 'a.b.c', document: { encoding: 'pkcs1', signature: 'AA==' } }],
  ['a document that is text', { challenge: 'a.b.c', document: 'AA==' }],
])('a licence is refused for %s', async (_, body) => {
  expectProblem(await post(`${target().baseUrl}/v1/licences`, body), 'request_malformed');
});

test('a challenge that is not the service’s own is refused, whatever else came', async () => {
  const { challenge } = await askChallenge(target().baseUrl);
  const [header = '', payload = '', mac = ''] = challenge.split('.');
  const document = { encoding: 'pkcs7', signature: 'AA==' };
  for (const forged of ['a.b.c', `${header}.${payload}.${mac.slice(0, -1)}`, `${header}.${payload}=.${mac}`]) {
    expectProblem(await post(`${target().baseUrl}/v1/licences`, { challenge: forged, document }), 'challenge_invalid');
  }
});

test('a proof is required where the challenge has a key, and before any document is read', async () => {
  const { baseUrl, issuer } = target();
  const key = createKey();
  const challenge = await askChallenge(baseUrl, key);
  const rest = { challenge: challenge.challenge, document: { encoding: 'pkcs7', signature: 'AA==' } };
  const url = `${baseUrl}/v1/licences`;
  expectProblem(await post(url, rest), 'proof_required');
  const wrong = [
    'a.b.c',
    await prove(challenge, createKey(), `${issuer}/v1/licences`),
    await prove(challenge, key, `${issuer}/v1/releases`),
    await prove(await askChallenge(baseUrl, key), key, `${issuer}/v1/licences`),
  ];
  for (const proof of wrong) expectProblem(await post(url, { ...rest, proof }), 'proof_invalid');
  const proof = await prove(challenge, key, `${issuer}/v1/licences`);
  expectProblem(await post(url, { ...rest, proof }), 'document_malformed');
});

vmTest('a licence is granted, bound to the key, and verifies under the published key set', async () => {
  const { baseUrl, issuer } = target();
  const answer = await boot({ ...target(), vm: 'licensed', key: createKey() });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const keySet = createRemoteJWKSet(new URL(`${baseUrl}/.well-known/jwks.json`));
  const options = { issuer, audience: 'contoso/gateway', algorithms: ['ES256'], typ: 'licence+jwt' };
  const { payload, protectedHeader } = await jwtVerify(String(answer.body['licence']), keySet, options);
  expect(Object.keys(protectedHeader).sort()).toEqual(['alg', 'kid', 'typ']);
  expect(payload.sub).toBe('urn:azure:vm:11111111-0000-4000-8000-000000000001');
  expect(payload['azure']).toMatchObject({
    cloud: 'emulator',
    region: 'westeurope',
    subscriptionId: 'aaaaaaaa-0000-4000-8000-000000000001',
    sku: 'standard-2',
  });
  expect(payload['licence']).toMatchObject({
    id: 'http-standard',
    plan: { publisher: 'contoso', product: 'gateway', name: 'standard' },
    features: { nodes: 16, edition: 'standard' },
  });
  expect(Number(payload.exp) - Number(payload.iat)).toBe(6 * 60 * 60);
  expect(payload['cnf']).toEqual({ jkt: expect.stringMatching(/^[\w-]{43}$/) as string });
  expect(Date.parse(String(answer.body['expiresAt']))).toBe(Number(payload.exp) * 1000);
});

vmTest('a spent challenge is refused; a new one renews the same VM without another seat', async () => {
  const { baseUrl, imdsUrl } = target();
  const challenge = await askChallenge(baseUrl);
  const document = await readDocument(imdsUrl, 'second', challenge.nonce);
  const request = { challenge: challenge.challenge, document };
  expect((await post(`${baseUrl}/v1/licences`, request)).status).toBe(200);
  expectProblem(await post(`${baseUrl}/v1/licences`, request), 'challenge_replayed');
  expect((await boot({ ...target(), vm: 'second' })).status).toBe(200);
});

vmTest('a document with another nonce, or made for another challenge, is refused', async () => {
  const { baseUrl, imdsUrl } = target();
  const [first, other] = [await askChallenge(baseUrl), await askChallenge(baseUrl)];
  for (const nonce of ['1234567890', other.nonce]) {
    const document = await readDocument(imdsUrl, 'licensed', nonce);
    expectProblem(await post(`${baseUrl}/v1/licences`, { challenge: first.challenge, document }), 'nonce_mismatch');
  }
});

const REFUSALS: readonly (readonly [string, ProblemCode])[] = [
  ['unknown-plan', 'plan_unknown'],
  ['without-plan', 'plan_missing'],
  ['stranger', 'subscription_not_licensed'],
  ['odd-sku', 'sku_not_allowed'],
  ['small-1', 'key_required'],
  ['wrong-signer', 'issuer_unknown'],
  ['expired', 'document_expired'],
  ['future', 'document_not_yet_valid'],
  ['too-old', 'document_too_old'],
  ['altered-content', 'signature_invalid'],
  ['two-signers', 'document_unsupported'],
  ['wrong-name', 'signer_unexpected'],
  ['other-cloud', 'cloud_not_accepted'],
  ['expired-certificate', 'certificate_expired'],
  ['missing-fields', 'claim_missing'],
];

vmTest.each(REFUSALS)('the VM "%s" is refused: %s', async (vm, code) => {
  expectProblem(await boot({ ...target(), vm }), code);
});

/** An operator meant these: the refusal is signed. */
const DENIALS: readonly (readonly [string, ProblemCode])[] = [
  ['retired', 'offer_suspended'],
  ['suspended', 'licence_suspended'],
  ['revoked', 'licence_revoked'],
  ['ended', 'licence_expired'],
  ['odd-sku', 'sku_not_allowed'],
  ['not-named', 'vm_not_allowed'],
];

vmTest.each(DENIALS)('the VM "%s" is given a signed denial: %s', async (vm, code) => {
  const { baseUrl, issuer, imdsUrl } = target();
  const key = createKey();
  const challenge = await askChallenge(baseUrl, key);
  const document = await readDocument(imdsUrl, vm, challenge.nonce);
  const proof = await prove(challenge, key, `${issuer}/v1/licences`);
  const answer = await post(`${baseUrl}/v1/licences`, { challenge: challenge.challenge, document, proof });
  expectProblem(answer, code);
  const keySet = createRemoteJWKSet(new URL(`${baseUrl}/.well-known/jwks.json`));
  const options = { issuer, audience: 'contoso/gateway', algorithms: ['ES256'], typ: 'licence-denial+jwt' };
  const { payload, protectedHeader } = await jwtVerify(String(answer.body['denial']), keySet, options);
  expect(Object.keys(protectedHeader).sort()).toEqual(['alg', 'kid', 'typ']);
  expect(Object.keys(payload).sort()).toEqual(['aud', 'code', 'exp', 'iat', 'iss', 'jti', 'pth', 'sub']);
  expect(payload.sub).toMatch(/^urn:azure:vm:11111111-0000-4000-8000-/);
  const pth = createHash('sha256').update(proof).digest('base64url');
  expect(payload).toMatchObject({ code, jti: readPayload(challenge.challenge)['jti'], pth });
  expect(Number(payload.exp) - Number(payload.iat)).toBe(300);
});

vmTest.each(DENIALS)('without a proof the VM "%s" is refused and given no denial: %s', async (vm, code) => {
  const answer = await boot({ ...target(), vm });
  expectProblem(answer, code);
  expect(answer.body).not.toHaveProperty('denial');
});

const UNSIGNED = [
  ['unknown-plan', 'plan_unknown'],
  ['without-plan', 'plan_missing'],
  ['stranger', 'subscription_not_licensed'],
  ['not-yet', 'licence_not_yet_valid'],
  ['small-1', 'key_required'],
] as const;

vmTest.each(UNSIGNED)('the refusal of the VM "%s" is not signed: %s', async (vm, code) => {
  const answer = await boot({ ...target(), vm });
  expectProblem(answer, code);
  expect(answer.body).not.toHaveProperty('denial');
});

vmTest('a repeat of a refusal has the same correlation id, and another VM’s another', async () => {
  const ids = [];
  for (const vm of ['stranger', 'stranger', 'unknown-plan']) {
    ids.push((await boot({ ...target(), vm })).body['correlationId']);
  }
  // Within one hour: at the turn of it the ids differ, and the next try is within one.
  if (ids[0] !== ids[1]) ids[0] = (await boot({ ...target(), vm: 'stranger' })).body['correlationId'];
  expect(ids[0]).toBe(ids[1]);
  expect(ids[2]).not.toBe(ids[1]);
});

vmTest('a seat given back stays taken until its lease ends, where the offer does not say otherwise', async () => {
  const key = createKey();
  const { body } = await boot({ ...target(), vm: 'keeper', key });
  const licence = String(body['licence']);
  const released = await release({ ...target(), vm: 'keeper', key, licence });
  expect(released.status).toBe(200);
  expect(Object.keys(released.body)).toEqual(['seatFreeAt']);
  expect(Date.parse(String(released.body['seatFreeAt']))).toBeGreaterThanOrEqual(
    Number(readPayload(licence)['exp']) * 1000,
  );
  expect((await boot({ ...target(), vm: 'keeper', key })).status).toBe(200);
});

vmTest('with earlyRelease a seat given back is the next VM’s', async () => {
  const [key, other] = [createKey(), createKey()];
  const { body } = await boot({ ...target(), vm: 'early-1', key });
  const refused = await boot({ ...target(), vm: 'early-2', key: other });
  expectProblem(refused, 'seats_exhausted');
  expect(readPayload(String(refused.body['denial']))['code']).toBe('seats_exhausted');
  const licence = String(body['licence']);
  const released = await release({ ...target(), vm: 'early-1', key, licence });
  expect(Math.abs(Date.parse(String(released.body['seatFreeAt'])) - Date.now())).toBeLessThan(60_000);
  const next = await boot({ ...target(), vm: 'early-2', key: other });
  expect(next.status).toBe(200);
  const givenBack = await boot({ ...target(), vm: 'early-1', key });
  expectProblem(givenBack, 'seats_exhausted');
  // The licence that it gave back lives on, and its grace with it.
  expect(givenBack.body).not.toHaveProperty('denial');
  // So that this suite can run again against the same service.
  expect(
    (await release({ ...target(), vm: 'early-2', key: other, licence: String(next.body['licence']) })).status,
  ).toBe(200);
});

vmTest('a release is refused without the licence’s own key, VM and a challenge of its own', async () => {
  const { baseUrl, issuer, imdsUrl } = target();
  const key = createKey();
  const { body } = await boot({ ...target(), vm: 'keeper', key });
  const licence = String(body['licence']);
  const options = { ...target(), vm: 'keeper', key, licence };
  expectProblem(await release({ ...options, key: createKey() }), 'proof_invalid');
  expectProblem(await release({ ...options, vm: 'second' }), 'request_malformed');
  expectProblem(await release({ ...options, licence: `${licence.slice(0, -4)}AAAA` }), 'request_malformed');
  expectProblem(await release({ ...options, change: { licence: undefined } }), 'request_malformed');
  expectProblem(await release({ ...options, change: { proof: undefined } }), 'proof_required');
  const unbound = await askChallenge(baseUrl);
  const document = await readDocument(imdsUrl, 'keeper', unbound.nonce);
  const proof = await prove(unbound, key, `${issuer}/v1/releases`);
  const request = { challenge: unbound.challenge, document, licence, proof };
  expectProblem(await post(`${baseUrl}/v1/releases`, request), 'proof_required');
  const challenge = await askChallenge(baseUrl, key);
  const wrong = {
    challenge: challenge.challenge,
    document,
    licence,
    proof: await prove(challenge, key, `${issuer}/v1/licences`),
  };
  expectProblem(await post(`${baseUrl}/v1/releases`, wrong), 'proof_invalid');
});

vmTest('a release spends its challenge, for issues as well', async () => {
  const { baseUrl, issuer, imdsUrl } = target();
  const key = createKey();
  const { body } = await boot({ ...target(), vm: 'keeper-2', key });
  const challenge = await askChallenge(baseUrl, key);
  const document = await readDocument(imdsUrl, 'keeper-2', challenge.nonce);
  const proof = await prove(challenge, key, `${issuer}/v1/releases`);
  const request = { challenge: challenge.challenge, document, licence: body['licence'], proof };
  expect((await post(`${baseUrl}/v1/releases`, request)).status).toBe(200);
  expectProblem(await post(`${baseUrl}/v1/releases`, request), 'challenge_replayed');
  const again = {
    challenge: challenge.challenge,
    document,
    proof: await prove(challenge, key, `${issuer}/v1/licences`),
  };
  expectProblem(await post(`${baseUrl}/v1/licences`, again), 'challenge_replayed');
});

vmTest('a claimed offer counts only where no plan is attested and its offer allows it', async () => {
  const offer = 'contoso/appliance/development';
  const claimed = await boot({ ...target(), vm: 'without-plan', change: { offer } });
  expect(readPayload(String(claimed.body['licence']))['aud']).toBe('contoso/appliance');
  const attested = await boot({ ...target(), vm: 'unknown-plan', change: { offer } });
  expectProblem(attested, 'plan_unknown');
  const notAllowed = await boot({ ...target(), vm: 'without-plan', change: { offer: 'contoso/gateway/standard' } });
  expectProblem(notAllowed, 'plan_missing');
});

vmTest('the last seat taken, another VM is refused, and the first one goes on', async () => {
  const key = createKey();
  expect((await boot({ ...target(), vm: 'small-1', key })).status).toBe(200);
  expectProblem(await boot({ ...target(), vm: 'small-2', key: createKey() }), 'seats_exhausted');
  expect((await boot({ ...target(), vm: 'small-1', key })).status).toBe(200);
});

vmTest('the key may change once while licences live, and not twice', async () => {
  for (const key of [createKey(), createKey()]) {
    expect((await boot({ ...target(), vm: 'licensed-2', key })).status).toBe(200);
  }
  expectProblem(await boot({ ...target(), vm: 'licensed-2', key: createKey() }), 'key_changed');
});

test('the key set is public, cacheable, and holds no private member', async () => {
  const answer = await send(`${target().baseUrl}/.well-known/jwks.json`);
  expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
  const keys = answer.body['keys'] as readonly Record<string, unknown>[];
  expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']]);
});

test('the signed key set verifies under each root key that discovery names, with the keys of jwks.json', async () => {
  const { baseUrl, issuer } = target();
  const { body: discovery } = await send(`${baseUrl}/.well-known/countersign`);
  const rootKeys = discovery['rootKeys'] as readonly string[];
  if (isOwn) expect(rootKeys.length).toBe(1);
  if (rootKeys.length === 0) {
    expectProblem(await send(`${baseUrl}/.well-known/jwks.jwt`), 'not_found');
    return;
  }
  const plain = await send(`${baseUrl}/.well-known/jwks.json`);
  for (const query of ['', ...rootKeys.map((root) => `?root=${root}`)]) {
    const answer = await send(`${baseUrl}/.well-known/jwks.jwt${query}`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/jwk-set+jwt']);
    expect(answer.headers.get('cache-control')).toBe(plain.headers.get('cache-control'));
    const header = decodeProtectedHeader(answer.text);
    expect(Object.keys(header).sort()).toEqual(['alg', 'jwk', 'kid', 'typ']);
    expect(header).toMatchObject({
      alg: 'ES256',
      typ: 'jwk-set+jwt',
      kid: query === '' ? rootKeys[0] : query.slice(6),
    });
    const jwk = header.jwk as JWK;
    expect([Object.keys(jwk).sort().join(), await calculateJwkThumbprint(jwk)]).toEqual(['crv,kty,x,y', header.kid]);
    const { payload } = await compactVerify(answer.text, await importJWK(jwk, 'ES256'), { algorithms: ['ES256'] });
    const claims = JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>;
    expect(Object.keys(claims).sort()).toEqual(['exp', 'iat', 'iss', 'keys', 'life', 'sub']);
    expect(claims).toMatchObject({ iss: issuer, sub: issuer, keys: plain.body['keys'] });
    expect(Number(claims['exp']) - Number(claims['iat'])).toBeLessThanOrEqual(92 * 86_400);
    expect(Number(claims['exp'])).toBeGreaterThan(Date.now() / 1_000);
    expect(Number(claims['life'])).toBeGreaterThan(0);
    const kids = (claims['keys'] as readonly { readonly kid: string }[]).map(({ kid }) => kid);
    expect(kids.filter((kid) => rootKeys.includes(kid))).toEqual([]);
  }
});

test('the signed key set is refused for a root key that is not in force, and for a query that is not in its form', async () => {
  const url = `${target().baseUrl}/.well-known/jwks.jwt`;
  const stranger = await calculateJwkThumbprint(createKey().jwk);
  for (const root of [stranger, 'x', '']) expectProblem(await send(`${url}?root=${root}`), 'not_found');
  for (const query of [`root=${stranger}&root=${stranger}`, `kid=${stranger}`]) {
    expectProblem(await send(`${url}?${query}`), 'request_malformed');
  }
});

vmTest('a licence lasts no longer, grace included, than the signed key set says', async () => {
  const { baseUrl } = target();
  const { body } = await boot({ ...target(), vm: 'licensed' });
  const { life } = readPayload((await send(`${baseUrl}/.well-known/jwks.jwt`)).text);
  const { iat, exp, licence } = readPayload(String(body['licence']));
  const { renewAfter, graceUntil } = licence as { readonly renewAfter: number; readonly graceUntil: number };
  expect(graceUntil - Number(iat)).toBeLessThanOrEqual(Number(life));
  expect(renewAfter).toBeLessThanOrEqual(Number(exp));
  expect(Number(exp)).toBeLessThanOrEqual(graceUntil);
});

test('the discovery document names issuer, endpoints, clouds and algorithms', async () => {
  const { issuer, baseUrl } = target();
  const { body } = await send(`${baseUrl}/.well-known/countersign`);
  expect(body).toMatchObject({ issuer, nonceStyle: 'base32', algorithms: { licence: ['ES256'], proof: ['ES256'] } });
  expect(body['endpoints']).toMatchObject({
    challenges: `${issuer}/v1/challenges`,
    licences: `${issuer}/v1/licences`,
    releases: `${issuer}/v1/releases`,
  });
  expect(body['pinSetVersion']).toMatch(/^[0-9a-f]{16}$/);
});

test('health says that the process runs, readiness what it needs', async () => {
  expect(await send(`${target().baseUrl}/healthz`)).toMatchObject({ status: 200, body: { state: 'ok' } });
  const { status, body } = await send(`${target().baseUrl}/readyz`);
  expect(status).toBe(200);
  expect(Object.keys(body['probes'] as object).sort()).toEqual([
    ...['challengeSecret', 'pins', 'root', 'signingKey', 'store'],
  ]);
});

test('every code has a page that says what happened, who can fix it and how', async () => {
  for (const [code, { title, status }] of Object.entries(PROBLEMS)) {
    const { text, headers } = await send(`${target().baseUrl}/problems/${code}`);
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(text.startsWith(`${code} (HTTP ${status})\n${title}\n\nWhat happened\n  `), code).toBe(true);
    expect(text).toMatch(/\nWho can fix this\n {2}\S.*\n\nWhat the (caller does|vendor’s operators do)\n {2}\S/);
  }
});

test.each([
  ...['/.well-known/jwks.json', '/.well-known/jwks.jwt', '/.well-known/jwks.jwt?root=x', '/.well-known/countersign'],
  ...['/healthz', '/readyz', '/problems/rate_limited', '/problems/nothing', '/openapi.json'],
])('HEAD %s has the status and headers of GET, and no body', async (path) => {
  const ask = (method: string) => fetch(`${target().baseUrl}${path}`, { method });
  const [got, head] = [await ask('GET'), await ask('HEAD')];
  expect(head.status).toBe(got.status);
  for (const name of ['content-type', 'cache-control', 'etag']) {
    expect(head.headers.get(name), name).toBe(got.headers.get(name));
  }
  expect([await head.text(), (await got.text()).length > 0]).toEqual(['', true]);
});

test('there is nothing at other addresses', async () => {
  expect((await send(`${target().baseUrl}/v1/nothing`)).status).toBe(404);
  expectProblem(await send(`${target().baseUrl}/problems/constructor`), 'not_found');
});

test.skipIf(!isOwn).each(['cleaning', 'projection', 'watch', 'readiness'])(
  'the host can run the timer %s at once',
  async (name) => {
    expect((await post(`${target().baseUrl}/admin/functions/${name}`, {})).status).toBe(202);
  },
);

test.skipIf(!isOwn)('a challenge of one instance is taken by the other', async () => {
  const [first = '', second = ''] = target().baseUrls;
  const challenge = await askChallenge(first);
  const document = await readDocument(target().imdsUrl, 'licensed', challenge.nonce);
  const answer = await post(`${second}/v1/licences`, { challenge: challenge.challenge, document });
  expect(answer.status).toBe(200);
});
