import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { buildPackage } from '../../src/dev/build.ts';
import { createAuthority } from '../../src/emulator/authority/authority.ts';
import { startEmulator } from '../../src/emulator/server/startEmulator.ts';
import type { StartedEmulator } from '../../src/emulator/server/startEmulator.ts';
import { applyCatalogue } from '../support/applyCatalogue.ts';
import { parseCatalogue } from '../../src/catalogue/file/parseCatalogue.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import type { FunctionInfo } from '../../src/dev/functionsHost/functionRules.ts';
import { startServiceOnFreePort } from '../../src/dev/serviceProcess.ts';
import { CONSOLE_ENDPOINTS, OPERATOR_ENDPOINTS } from '../../src/contract/endpoints.ts';
import type { Endpoint } from '../../src/contract/endpoints.ts';
import { boot, createKey, readPayload, send } from '../endToEnd/protocolClient.ts';
import { spawnHost } from '../dev/functionsHost/hostProcess.ts';
import { GOOD_SETTINGS } from '../app/settings.ts';
import { useAzurite } from '../support/azurite.ts';
import { runKeys } from '../support/runKeys.ts';

/** What is deployed: the bundle of the entry files, away from this project and its packages, in a process of its own. */
const folder = mkdtempSync(join(tmpdir(), 'countersign-package-'));
const root = join(folder, 'away');
const tables = useAzurite();
const run = promisify(execFile);
let emulator: StartedEmulator | undefined;

beforeAll(async () => {
  const outDir = join(folder, 'package');
  await buildPackage({ outDir });
  cpSync(outDir, root, { recursive: true });
  emulator = await startEmulator({ port: 0, authority: await createAuthority({ keys: runKeys('emulator') }) });
  writeFileSync(join(folder, 'authority.pem'), emulator.authority.pem);
});
afterAll(async () => {
  await emulator?.close();
  rmSync(folder, { recursive: true });
});

