import { createRemoteJWKSet, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { startVault } from '../support/keyVault.ts';
import type { VaultFault } from '../support/keyVault.ts';
import { useScenes } from '../support/serviceScene.ts';
import { createKey, send } from './protocolClient.ts';
import type { Answer } from './protocolClient.ts';

/** The whole service, whose signing key lies in a vault: store, emulator and the vault's client are the real ones. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Milliseconds that the clocks of emulator, vault and service are ahead. */
let ahead = 0;
const clock = () => Date.now() + ahead;
const createServiceScene = useScenes(() => ahead);

async function createScene() {
  ahead = 0;
  const vault = await startVault();
  vault.now = clock;
  const scene = await createServiceScene({ vault });
  const bootVm = (vm: string, key = createKey()) => scene.boot(vm, { key });
  return { vault, url: scene.urls[0], log: scene.log, store: scene.store, bootVm };
}

const licenceOf = ({ body }: Answer) => String(body['licence']);
const kidOf = (token: string) => (JSON.parse(atob(token.split('.')[0] ?? '')) as { kid: string }).kid;

/** As any relying party verifies: by the key set over HTTP, with a library of others. */
function verify(token: string, url: string, typ = 'licence+jwt') {
  const keySet = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
  return jwtVerify(token, keySet, { issuer: url, typ, algorithms: ['ES256'], currentDate: new Date(clock()) });
}

async function readProbe(url: string) {
  const { status, body } = await send(`${url}/readyz`);
  const probes = body['probes'] as Record<string, { state: string; detail: string }>;
  return { status, ...probes['signingKey'] };
}

test('a licence and a denial signed in the vault are verified by jose over the key set', async () => {
  const { vault, url, bootVm } = await createScene();
  const version = vault.addVersion({ created: Date.now() - DAY });
  const answer = await bootVm('licensed');
  expect(answer.status).toBe(200);
  const { payload, protectedHeader } = await verify(licenceOf(answer), url);
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'licence+jwt', kid: version.kid });
  expect(payload.aud).toBe('contoso/gateway');
  const refused = await bootVm('retired');
  expect(refused.body['code']).toBe('offer_suspended');
  const denial = await verify(String(refused.body['denial']), url, 'licence-denial+jwt');
  expect(denial.payload['code']).toBe('offer_suspended');
  const { headers, body } = await send(`${url}/.well-known/jwks.json`);
  expect(headers.get('cache-control')).toBe('public, max-age=300');
  expect(body['keys']).toEqual([expect.objectContaining({ kid: version.kid, alg: 'ES256', use: 'sig' })]);
  expect(await readProbe(url)).toMatchObject({ status: 200, state: 'ok', detail: `signs, kid ${version.kid}` });
});

const FAULTS: readonly (readonly [string, VaultFault])[] = [
  ['refuses', { status: 403, code: 'Forbidden' }],
  ['has lost the key', { status: 404, code: 'KeyNotFound' }],
  ['is throttled', { status: 429, retryAfter: 30 }],
  ['fails', { status: 500 }],
  ['hangs', 'hang'],
  ['answers by halves', 'half'],
  ['answers with nothing', 'empty'],
  ['signs with another key', 'otherSignature'],
];

test.each(FAULTS)('a vault that %s: 503 and never a wrong licence, and a licence when it is well', async (_, fault) => {
  const { vault, url, log, store, bootVm } = await createScene();
  vault.addVersion({ created: Date.now() - DAY });
  vault.fail('sign', fault, fault, fault, fault);
  const key = createKey();
  const failed = await bootVm('licensed', key);
  expect(failed.status).toBe(503);
  expect(failed.body).toMatchObject({ code: 'signing_key_unavailable', retryable: true });
  expect(failed.body).not.toHaveProperty('licence');
  // What cannot be signed takes no seat, spends no challenge and is no decision.
  expect((await store.pageActivations({ vmId: '11111111-0000-4000-8000-000000000001' }, { size: 10 })).items).toEqual(
    [],
  );
  expect((await store.pageDecisions({}, { size: 10 })).items).toEqual([]);
  const line = log().find((entry) => entry.includes('request_failed')) ?? '';
  expect(JSON.parse(line)).toMatchObject({ level: 'error', code: 'signing_key_unavailable' });
  expect(line).toMatch(/The vault did not sign/);
  expect(line).not.toMatch(/the-token|eyJ[\w-]+\./);
  vault.recover();
  const answer = await bootVm('licensed', key);
  await verify(licenceOf(answer), url);
});

