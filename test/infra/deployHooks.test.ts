import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { issueCertificate } from '../../src/emulator/authority/issueCertificate.ts';
import { createKeyRing } from '../../src/emulator/authority/keys.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { bodyOf, createRequest } from '../app/edgeRequest.ts';
import { STORE_DOWN, settingsOf, useInstances } from '../app/instance.ts';
import { useAzurite } from '../support/azurite.ts';
import { StandIns } from './standIns.ts';
import type { Answer, Rule } from './standIns.ts';

const DEPLOYED = { AZURE_RESOURCE_GROUP: 'rg-production', SERVICE_API_NAME: 'func-vendor' };

const FUNCTIONS = 'func-vendor/challenge\nfunc-vendor/licence\n';
const functions = (...answers: readonly Answer[]): readonly Rule[] => [{ on: 'functionapp function list', answers }];

interface Page {
  readonly status: number;
  readonly body: string;
}

const page = (status: number, probes: Readonly<Record<string, readonly [state: string, detail: string]>>): Page => {
  const entries = Object.entries(probes).map(([name, [state, detail]]) => [name, { state, detail }]);
  return { status, body: JSON.stringify({ probes: Object.fromEntries(entries) as Readonly<Record<string, object>> }) };
};

const READY = page(200, { store: ['degraded', 'answers, but holds no offer yet'], pins: ['ok', 'complete'] });
const NOT_READY = page(503, { store: ['failed', 'does not answer'], pins: ['ok', 'complete'] });

