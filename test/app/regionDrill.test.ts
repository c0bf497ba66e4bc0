import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { decodeProtectedHeader } from 'jose';
import { expect, onTestFinished, test } from 'vitest';

import { readConfig } from '../../src/app/config.ts';
import { createService } from '../../src/app/service.ts';
import type { Service } from '../../src/app/service.ts';
import { REAL_ADAPTERS } from '../../src/client/adapters/real.ts';
import { createLicenceClient } from '../../src/client/index.ts';
import type { Answer, LicenceClient } from '../../src/client/index.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { createLocalSigner } from '../../src/tokens/localSigner.ts';
import type { PublicJwk } from '../../src/contract/wire.ts';
import { signKeySet } from '../../src/tokens/signedKeySet.ts';
import { thumbprint } from '../../src/tokens/publicJwk.ts';
import { createKeyPair, pkcs8 } from '../tokens/forge.ts';
import { boot, createKey, send } from '../endToEnd/protocolClient.ts';
import { createTestTables } from '../support/azurite.ts';
import { linesOf, readBackup, restoreBackup, stageBackup } from '../support/backups.ts';
import type { Backup } from '../support/backups.ts';
import { serveInProcess } from '../support/serveInProcess.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';

/**
 * The drill of docs/operations.md for a region that is lost: a second deployment, with its own store, signing key and root
 * key, goes on under the same issuer. Images pin both roots, and one that was never online.
 */

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
/** A client asks for a new key set when half the life of its own is over: here between its renewal and the loss. */
const [RENEWED, LOST] = [14 * DAY + 12 * HOUR, 15 * DAY + HOUR];
let ahead = 0;
const createScene = useScenes(() => ahead);

const OFFER = 'contoso/gateway/standard';
const CATALOGUE = JSON.stringify({
  offers: [{ offer: OFFER, mode: 'licensed' }],
  licences: [
    {
      ...{ id: 'customer', cloud: 'emulator', subscription: 'aaaaaaaa-0000-4000-8000-000000000001', offer: OFFER },
      seats: 5,
    },
  ],
});

const [FIRST_KEY, FIRST_ROOT, SECOND_KEY, SECOND_ROOT, NEVER_ONLINE] = Array.from({ length: 5 }, createKeyPair);
const kidOf = (pair: ReturnType<typeof createKeyPair> | undefined) => (pair === undefined ? '' : thumbprint(pair.jwk));
const pemOf = (pair: ReturnType<typeof createKeyPair> | undefined) =>
  pair === undefined ? '' : pkcs8(pair.privateKey);

const PINS = [FIRST_ROOT, SECOND_ROOT, NEVER_ONLINE].map(kidOf);

type SigningKeys = readonly { readonly publicKey: PublicJwk }[];

/** One address, and whichever deployment answers there now: what DNS does. */
async function startAddress(create: (url: string) => Promise<Service>) {
  let answering: Service | undefined;
  const { url } = await serveInProcess(async (address) => {
    const first = await create(address);
    answering = first;
    const routes = first.routes.map((route) => ({
      ...route,
      useCase: (request: Parameters<typeof route.useCase>[0]) => {
        const served = answering?.routes.find(({ name }) => name === route.name);
        if (served === undefined) throw new Error('No deployment answers.');
        return served.useCase(request);
      },
    }));
    return { ...first, routes };
  });
  return { url, moveTo: (service: Service) => (answering = service) };
}

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-region-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

interface Image {
  readonly rootKeys: readonly string[];
  readonly folder: string;
}

function createClient({ imdsUrl, now }: Scene, issuer: string, vm: string, image: Partial<Image> = {}): LicenceClient {
  const { rootKeys = PINS, folder = createFolder() } = image;
  return createLicenceClient({
    ...{ issuer, product: 'contoso/gateway', folder, once: true, imdsUrl: `${imdsUrl}/vms/${vm}` },
    ...{ trust: { rootKeys }, adapters: { clocks: { ...REAL_ADAPTERS.clocks, now } } },
  });
}

const statesOf = (answers: readonly Answer[]) => [...new Set(answers.map(({ state, code }) => `${state} ${code}`))];

async function kidsOf(url: string): Promise<readonly string[]> {
  const { body } = await send(`${url}/.well-known/jwks.json`);
  return (body['keys'] as readonly { readonly kid: string }[]).map(({ kid }) => kid);
}

interface Regions {
  readonly first?: Readonly<Record<string, string>>;
  readonly second?: Readonly<Record<string, string>>;
}