test('publish, use, retire: no licence is lost, unless its key is disabled', async () => {
  const { vault, url, bootVm } = await createScene();
  const old = vault.addVersion({ created: Date.now() - DAY });
  const first = licenceOf(await bootVm('licensed'));
  const next = vault.addVersion();
  ahead = 2 * MINUTE;
  const { body } = await send(`${url}/.well-known/jwks.json`);
  expect((body['keys'] as { kid: string }[]).map(({ kid }) => kid)).toEqual([old.kid, next.kid]);
  ahead = 59 * MINUTE;
  expect(kidOf(licenceOf(await bootVm('licensed-2')))).toBe(old.kid);
  ahead = 61 * MINUTE;
  const second = licenceOf(await bootVm('licensed-2'));
  expect(kidOf(second)).toBe(next.kid);
  for (const token of [first, second]) await verify(token, url);
  // In an emergency: whoever merely retires a key leaves it enabled until it is published no more.
  vault.change(old, { enabled: false });
  ahead = 63 * MINUTE;
  await verify(second, url);
  await expect(verify(first, url)).rejects.toThrow('no applicable key found');
});

test('while the vault is away, the key set is given, but not to be kept for longer than it is sure', async () => {
  const { vault, url } = await createScene();
  vault.addVersion({ created: Date.now() - DAY });
  await send(`${url}/.well-known/jwks.json`);
  vault.isOpen = false;
  const cacheControl = async (later: number) => {
    ahead = later;
    const { status, headers } = await send(`${url}/.well-known/jwks.json`);
    expect(status).toBe(200);
    return headers.get('cache-control');
  };
  expect(await cacheControl(30 * MINUTE)).toBe('public, max-age=300');
  expect(await cacheControl(57 * MINUTE)).toMatch(/^public, max-age=(?:[5-9]\d)$/);
  expect(await cacheControl(58 * MINUTE)).toBe('no-store');
  expect(await readProbe(url)).toMatchObject({ status: 503, state: 'failed' });
});

test('an instance that starts while the vault is away says so, and works when it is back', async () => {
  const { vault, url, bootVm } = await createScene();
  vault.addVersion({ created: Date.now() - DAY });
  vault.isOpen = false;
  const keySet = await send(`${url}/.well-known/jwks.json`);
  expect([keySet.status, keySet.body['code']]).toEqual([503, 'signing_key_unavailable']);
  expect(keySet.headers.get('cache-control')).toBe('no-store');
  const asked = vault.requests.length;
  expect((await bootVm('licensed')).body['code']).toBe('signing_key_unavailable');
  expect(await readProbe(url)).toMatchObject({ status: 503, state: 'failed' });
  // Nobody waits for the vault again so soon.
  expect(vault.requests).toHaveLength(asked);
  vault.isOpen = true;
  ahead = 10_000;
  await verify(licenceOf(await bootVm('licensed')), url);
});

test('readyz tells of a key that ends without a successor before it has', async () => {
  const { vault, url } = await createScene();
  vault.addVersion({ created: Date.now() - DAY, expires: Date.now() + DAY });
  const probe = await readProbe(url);
  expect(probe).toMatchObject({ status: 200, state: 'degraded' });
  expect(probe.detail).toMatch(/; the key expires on .*, and there is no next one$/);
});
