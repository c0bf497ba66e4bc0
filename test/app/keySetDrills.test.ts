import { generateKeyPairSync } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { expect, test } from 'vitest';
import { createLocalSigner } from '../../src/tokens/localSigner.ts';
import { createLocalRoot } from '../../src/tokens/rootKey.ts';
import { signKeySet } from '../../src/tokens/signedKeySet.ts';
import { createKey, send } from '../endToEnd/protocolClient.ts';
import { startVault } from '../support/keyVault.ts';
import { RootedClient } from '../support/rootedClient.ts';
import { LOADED_AT, useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';
import { SIGNING_KEY } from './settings.ts';

/**
 * The drills of docs/runbooks.md for root keys: signing keys rotate under one root, one root takes the place of another,
 * and a root that was never online. Store, emulator and vault clients are the real ones; the clock is the test's.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Milliseconds that all clocks are ahead. */
let ahead = 0;
const clock = () => LOADED_AT + ahead;
const createScene = useScenes(() => ahead);

const createPem = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const [OLD_PEM, NEW_PEM] = [createPem(), createPem()];
const [OLD_ROOT, NEW_ROOT] = [OLD_PEM, NEW_PEM].map((pem) => createLocalRoot(pem).kid) as [string, string];
const SIGNER = createLocalSigner(SIGNING_KEY);

const clientOf = ({ urls }: Scene, ...rootKeys: string[]) => new RootedClient(urls[0], rootKeys, clock);
const kidOf = (licence: string) => decodeProtectedHeader(licence).kid;
const key = createKey();

async function bootVm(scene: Scene, instance = 0, vm = 'licensed'): Promise<string> {
  const { status, body } = await scene.boot(vm, { key, instance });
  expect([status, body['code']]).toEqual([200, undefined]);
  return String(body['licence']);
}

async function readProbe(url: string) {
  const { status, body } = await send(`${url}/readyz`);
  const probes = body['probes'] as Record<string, { state: string; detail: string }>;
  return { status, ...probes['root'] };
}

const readJwks = async (url: string) => {
  const { status, body } = await send(`${url}/.well-known/jwks.json`);
  return status === 200 ? (body['keys'] as { kid: string }[]).map(({ kid }) => kid) : body['code'];
};

test('signing keys rotate under one root, and no client sees a gap', async () => {
  ahead = 0;
  const [vault, rootVault] = [await startVault(), await startVault()];
  vault.now = rootVault.now = clock;
  const { kid: root } = rootVault.addVersion({ created: clock() - DAY });
  const old = vault.addVersion({ created: clock() - DAY });
  const scene = await createScene({ vault, rootVault, instances: [{}, { skew: 60_000 }] });
  // One that asks as seldom as it can, and one that is made anew each time.
  const client = clientOf(scene, root);
  const first = await bootVm(scene);
  expect(await client.believes(first, scene.urls[0])).toBe(true);
  const signed: string[] = [];
  let next: { readonly kid: string } | undefined;
  for (let minutes = 0; minutes <= 3 * 60; minutes += 10) {
    ahead = minutes * MINUTE;
    if (minutes === 30) next = vault.addVersion();
    const instance = (minutes / 10) % 2;
    const licence = await bootVm(scene, instance);
    signed.push(kidOf(licence) === old.kid ? 'old' : 'new');
    for (const url of scene.urls) {
      expect(await clientOf(scene, root).believes(licence, url), `${minutes} minutes`).toBe(true);
    }
    expect(await client.believes(licence, scene.urls[1 - instance] ?? ''), `${minutes} minutes`).toBe(true);
  }
  // It was published for the lead of an hour before it signed, and the old one never signed again.
  expect(signed.indexOf('new')).toBeGreaterThanOrEqual(9);
  expect(signed.lastIndexOf('old')).toBe(signed.indexOf('new') - 1);
  expect(client.kept?.keys.map(({ kid }) => kid)).toEqual([next?.kid, old.kid]);
  // The old one stays in the set for its licences.
  ahead = 7 * DAY;
  expect(await readJwks(scene.urls[0])).toEqual([next?.kid, old.kid]);
  // A stolen key leaves the set when it is disabled.
  vault.change(old, { enabled: false });
  ahead += 2 * MINUTE;
  expect(await readJwks(scene.urls[0])).toEqual([next?.kid]);
  await client.fetchSet(scene.urls[0]);
  expect(client.kept?.keys.map(({ kid }) => kid)).toEqual([next?.kid]);
});

test('jwks.jwt and jwks.json have the same keys, the same cache, and a root that is no vault request', async () => {
  ahead = 0;
  const [vault, rootVault] = [await startVault(), await startVault()];
  vault.now = rootVault.now = clock;
  const { kid: root } = rootVault.addVersion({ created: clock() - DAY });
  vault.addVersion({ created: clock() - DAY });
  vault.addVersion();
  const scene = await createScene({ vault, rootVault });
  const [url] = scene.urls;
  const signed = await send(`${url}/.well-known/jwks.jwt`);
  const plain = await send(`${url}/.well-known/jwks.json`);
  expect([signed.status, signed.headers.get('content-type')]).toEqual([200, 'application/jwk-set+jwt']);
  expect(signed.headers.get('cache-control')).toBe(plain.headers.get('cache-control'));
  const client = clientOf(scene, root);
  await client.fetchSet(url);
  expect(client.kept?.keys).toEqual(plain.body['keys']);
  const asked = rootVault.requests.length;
  for (let time = 0; time < 20; time += 1) expect((await send(`${url}/.well-known/jwks.jwt`)).text).toBe(signed.text);
  expect(rootVault.requests).toHaveLength(asked);
  // The vault of the root key is lost: what it signed last lives for 30 days, and readyz tells before it has ended.
  rootVault.isOpen = false;
  ahead = 15 * DAY;
  await send(`${url}/.well-known/jwks.jwt`);
  await expect.poll(() => rootVault.requests.length).toBeGreaterThan(asked);
  expect(await readProbe(url)).toMatchObject({ status: 200, state: 'degraded' });
  ahead = 29 * DAY + 23 * HOUR;
  expect((await send(`${url}/.well-known/jwks.jwt`)).text).toBe(signed.text);
  expect((await readProbe(url)).detail).toMatch(
    /does not sign: look at the key.*; the key set under root key .* ends on /,
  );
  ahead = 30 * DAY;
  expect((await send(`${url}/.well-known/jwks.jwt`)).body['code']).toBe('signing_key_unavailable');
  expect(await readProbe(url)).toMatchObject({ status: 503, state: 'failed' });
  rootVault.isOpen = true;
  ahead = 30 * DAY + MINUTE;
  await client.fetchSet(url);
  expect(await readProbe(url)).toMatchObject({ status: 200, state: 'ok' });
});

const rootKeys = (...pems: string[]) => ({ ROOT_KEY: pems.join('\n') });
const STAGES = [rootKeys(OLD_PEM), rootKeys(OLD_PEM, NEW_PEM), rootKeys(NEW_PEM, OLD_PEM), rootKeys(NEW_PEM)];

test('a root takes the place of another: images with either, or both, go on in every stage', async () => {
  ahead = 0;
  const scene = await createScene({ instances: STAGES.map((settings) => ({ settings })) });
  const licence = await bootVm(scene);
  const images = { old: [OLD_ROOT], both: [NEW_ROOT, OLD_ROOT], new: [NEW_ROOT] };
  const believed: Record<string, readonly boolean[]> = {};
  for (const [name, roots] of Object.entries(images)) {
    believed[name] = await Promise.all(scene.urls.map((url) => clientOf(scene, ...roots).believes(licence, url)));
  }
  expect(believed).toEqual({
    old: [true, true, true, false],
    both: [true, true, true, true],
    new: [false, true, true, true],
  });
  const discovered = await Promise.all(
    scene.urls.map(async (url) => (await send(`${url}/.well-known/countersign`)).body['rootKeys']),
  );
  expect(discovered).toEqual([[OLD_ROOT], [OLD_ROOT, NEW_ROOT], [NEW_ROOT, OLD_ROOT], [NEW_ROOT]]);
  const defaults = await Promise.all(
    scene.urls.map(async (url) => kidOf((await send(`${url}/.well-known/jwks.jwt`)).text)),
  );
  expect(defaults).toEqual([OLD_ROOT, OLD_ROOT, NEW_ROOT, NEW_ROOT]);
  // An image of before keeps what it has: its set counts for the licences of 30 days.
  const kept = clientOf(scene, OLD_ROOT);
  await kept.fetchSet(scene.urls[0]);
  const gone = await kept.fetchSet(scene.urls[3] ?? '');
  expect([gone.status, gone.body['code']]).toEqual([404, 'not_found']);
  expect(await kept.believes(await bootVm(scene, 3), scene.urls[3] ?? '')).toBe(true);
});

test.each([
  [`root=${OLD_ROOT}&root=${OLD_ROOT}`, 400, 'request_malformed'],
  ['root=', 404, 'not_found'],
  [`root=${OLD_ROOT.slice(1)}`, 404, 'not_found'],
  [`root=${'_'.repeat(43)}`, 404, 'not_found'],
  [`kid=${OLD_ROOT}`, 400, 'request_malformed'],
  [`root=${NEW_ROOT}`, 404, 'not_found'],
])('jwks.jwt?%s is refused', async (query, status, code) => {
  const scene = await createScene({ settings: rootKeys(OLD_PEM) });
  const answer = await send(`${scene.urls[0]}/.well-known/jwks.jwt?${query}`);
  expect([answer.status, answer.body['code'], answer.headers.get('cache-control')]).toEqual([status, code, 'no-store']);
});

test('without a root key there is no signed set, and readyz says what that means', async () => {
  const scene = await createScene();
  const [url] = scene.urls;
  for (const query of ['', `?root=${OLD_ROOT}`]) {
    expect((await send(`${url}/.well-known/jwks.jwt${query}`)).body['code']).toBe('not_found');
  }
  expect((await send(`${url}/.well-known/countersign`)).body['rootKeys']).toEqual([]);
  expect(await readProbe(url)).toMatchObject({ state: 'ok', detail: expect.stringContaining('first use') as string });
});

function signOffline(scene: Scene, change: Partial<Parameters<typeof signKeySet>[0]> = {}): Promise<string> {
  const input = { issuer: scene.urls[0], keys: [SIGNER.publicJwk], life: 30 * 86_400, seconds: 30 * 86_400 };
  return signKeySet({ ...input, iat: Math.floor(clock() / 1_000), ...change }, createLocalSigner(OLD_PEM, 'root key'));
}

const upload = (scene: Scene, keySet: string) => scene.operate('PUT /keys/sets', { as: 'Admin', body: { keySet } });

test('an offline root, from nothing to served: newer sets replace, older ones are refused, an ended one is none', async () => {
  ahead = 0;
  const scene = await createScene({ settings: { ROOT_THUMBPRINTS: OLD_ROOT }, instances: [{}, {}] });
  const [url, other = ''] = scene.urls;
  const client = clientOf(scene, OLD_ROOT);
  const readCodes = async () =>
    Promise.all(
      ['jwks.jwt', 'jwks.json', `jwks.jwt?root=${OLD_ROOT}`].map(
        async (path) => (await send(`${url}/.well-known/${path}`)).body['code'],
      ),
    );
  expect(await readCodes()).toEqual(['key_set_missing', 'key_set_missing', 'key_set_missing']);
  expect(await readProbe(url)).toMatchObject({
    status: 503,
    state: 'failed',
    detail: expect.stringContaining('no key set was uploaded yet') as string,
  });
  expect((await scene.boot('licensed', { key })).body['code']).toBe('key_set_missing');
  expect((await send(`${url}/.well-known/countersign`)).body['rootKeys']).toEqual([OLD_ROOT]);

  const first = await signOffline(scene);
  expect((await upload(scene, first)).status).toBe(201);
  expect((await send(`${url}/.well-known/jwks.jwt`)).text).toBe(first);
  const licence = await bootVm(scene);
  expect(await client.believes(licence, url)).toBe(true);
  ahead = 25_000;
  expect((await send(`${other}/.well-known/jwks.jwt`)).text).toBe(first);
  expect(await readProbe(url)).toMatchObject({ status: 200, state: 'ok' });

  ahead = DAY;
  const next = createLocalSigner(createPem());
  const second = await signOffline(scene, { keys: [SIGNER.publicJwk, next.publicJwk] });
  const older = await signOffline(scene, { iat: Math.floor(clock() / 1_000) - 60, seconds: 90 * 86_400 });
  expect((await upload(scene, second)).status).toBe(200);
  const refused = await upload(scene, older);
  expect([refused.status, refused.body['code']]).toEqual([412, 'changed_meanwhile']);
  expect(await readJwks(url)).toEqual([SIGNER.kid, next.kid]);
  await client.fetchSet(url);
  expect(client.kept?.keys.map(({ kid }) => kid)).toEqual([SIGNER.kid, next.kid]);

  ahead = 21 * DAY + MINUTE;
  const ending = await readProbe(url);
  expect([ending.status, ending.state]).toEqual([200, 'degraded']);
  expect(ending.detail).toMatch(/ends on .*: write the keys with countersign keys status --out FILE, sign them/);
  ahead = 31 * DAY + MINUTE;
  expect(await readCodes()).toEqual(['key_set_missing', 'key_set_missing', 'key_set_missing']);
  expect(await readProbe(url)).toMatchObject({ status: 503, state: 'failed' });
  expect((await scene.boot('licensed', { key })).body['code']).toBe('key_set_missing');
  expect((await upload(scene, await signOffline(scene))).status).toBe(200);
  expect(await client.believes(await bootVm(scene), url)).toBe(true);
});

test('a signing key that is in no served set neither signs nor is published', async () => {
  ahead = 0;
  const stranger = createLocalSigner(createPem());
  const scene = await createScene({ settings: { ROOT_THUMBPRINTS: OLD_ROOT } });
  expect((await upload(scene, await signOffline(scene, { keys: [stranger.publicJwk] }))).status).toBe(201);
  expect(await readJwks(scene.urls[0])).toEqual([stranger.kid]);
  expect((await scene.boot('licensed', { key })).body['code']).toBe('signing_key_unavailable');
  const probe = await readProbe(scene.urls[0]);
  expect(probe.detail).toContain(`does not have the signing key ${SIGNER.kid}, which therefore does not sign`);
});