/** Serves pages over https, one after the other; the last one stays. Gives the host, and the file of the certificate. */
async function servePages(folder: string, ...pages: readonly Page[]): Promise<{ host: string; asked: string[] }> {
  const { pem, keys } = await issueCertificate({
    subject: 'CN=app.example.test',
    keys: await createKeyRing()('app', 'p-256'),
    notBefore: Date.now() - 60_000,
    notAfter: Date.now() + 86_400_000,
    names: [{ type: 'ip', value: '127.0.0.1' }],
  });
  writeFileSync(join(folder, 'ca.pem'), pem, { flag: 'a' });
  const asked: string[] = [];
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const server = createServer({ cert: pem, key }, (request, response) => {
    const { status, body } = pages[Math.min(asked.length, pages.length - 1)] ?? READY;
    asked.push(request.url ?? '');
    response.writeHead(status).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const STATED = { stdout: FUNCTIONS };

async function postdeploy(
  pages: readonly Page[],
  issuerPages: readonly Page[] = [READY],
  list: readonly Answer[] = [STATED],
) {
  const standIns = new StandIns({ az: functions(...list) });
  const app = await servePages(standIns.folder, ...pages);
  const issuer = await servePages(standIns.folder, ...issuerPages);
  const environment = {
    ...DEPLOYED,
    SERVICE_API_HOST: app.host,
    ISSUER: `https://${issuer.host}`,
    DOMAIN_VERIFICATION_ID: 'THE-PROOF',
    NODE_EXTRA_CA_CERTS: join(standIns.folder, 'ca.pem'),
  };
  const ended = await standIns.runHook('postdeploy', environment);
  return { ...ended, asked: app.asked, askedOfIssuer: issuer.asked, calls: standIns.calls(), host: app.host };
}

test('a service that is ready: its functions, and what is still degraded', async () => {
  const { status, stdout, stderr, host, asked, calls } = await postdeploy([READY]);
  expect({ status, stderr, asked }).toEqual({ status: 0, stderr: '', asked: ['/readyz'] });
  expect(stdout.split('\n')).toEqual([
    '2 functions: challenge, licence',
    `https://${host}/readyz says: ready.`,
    '  store is degraded: answers, but holds no offer yet',
    '',
  ]);
  expect(calls).toEqual([expect.stringContaining('--resource-group rg-production --name func-vendor')]);
});

test('functions and service are waited for', async () => {
  const { status, asked, calls } = await postdeploy(
    [{ status: 502, body: '<html>' }, NOT_READY, READY],
    [READY],
    [{ stdout: '' }, { exit: 1, stderr: 'ERROR: BadRequest' }, STATED],
  );
  expect([status, asked.length, calls.length]).toEqual([0, 3, 3]);
});

test.each([
  ['does not answer', [{ stdout: '' }], 'The app has no functions'],
  ['is refused', [{ exit: 1, stderr: 'WARNING\nERROR: AuthorizationFailed\n' }], 'ERROR: AuthorizationFailed'],
])('an app whose list of functions %s ends the deployment', async (_, list, message) => {
  const { status, stderr, asked } = await postdeploy([READY], [READY], list);
  expect([status, stderr, asked]).toEqual([1, expect.stringContaining(message), []]);
});

test('a service that does not become ready ends the deployment, and says which probe fails', async () => {
  const { status, stdout, stderr } = await postdeploy([NOT_READY]);
  expect(status).toBe(1);
  expect(stdout).toContain('store is failed: does not answer');
  expect(stderr).toContain('answered 503: the service is not ready');
});

const tables = useAzurite();
const createInstance = useInstances();

/** What the service itself says: one with an empty store and an offline root key, changed by `settings`. */
async function readRealPage(settings: Readonly<Record<string, string>> = {}): Promise<Page> {
  const mine = tables();
  await createTablesStore({
    connection: { connectionString: mine.connectionString },
    tablePrefix: mine.tablePrefix,
  }).ensureTables();
  const offline = { ...settingsOf(mine), ROOT_KEY: '', ROOT_THUMBPRINTS: 'A'.repeat(43) };
  const { service, log } = await createInstance({ ...offline, ...settings });
  const reply = await service.readReadiness(createRequest({ path: '/readyz', log }));
  return { status: reply.status, body: JSON.stringify(bodyOf(reply)) };
}

test('a service that waits for its first key set is deployed, and the commands for it are printed', async () => {
  const waiting = await readRealPage();
  expect(waiting.status).toBe(503);
  const { status, stdout, asked } = await postdeploy([waiting]);
  expect([status, asked.length]).toEqual([0, 1]);
  expect(stdout).toContain('waits for its first key set');
  expect(stdout).toContain('npm run -s cli -- keys sign-set --root root.pem');
  expect(stdout).toContain('npm run -s cli -- keys upload set.jwt');
  expect(stdout).toContain('store is degraded: answers, but holds no offer yet');
});

test('an offline root key is no excuse for a store that is down', async () => {
  const { status, stderr, asked } = await postdeploy([await readRealPage(STORE_DOWN)]);
  expect([status, asked.length]).toEqual([1, 3]);
  expect(stderr).toContain('the service is not ready');
});

test('a root key in a vault that does not sign yet is waited for: its role may be spreading', async () => {
  const spreading = page(503, {
    root: ['failed', 'root key that was not read yet does not sign: look at the key and the identity’s role on it'],
    signingKey: ['failed', 'may not sign: no signed key set is served'],
  });
  const { status, asked } = await postdeploy([spreading, READY]);
  expect([status, asked.length]).toEqual([0, 2]);
});

test('an app that only its proxies reach is asked through the issuer’s name', async () => {
  const { status, stdout, askedOfIssuer } = await postdeploy([{ status: 403, body: 'Ip Forbidden' }], [READY]);
  expect([status, askedOfIssuer.length]).toEqual([0, 2]);
  expect(stdout).toContain('says: ready.');
});

test('an issuer whose name does not lead here yet is no failure: the records are printed', async () => {
  const { status, stdout, host } = await postdeploy([READY], [{ status: 404, body: '' }]);
  expect(status).toBe(0);
  expect(stdout).toContain(`its name does not lead here yet. Set a CNAME record to ${host}`);
  expect(stdout).toContain('asuid.127.0.0.1 with THE-PROOF');
});

const REFUSED: Answer = {
  exit: 1,
  stderr: 'ERROR: deployment failed: POST https://func.scm.example/api/publish: 403 Forbidden',
};

test('an upload that is refused at first is tried again, and the package that was named is sent', async () => {
  const standIns = new StandIns({ azd: [{ on: 'deploy', answers: [REFUSED, REFUSED, { stdout: 'SUCCESS' }] }] });
  const { status, stdout } = await standIns.runHook('deploy', {}, ['--from-package', 'dist/countersign-0.1.0.zip']);
  expect(status).toBe(0);
  expect(stdout.match(/trying again/g)).toHaveLength(2);
  expect(new Set(standIns.calls())).toEqual(
    new Set(['azd deploy api --no-prompt --from-package dist/countersign-0.1.0.zip']),
  );
});

test.each([
  ['an upload that stays refused', [REFUSED], 3, 'add your address to DEPLOYER_RANGES'],
  ['another failure', [{ exit: 1, stderr: 'ERROR: no project exists' }], 1, 'azd deploy failed'],
])('%s ends with the reason', async (_, answers, calls, message) => {
  const standIns = new StandIns({ azd: [{ on: 'deploy', answers }] });
  const { status, stderr } = await standIns.runHook('deploy', {});
  expect([status, standIns.calls().length]).toEqual([1, calls]);
  expect(stderr).toContain(message);
});