/** The first deployment, and where the second one is to be made: its own store, and the same name. */
async function startRegions(roots: Regions = {}) {
  ahead = 0;
  const scene = await createScene({ catalogue: CATALOGUE });
  const deploy = (settings: Readonly<Record<string, string>>) =>
    createService(readConfig({ ...scene.env, ...settings }), { now: scene.now });
  const first = { SIGNING_KEY: pemOf(FIRST_KEY), ...(roots.first ?? { ROOT_KEY: pemOf(FIRST_ROOT) }) };
  const { url, moveTo } = await startAddress((ISSUER) => deploy({ ...first, ISSUER }));
  const { connectionString, tablePrefix } = createTestTables();
  await createTablesStore({ connection: { connectionString }, tablePrefix }).ensureTables();
  const second = {
    ...{ ISSUER: url, SIGNING_KEY: pemOf(SECOND_KEY), ...(roots.second ?? { ROOT_KEY: pemOf(SECOND_ROOT) }) },
    ...{ TABLES_CONNECTION_STRING: connectionString, TABLE_PREFIX: tablePrefix },
  };
  const operated = { operate: (request: string, options = {}) => scene.operate(request, { ...options, url }) };
  return { scene, url, operated, moveToSecond: async (more = {}) => moveTo(await deploy({ ...second, ...more })) };
}

/** What `countersign restore --keys-out` writes. */
function writeFormerKeys(backup: Backup, now: number): string {
  const keys = linesOf(backup, 'key').map(({ jwk, life }) => ({
    ...jwk,
    until: new Date(now + life * 1_000).toISOString(),
  }));
  return JSON.stringify({ keys });
}

test('a region is lost: the second deployment goes on from the backup, and no client loses its licence', async () => {
  const { scene, url, operated, moveToSecond } = await startRegions();
  const vms = ['licensed', 'licensed-2', 'second'].map((vm) => ({ vm, folder: createFolder() }));
  const fleet = vms.map(({ vm, folder }) => createClient(scene, url, vm, { folder }));
  const renew = () => Promise.all(fleet.map((client) => client.check({ renew: true })));
  expect(statesOf(await renew())).toEqual(['licensed undefined']);
  ahead = RENEWED;
  expect(statesOf(await renew())).toEqual(['licensed undefined']);
  const backup = await readBackup(operated);
  const { text: token } = await send(`${url}/.well-known/jwks.jwt`);

  // The region is lost. The operator reads the public keys of the backup, and deploys elsewhere.
  ahead = LOST;
  // Without those keys it does not know who signed the backup, unless the operator names their set and its root.
  await moveToSecond();
  const stageWith = async (begin: object) => (await stageBackup(operated, backup, { begin })).body;
  expect(await stageWith({})).toMatchObject({ code: 'backup_refused' });
  expect(await stageWith({ keySet: { token, root: kidOf(SECOND_ROOT) } })).toMatchObject({ code: 'backup_refused' });
  expect(await stageWith({ keySet: { token, root: kidOf(FIRST_ROOT) } })).toMatchObject({ signedBy: kidOf(FIRST_KEY) });
  await moveToSecond({ FORMER_SIGNING_KEYS: writeFormerKeys(backup, scene.now()) });
  expect(await kidsOf(url)).toEqual([kidOf(SECOND_KEY), kidOf(FIRST_KEY)]);

  // Before the restore: clients have seen the new set, and believe what the first deployment signed, also when started anew.
  expect(statesOf(await renew())).toEqual(['licensed plan_unknown']);
  for (const { vm, folder } of vms) {
    expect((await createClient(scene, url, vm, { folder }).check()).state).toBe('licensed');
  }

  expect((await restoreBackup(operated, backup)).body).toMatchObject({ done: true });
  ahead += 60_000;
  const renewed = await renew();
  expect(statesOf(renewed)).toEqual(['licensed undefined']);
  const asked = { baseUrl: url, issuer: url, imdsUrl: scene.imdsUrl, vm: 'keeper', key: createKey(), change: {} };
  const { body } = await boot(asked);
  expect(decodeProtectedHeader(String(body['licence'])).kid).toBe(kidOf(SECOND_KEY));
  ahead += 31 * DAY;
  expect(await kidsOf(url)).toEqual([kidOf(SECOND_KEY)]);
});

