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
import { thumbprint } from '../../src/tokens/publicJwk.ts';
import { createKeyPair, pkcs8 } from '../tokens/forge.ts';
import { boot, createKey, send } from '../endToEnd/protocolClient.ts';
import { createTestTables } from '../support/azurite.ts';
import { linesOf, readBackup, restoreBackup, stageBackup } from '../support/backups.ts';
import { serveInProcess } from '../support/serveInProcess.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';

/**
 * The drill of docs/operations.md for a region that is lost: a second deployment, with its own store, signing key and root
 * key, goes on under the same issuer. Images pin both roots, and one that was never online.
 */

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
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

function createClient({ imdsUrl, now }: Scene, issuer: string, vm: string): LicenceClient {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-region-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return createLicenceClient({
    ...{ issuer, product: 'contoso/gateway', folder, once: true, imdsUrl: `${imdsUrl}/vms/${vm}` },
    ...{ trust: { rootKeys: PINS }, adapters: { clocks: { ...REAL_ADAPTERS.clocks, now } } },
  });
}

const statesOf = (answers: readonly Answer[]) => [...new Set(answers.map(({ state, code }) => `${state} ${code}`))];

async function kidsOf(url: string): Promise<readonly string[]> {
  const { body } = await send(`${url}/.well-known/jwks.json`);
  return (body['keys'] as readonly { readonly kid: string }[]).map(({ kid }) => kid);
}

test('a region is lost: the second deployment goes on from the backup, and no client loses its licence', async () => {
  ahead = 0;
  const scene = await createScene({ catalogue: CATALOGUE });
  const deploy = (settings: Readonly<Record<string, string>>) =>
    createService(readConfig({ ...scene.env, ...settings }), { now: scene.now });
  const first = { SIGNING_KEY: pemOf(FIRST_KEY), ROOT_KEY: pemOf(FIRST_ROOT) };
  const { url, moveTo } = await startAddress((ISSUER) => deploy({ ...first, ISSUER }));
  const fleet = ['licensed', 'licensed-2', 'second'].map((vm) => createClient(scene, url, vm));
  expect(statesOf(await Promise.all(fleet.map((client) => client.check())))).toEqual(['licensed undefined']);
  const operated = { operate: (request: string, options = {}) => scene.operate(request, { ...options, url }) };
  const backup = await readBackup(operated);
  const { text: token } = await send(`${url}/.well-known/jwks.jwt`);

  // The region is lost. The operator reads the public keys of the backup, and deploys elsewhere.
  ahead = HOUR;
  const keys = linesOf(backup, 'key').map(({ jwk, life }) => ({
    ...jwk,
    until: new Date(scene.now() + life * 1_000).toISOString(),
  }));
  const { connectionString, tablePrefix } = createTestTables();
  await createTablesStore({ connection: { connectionString }, tablePrefix }).ensureTables();
  const second = {
    ...{ ISSUER: url, SIGNING_KEY: pemOf(SECOND_KEY), ROOT_KEY: pemOf(SECOND_ROOT) },
    ...{ TABLES_CONNECTION_STRING: connectionString, TABLE_PREFIX: tablePrefix },
  };
  // Without those keys it does not know who signed the backup, unless the operator names their set and its root.
  moveTo(await deploy(second));
  const stageWith = async (begin: object) => (await stageBackup(operated, backup, { begin })).body;
  expect(await stageWith({})).toMatchObject({ code: 'backup_refused' });
  expect(await stageWith({ keySet: { token, root: kidOf(SECOND_ROOT) } })).toMatchObject({ code: 'backup_refused' });
  expect(await stageWith({ keySet: { token, root: kidOf(FIRST_ROOT) } })).toMatchObject({ signedBy: kidOf(FIRST_KEY) });
  moveTo(await deploy({ ...second, FORMER_SIGNING_KEYS: JSON.stringify({ keys }) }));
  expect(await kidsOf(url)).toEqual([kidOf(SECOND_KEY), kidOf(FIRST_KEY)]);

  // Before the restore: clients have seen the new set, and believe what the first deployment signed.
  const renew = () => Promise.all(fleet.map((client) => client.check({ renew: true })));
  expect(statesOf(await renew())).toEqual(['licensed plan_unknown']);

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