/** Each function as `method route`, or its schedule. */
async function listRegistered(
  settings: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, string>>> {
  const script = join(import.meta.dirname, 'listFunctions.ts');
  const env = { PATH: process.env['PATH'], ...GOOD_SETTINGS, ...settings };
  const { stdout } = await run(process.execPath, [script, root], { env });
  const functions = JSON.parse(stdout) as readonly FunctionInfo[];
  return Object.fromEntries(
    functions.map(({ name, methods, route, schedule = '' }) => [
      name,
      route === undefined ? schedule : `${methods.join()} ${route}`,
    ]),
  );
}

const FUNCTIONS = {
  issueChallenge: 'POST v1/challenges',
  issueLicence: 'POST v1/licences',
  releaseLicence: 'POST v1/releases',
  readKeySet: 'GET,HEAD .well-known/jwks.json',
  readSignedKeySet: 'GET,HEAD .well-known/jwks.jwt',
  readDiscovery: 'GET,HEAD .well-known/countersign',
  readOpenApi: 'GET,HEAD openapi.json',
  readProblemPage: 'GET,HEAD problems/{code}',
  readHealth: 'GET,HEAD healthz',
  readReadiness: 'GET,HEAD readyz',
  readStartPage: 'GET,HEAD {ignored:maxlength(0)?}',
  cleaning: '0 17 3 * * *',
  projection: '30 * * * * *',
  watch: '0 43 * * * *',
  readiness: '15 */5 * * * *',
};

test('the bundle registers these functions, and without a directory no operator’s route', async () => {
  expect(await listRegistered()).toEqual(FUNCTIONS);
});

const DIRECTORY = {
  ENTRA_TENANT: 'aaaaaaaa-0000-4000-8000-000000000001',
  ENTRA_AUDIENCE: 'bbbbbbbb-0000-4000-8000-000000000001',
};

test('with a directory it registers the operators’ routes too, their console, and nothing else', async () => {
  const registered = await listRegistered(DIRECTORY);
  const operators = Object.entries<Endpoint>({ ...OPERATOR_ENDPOINTS, ...CONSOLE_ENDPOINTS }).map(
    ([name, { method, path }]) => [name, `${method === 'GET' ? 'GET,HEAD' : method} ${path.slice(1)}`],
  );
  expect(operators.length).toBeGreaterThan(5);
  expect(registered).toEqual({ ...FUNCTIONS, ...(Object.fromEntries(operators) as Record<string, string>) });
});

test('the package answers, grants a licence to a VM of the emulator and ends in order', async () => {
  if (emulator === undefined) throw new Error('The emulator runs while tests do.');
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  const offers = [{ offer: 'planPublisher/planProduct/planName', mode: 'marketplace', clouds: ['emulator'] }];
  await applyCatalogue(store, parseCatalogue({ offers }), { change: { by: 'test', at: Date.now() } });
  const { PATH = '' } = process.env;
  const env = {
    ...{ PATH, ...GOOD_SETTINGS, ACCEPTED_CLOUDS: 'emulator' },
    ...{ EMULATOR_TRUST_FILE: join(folder, 'authority.pem') },
    ...{ TABLES_CONNECTION_STRING: connectionString, TABLE_PREFIX: tablePrefix, AzureWebJobsDisableHomepage: 'true' },
  };
  const service = await startServiceOnFreePort((port) => {
    return { port, env: { ...env, ISSUER: `http://127.0.0.1:${port}` }, root };
  });
  const { url: issuer, process: child } = service;
  const baseUrl = issuer;
  onTestFinished(() => service.stop());
  expect(await send(`${baseUrl}/healthz`)).toMatchObject({ status: 200, body: { state: 'ok' } });
  expect(await send(`${baseUrl}/readyz`)).toMatchObject({ status: 200, body: { state: 'ok' } });
  const answer = await boot({ baseUrl, issuer, imdsUrl: emulator.url, vm: 'fleet-3', key: createKey() });
  expect(answer.status).toBe(200);
  expect(readPayload(String(answer.body['licence']))).toMatchObject({ iss: issuer, aud: 'planPublisher/planProduct' });
  expect((await send(`${baseUrl}/operator/v1/offers`)).status).toBe(404);
  await service.stop();
  expect(child.exitCode).toBe(0);
});

test('the package serves the console’s page, what it names, and no other file of the folder', async () => {
  const { PATH = '' } = process.env;
  const settings = { PATH, ...GOOD_SETTINGS, ...DIRECTORY, AzureWebJobsDisableHomepage: 'true' };
  const service = await startServiceOnFreePort((port) => {
    return { port, env: { ...settings, ISSUER: `http://127.0.0.1:${port}` }, root };
  });
  onTestFinished(() => service.stop());
  const get = (path: string) => fetch(service.url + path);
  expect(await (await get('/')).text()).toContain('href="console/"');
  const page = await get('/console/licences/contoso');
  expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store']);
  const named = Array.from((await page.text()).matchAll(/(?:src|href)="(?<path>[^"]+)"/g), (match) => match[1] ?? '');
  expect(named).toHaveLength(3);
  for (const path of named) {
    const asset = await get(path);
    expect([asset.status, asset.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
  }
  for (const path of ['functions.mjs', 'host.json', '..%2fhost.json', 'assets/', 'assets/console.js', 'x/index.html']) {
    expect((await get(`/console/${path}`)).status, path).toBe(404);
  }
});

async function startRefused(settings: Readonly<Record<string, string>>): Promise<string> {
  const host = spawnHost(['--port', '0', '--root', root], settings);
  expect(await host.ended).toBe(1);
  const { stdout, stderr } = host.output();
  expect(stdout).toBe('');
  return stderr;
}

test('a configuration that cannot be used stops the start, with all problems and no secret', async () => {
  const stderr = await startRefused({
    ...GOOD_SETTINGS,
    ISSUER: 'https://licences.contoso.com/',
    SIGNING_KEY: 'private-and-secret',
    NONCE_STYLE: 'hex',
  });
  expect(stderr).toContain('The configuration cannot be used:');
  for (const name of ['ISSUER', 'SIGNING_KEY', 'NONCE_STYLE']) expect(stderr).toContain(`\n  - ${name}`);
  expect(stderr).not.toContain('private-and-secret');
});

test('without any setting the start is refused, and what is needed is named', async () => {
  const stderr = await startRefused({});
  for (const name of ['ISSUER', 'CHALLENGE_SECRETS', 'TABLES_ENDPOINT', 'SIGNING_KEY']) expect(stderr).toContain(name);
});

test('a start that accepts the emulator’s cloud under a public issuer is refused', async () => {
  const EMULATOR_TRUST_FILE = join(folder, 'authority.pem');
  const stderr = await startRefused({
    ...GOOD_SETTINGS,
    ACCEPTED_CLOUDS: 'AzurePublicCloud,emulator',
    EMULATOR_TRUST_FILE,
  });
  expect(stderr).toContain('ACCEPTED_CLOUDS holds "emulator", which is refused unless ISSUER is a loopback address');
});
