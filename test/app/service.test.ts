import { decodeJwt, decodeProtectedHeader } from 'jose';
import { expect, test } from 'vitest';
import type { VmEndpoint } from '../../src/contract/endpoints.ts';
import { PROBLEMS } from '../../src/contract/problems.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { createLocalRoot } from '../../src/tokens/rootKey.ts';
import { useAzurite } from '../support/azurite.ts';
import { bodyOf, createRequest } from './edgeRequest.ts';
import { ISSUER, STORE_DOWN, fillStore, newSecret, settingsOf, useInstances } from './instance.ts';
import { ROOT_KEY } from './settings.ts';

const tables = useAzurite();
const createInstance = useInstances();

async function createFilled(settings: Readonly<Record<string, string>> = {}) {
  const mine = tables();
  await fillStore(mine);
  return createInstance({ ...settingsOf(mine), ...settings });
}

const codeOf = (reply: { readonly body: string }) => JSON.parse(reply.body) as { code?: string; detail?: string };

test('a VM of a marketplace plan gets a licence, and the log names it without anything secret', async () => {
  const { boot, log } = await createFilled();
  const { reply, sent } = await boot();
  expect(reply.status).toBe(200);
  expect(reply.headers['Cache-Control']).toBe('no-store');
  const licence = String(bodyOf(reply)['licence']);
  expect(decodeProtectedHeader(licence)).toMatchObject({ alg: 'ES256', typ: 'licence+jwt' });
  expect(decodeJwt(licence)).toMatchObject({ iss: ISSUER, aud: 'contoso/gateway' });
  expect(log).toContainEqual(expect.objectContaining({ level: 'info', event: 'licence_issued' }));
  for (const secret of sent) expect(JSON.stringify(log)).not.toContain(secret);
});

test.each([
  ['wrong-signer', 'issuer_unknown', 'error'],
  ['altered-content', 'signature_invalid', 'info'],
  ['expired', 'document_expired', 'info'],
] as const)(
  '%s is refused as %s: a line of level %s, and nothing of the document in it',
  async (fault, code, level) => {
    const { boot, log } = await createFilled();
    const { reply, sent } = await boot({ faults: [fault] });
    expect([reply.status, codeOf(reply).code]).toEqual([422, code]);
    expect(log).toContainEqual(expect.objectContaining({ level, event: 'evidence_refused' }));
    for (const secret of sent) expect(JSON.stringify(log) + reply.body).not.toContain(secret);
  },
);

test('a store that is down: 503 after few tries, retryable, and no key in log or reply', async () => {
  const { boot, log } = await createInstance(STORE_DOWN);
  const { reply } = await boot();
  expect(reply.status).toBe(503);
  expect(bodyOf(reply)).toMatchObject({ code: 'store_unavailable', retryable: true });
  expect(bodyOf(reply)['detail']).toBe(PROBLEMS.store_unavailable.advice);
  expect(log).toContainEqual(expect.objectContaining({ level: 'error', event: 'request_failed' }));
  expect(JSON.stringify(log)).not.toContain('c2VjcmV0');
});

test('a store without its tables is a store that is down, not one without the plan', async () => {
  const { boot } = await createInstance(settingsOf(tables()));
  expect(codeOf((await boot()).reply).code).toBe('store_unavailable');
});

test('a store without offers knows no plan', async () => {
  const mine = tables();
  const { connectionString, tablePrefix } = mine;
  await createTablesStore({ connection: { connectionString }, tablePrefix }).ensureTables();
  const { boot } = await createInstance(settingsOf(mine));
  expect(codeOf((await boot()).reply).code).toBe('plan_unknown');
});

test('challenges, health, key set and discovery need no store', async () => {
  const { service, log } = await createInstance(STORE_DOWN);
  expect((await service.issueChallenge(createRequest())).status).toBe(201);
  for (const useCase of [service.readHealth, service.readKeySet, service.readDiscovery]) {
    expect((await useCase(createRequest())).status).toBe(200);
  }
  expect(log).toEqual([]);
});