test('an image that pins the first root key alone takes nothing of the second deployment, and ends with its grace', async () => {
  const { scene, url, operated, moveToSecond } = await startRegions();
  const image = { rootKeys: [kidOf(FIRST_ROOT)], folder: createFolder() };
  expect((await createClient(scene, url, 'licensed', image).check()).state).toBe('licensed');
  const backup = await readBackup(operated);
  ahead = HOUR;
  await moveToSecond({ FORMER_SIGNING_KEYS: writeFormerKeys(backup, scene.now()) });
  expect((await restoreBackup(operated, backup)).body).toMatchObject({ done: true });
  const states: string[] = [];
  for (const at of [HOUR, 30 * HOUR, 9 * DAY]) {
    ahead = at;
    states.push(...statesOf([await createClient(scene, url, 'licensed', image).check()]));
  }
  expect(states).toEqual(['licensed undefined', 'grace root_key_unknown', 'misconfigured root_key_unknown']);
  // The same VM, with an image that pins the root keys of both.
  expect(statesOf([await createClient(scene, url, 'licensed').check()])).toEqual(['licensed undefined']);
});

test('without the former public keys a licence of before counts no more once the new key set was seen', async () => {
  const { scene, url, operated, moveToSecond } = await startRegions();
  const image = { rootKeys: PINS, folder: createFolder() };
  const check = (options = {}) => createClient(scene, url, 'licensed', image).check(options);
  expect((await check()).state).toBe('licensed');
  ahead = RENEWED;
  expect((await check({ renew: true })).state).toBe('licensed');
  const backup = await readBackup(operated);
  const { text: token } = await send(`${url}/.well-known/jwks.jwt`);
  ahead = LOST;
  await moveToSecond();
  expect(statesOf([await check({ renew: true }), await check()])).toEqual(['refused plan_unknown']);
  // It is issued a new one as soon as the backup is restored.
  const begin = { keySet: { token, root: kidOf(FIRST_ROOT) } };
  expect((await restoreBackup(operated, backup, { begin })).body).toMatchObject({ done: true });
  ahead += 60_000;
  expect(statesOf([await check()])).toEqual(['licensed undefined']);
});

test('with an offline root key the second deployment is given a set of both keys, and the restore leaves it in force', async () => {
  const offline = { ROOT_THUMBPRINTS: kidOf(NEVER_ONLINE) };
  const { scene, url, operated, moveToSecond } = await startRegions({ first: offline, second: offline });
  const image = { rootKeys: [kidOf(NEVER_ONLINE)], folder: createFolder() };
  const check = (options = {}) => createClient(scene, url, 'licensed', image).check(options);
  /** `keys status --out`, `keys sign-set` on the machine without a network, and `keys upload`. */
  const signAndUpload = async () => {
    const { signing } = (await operated.operate('GET /keys', { as: 'Admin' })).body as { signing: SigningKeys };
    const input = { issuer: url, life: 30 * 86_400, iat: Math.floor(scene.now() / 1_000), seconds: 30 * 86_400 };
    const keySet = await signKeySet(
      { ...input, keys: signing.map(({ publicKey }) => publicKey) },
      createLocalSigner(pemOf(NEVER_ONLINE), 'root key'),
    );
    expect((await operated.operate('PUT /keys/sets', { as: 'Admin', body: { keySet } })).status).toBe(201);
    return keySet;
  };
  const token = await signAndUpload();
  expect((await check()).state).toBe('licensed');
  ahead = RENEWED;
  expect((await check({ renew: true })).state).toBe('licensed');
  const backup = await readBackup(operated);

  ahead = LOST;
  await moveToSecond({ FORMER_SIGNING_KEYS: writeFormerKeys(backup, scene.now()) });
  // Its store has no key set yet: nothing is published, and nothing signs.
  expect((await send(`${url}/.well-known/jwks.jwt`)).body).toMatchObject({ code: 'key_set_missing' });
  expect((await stageBackup(operated, backup)).body).toMatchObject({ code: 'backup_refused' });
  const both = await signAndUpload();
  expect(await kidsOf(url)).toEqual([kidOf(SECOND_KEY), kidOf(FIRST_KEY)]);
  expect(statesOf([await check({ renew: true })])).toEqual(['licensed plan_unknown']);
  const restored = await restoreBackup(operated, backup);
  expect(restored.body).toMatchObject({ done: true, signedBy: kidOf(FIRST_KEY), root: null });
  // The backup has the set of before, which the same root key signed earlier.
  expect(linesOf(backup, 'keyset').map((line) => line.token)).toEqual([token]);
  ahead += 60_000;
  expect((await send(`${url}/.well-known/jwks.jwt`)).text).toBe(both);
  const renewed = await check({ renew: true });
  expect(statesOf([renewed])).toEqual(['licensed undefined']);
  expect(decodeProtectedHeader(renewed.licence?.token ?? '').kid).toBe(kidOf(SECOND_KEY));
});