test('one address has its limit; the answer says how long to wait, and another address goes on', async () => {
  const { service, clock } = await createInstance({ ...STORE_DOWN, RATE_LIMIT_PER_SECOND: '1' });
  const ask = (address: string) => service.issueChallenge(createRequest({ headers: { 'x-forwarded-for': address } }));
  const replies = [await ask('203.0.113.7:1'), await ask('203.0.113.7:2'), await ask('6.6.6.6, 203.0.113.7')];
  expect(replies.map(({ status }) => status)).toEqual([201, 201, 429]);
  expect(replies[2]?.headers['Retry-After']).toBe('1');
  expect((await ask('203.0.113.8')).status).toBe(201);
  clock.at += 1000;
  expect((await ask('203.0.113.7')).status).toBe(201);
});

test('behind a proxy of one’s own the address before it counts', async () => {
  const { service } = await createInstance({ ...STORE_DOWN, RATE_LIMIT_PER_SECOND: '1', TRUSTED_PROXIES: '1' });
  const ask = (address: string) =>
    service.issueChallenge(createRequest({ headers: { 'x-forwarded-for': `${address}, 10.0.0.1:1` } }));
  const replies = [
    await ask('203.0.113.7'),
    await ask('203.0.113.7'),
    await ask('203.0.113.7'),
    await ask('203.0.113.8'),
  ];
  expect(replies.map(({ status }) => status)).toEqual([201, 201, 429, 201]);
});

test('the n-th request refused at once is told n seconds of a limit of one a second', async () => {
  const { service } = await createInstance({ ...STORE_DOWN, RATE_LIMIT_PER_SECOND: '1' });
  const ask = () => service.issueChallenge(createRequest());
  const replies = [await ask(), await ask(), await ask(), await ask(), await ask()];
  expect(replies.map(({ headers }) => headers['Retry-After'])).toEqual([undefined, undefined, '1', '2', '3']);
  const problems = replies.slice(2).map(bodyOf);
  for (const problem of problems) expect(problem).toMatchObject({ code: 'rate_limited', status: 429, retryable: true });
});

test('an address of a known network has the limit that ADDRESS_LIMITS gives it', async () => {
  const { service } = await createInstance({
    ...STORE_DOWN,
    RATE_LIMIT_PER_SECOND: '1',
    ADDRESS_LIMITS: '203.0.113.0/24=2',
  });
  const ask = (address: string) => service.issueChallenge(createRequest({ headers: { 'x-forwarded-for': address } }));
  const statuses = async (address: string) => {
    const replies = [];
    for (let times = 0; times < 5; times += 1) replies.push(await ask(address));
    return replies.map(({ status }) => status);
  };
  expect(await statuses('203.0.113.7')).toEqual([201, 201, 201, 201, 429]);
  expect(await statuses('198.51.100.7')).toEqual([201, 201, 429, 429, 429]);
});

const VM_ROUTES = ['issueChallenge', 'issueLicence', 'releaseLicence'] as const;

test.each(VM_ROUTES)('%s: a malformed request counts like a good one', async (route) => {
  const limited = { ...STORE_DOWN, RATE_LIMIT_PER_SECOND: '1' };
  const wrong = [
    { body: '{' },
    { headers: { 'content-type': 'text/plain' } },
    { headers: { 'content-length': '10000000' } },
    { body: 'x'.repeat(70_000) },
    { body: { challenge: 1, key: 1 } },
  ];
  for (const request of wrong) {
    const { service } = await createInstance(limited);
    const replies = [await service[route](createRequest(request)), await service[route](createRequest(request))];
    for (const { status } of replies) expect([400, 413, 415]).toContain(status);
    expect((await service.issueChallenge(createRequest())).status).toBe(429);
  }
});

test.each(VM_ROUTES)(
  '%s: a request over the limit is refused before its size, type or body is looked at',
  async (route) => {
    const { service } = await createInstance({ ...STORE_DOWN, RATE_LIMIT_PER_SECOND: '1' });
    for (let times = 0; times < 2; times += 1) await service.issueChallenge(createRequest());
    const reads: string[] = [];
    const readBody = () => {
      reads.push(route);
      return Promise.resolve(new Uint8Array());
    };
    for (const headers of [{}, { 'content-length': '10000000' }, { 'content-type': 'text/plain' }]) {
      expect((await service[route](createRequest({ headers, readBody }))).status).toBe(429);
    }
    expect(reads).toEqual([]);
  },
);

test('key set, discovery and health are not counted; pages of codes and the description are', async () => {
  const { service } = await createInstance({ ...STORE_DOWN, RATE_LIMIT_PER_SECOND: '1' });
  const ask = async (route: VmEndpoint) =>
    (await service[route](createRequest({ path: '/problems/name_taken' }))).status;
  for (const route of ['readKeySet', 'readDiscovery', 'readHealth', 'readReadiness'] as const) {
    for (let times = 0; times < 10; times += 1) expect(await ask(route), route).not.toBe(429);
  }
  expect([await ask('readProblemPage'), await ask('readOpenApi')]).toEqual([200, 200]);
  expect([await ask('readProblemPage'), await ask('readOpenApi'), await ask('issueChallenge')]).toEqual([
    429, 429, 429,
  ]);
  expect(await ask('readHealth')).toBe(200);
});

test('a challenge lives five minutes, and its secret may be rotated meanwhile', async () => {
  const [old, fresh] = [newSecret('old'), newSecret('new')];
  const before = await createInstance({ ...STORE_DOWN, CHALLENGE_SECRETS: old });
  const during = await createFilled({ CHALLENGE_SECRETS: `${fresh},${old}` });
  const after = await createInstance({ ...STORE_DOWN, CHALLENGE_SECRETS: fresh });
  before.clock.at -= 300_000;
  expect(codeOf((await during.boot({ from: before.service })).reply).code).toBe('challenge_expired');
  before.clock.at += 1000;
  expect((await during.boot({ from: before.service })).reply.status).toBe(200);
  expect(codeOf((await after.boot({ from: before.service })).reply).code).toBe('challenge_invalid');
});

test('a nonce of ten digits is one that the service takes', async () => {
  const { service, boot } = await createFilled({ NONCE_STYLE: 'digits' });
  expect(bodyOf(await service.issueChallenge(createRequest()))['nonce']).toMatch(/^\d{10}$/);
  expect((await boot()).reply.status).toBe(200);
});

test('no licence lasts longer than its longest life, though the stored offer says so', async () => {
  const { boot } = await createFilled({ LICENCE_LIFE_SECONDS: '86400' });
  const { reply } = await boot();
  const { iat, exp, licence } = decodeJwt(String(bodyOf(reply)['licence'])) as Readonly<
    Record<'iat' | 'exp', number>
  > & { readonly licence: { readonly graceUntil: number; readonly renewAfter: number } };
  expect([exp - iat, licence.graceUntil - iat, licence.renewAfter - iat]).toEqual([86_400, 86_400, 43_200]);
});

test('the discovery document is this', async () => {
  const { service } = await createInstance({ ...STORE_DOWN, NONCE_STYLE: 'digits' });
  const reply = await service.readDiscovery(createRequest());
  expect(reply.headers).toEqual({ 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300' });
  expect(bodyOf(reply)).toEqual({
    issuer: ISSUER,
    endpoints: {
      challenges: `${ISSUER}/v1/challenges`,
      licences: `${ISSUER}/v1/licences`,
      releases: `${ISSUER}/v1/releases`,
      jwks: `${ISSUER}/.well-known/jwks.json`,
      signedJwks: `${ISSUER}/.well-known/jwks.jwt`,
    },
    acceptedClouds: ['emulator'],
    algorithms: { licence: ['ES256'], proof: ['ES256'] },
    nonceStyle: 'digits',
    rootKeys: [createLocalRoot(ROOT_KEY).kid],
    pinSetVersion: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
  });
});

test('the key set has the public half of the signing key and no more', async () => {
  const { service } = await createInstance(STORE_DOWN);
  const { keys } = bodyOf(await service.readKeySet(createRequest())) as { keys: object[] };
  expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']]);
});

test('the page of a code is plain text that says who can fix it; there is none for what is no code', async () => {
  const { service } = await createInstance(STORE_DOWN);
  const read = (code: string) => service.readProblemPage(createRequest({ path: `/problems/${code}` }));
  const page = await read('seats_exhausted');
  expect(page).toMatchObject({ status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
  expect(page.body).toContain(
    '\nWho can fix this\n  Whoever runs the VM or calls the service, or the vendor’s operators.\n',
  );
  for (const code of ['', 'constructor', '__proto__', 'toString', 'SEATS_EXHAUSTED', '<script>']) {
    const reply = await read(code);
    expect([reply.status, codeOf(reply).code]).toEqual([404, 'not_found']);
    expect(reply.body).not.toContain('<script>');
  }
});
