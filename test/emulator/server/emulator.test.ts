import { request as httpRequest } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createEmulator, type RunningEmulator } from '../../../src/emulator/server/emulator.ts';
import type { EmulatorLogEntry } from '../../../src/emulator/server/options.ts';
import { API_VERSIONS } from '../../../src/emulator/protocol/versions.ts';
import { AT, get, getJson, sharedAuthority, withEmulator } from '../running.ts';
import { TestClock } from '../../support/testClock.ts';

const COMPUTE = '/metadata/instance/compute?api-version=2020-06-01';
const DOCUMENT = '/metadata/attested/document?api-version=2020-09-01';

test('a request without an api-version gets the article’s answer, with the three newest', async () => {
  await withEmulator({}, async (emulator) => {
    const { status, type, text } = await get(emulator, '/metadata/instance');
    expect([status, type]).toEqual([400, 'application/json; charset=utf-8']);
    expect(JSON.parse(text)).toEqual({
      error:
        'Bad request. api-version was not specified in the request. For more information refer to aka.ms/azureimds',
      'newest-versions': ['2025-04-07', '2024-07-17', '2024-03-15'],
    });
  });
});

test.each([
  ['an unknown api-version', '/metadata/instance?api-version=2020-01-01', 400],
  ['the version of a scheduled event elsewhere', '/metadata/instance?api-version=2020-07-01', 400],
  ['a parameter given twice', '/metadata/instance?api-version=2020-06-01&api-version=2020-06-01', 400],
  ['a parameter given twice in another case', `${COMPUTE}&x=1&X=1`, 400],
  ['an unknown format', `${COMPUTE}&format=xml`, 400],
  ['text from an endpoint without it', `${DOCUMENT}&format=text`, 400],
  ['a path that is not UTF-8', '/metadata/instance/%ff?api-version=2020-06-01', 400],
  ['a leaf as JSON', '/metadata/instance/compute/vmId?api-version=2020-06-01', 400],
  ['a leaf as JSON that is asked for', '/metadata/instance/compute/vmId?api-version=2020-06-01&format=json', 400],
  ['a nonce of 33 characters', `${DOCUMENT}&nonce=${'n'.repeat(33)}`, 400],
  ['an unknown item', '/metadata/instance/compute/nothing?api-version=2020-06-01', 404],
  ['a name that every object inherits', '/metadata/instance/compute/toString?api-version=2020-06-01', 404],
  ['an index beyond the list', '/metadata/instance/network/interface/1?api-version=2020-06-01', 404],
  ['an index that is not one', '/metadata/instance/network/interface/length?api-version=2020-06-01', 404],
  ['an item below a leaf', '/metadata/instance/compute/vmId/0?api-version=2020-06-01', 404],
  ['an unknown endpoint', '/metadata/nothing?api-version=2020-06-01', 404],
  ['a path below a document', '/metadata/attested/document/x?api-version=2020-09-01', 404],
  ['another root', '/instance?api-version=2020-06-01', 404],
  ['an endpoint before its time', '/metadata/attested/document?api-version=2018-04-02', 404],
  ['a field before its time', '/metadata/instance/compute/tagsList?api-version=2019-06-01', 404],
  ['an unknown endpoint without an api-version', '/metadata/nothing', 400],
  ['an unknown endpoint with an unknown api-version', '/metadata/nothing?api-version=2020-01-01', 400],
  ['a VM that is not there', '/vms/nobody/metadata/instance?api-version=2020-06-01', 404],
])('%s is refused', async (_, path, status) => {
  await withEmulator({}, async (emulator) => {
    const answer = await get(emulator, path);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toHaveProperty('error');
  });
});

test.each([
  ['without the Metadata header', {}],
  ['with another value of it', { Metadata: 'false' }],
  ['that was forwarded', { Metadata: 'true', 'X-Forwarded-For': '10.0.0.1' }],
  ['that was forwarded for nobody', { Metadata: 'true', 'X-Forwarded-For': '' }],
])('a request %s is refused', async (_, headers) => {
  await withEmulator({}, async (emulator) => {
    expect((await get(emulator, COMPUTE, { headers })).status).toBe(400);
    expect((await get(emulator, '/metadata/versions', { headers })).status).toBe(400);
  });
});

test('the missing header is named as the article names it', async () => {
  await withEmulator({}, async (emulator) => {
    const { text } = await get(emulator, COMPUTE, { headers: {} });
    expect(text).toContain('Required metadata header not specified');
  });
});

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is refused', async (method) => {
  await withEmulator({}, async (emulator) => {
    expect((await get(emulator, COMPUTE, { method })).status).toBe(405);
  });
});

test('the sixth request of one VM within a second is refused, and another VM is not held back by it', async () => {
  const timer = new TestClock();
  await withEmulator({ rateLimit: 5, timer }, async (emulator) => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => get(emulator, COMPUTE)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 429]);
    expect((await get(emulator, `/vms/fleet-1${COMPUTE}`)).status).toBe(200);
    timer.pass(1_000);
    expect((await get(emulator, COMPUTE)).status).toBe(200);
  });
});

test('the versions need no api-version', async () => {
  await withEmulator({}, async (emulator) => {
    expect(await getJson(emulator, '/metadata/versions')).toEqual({ apiVersions: [...API_VERSIONS] });
  });
});

test('every VM has a base URL of its own, and a fleet is made up on demand', async () => {
  await withEmulator({}, async (emulator) => {
    const vmId = async (base: string) =>
      (await get(emulator, `${base}/metadata/instance/compute/vmId?api-version=2020-06-01&format=text`)).text;
    expect(await vmId('')).toBe('02aab8a4-74ef-476e-8182-f6d2ba4166a6');
    expect(await vmId('/vms/examplevmname')).toBe('02aab8a4-74ef-476e-8182-f6d2ba4166a6');
    expect(await vmId('/vms/negasonic')).toBe('13f56399-bd52-4150-9748-7190aae1ff21');
    const [one, two] = [await vmId('/vms/fleet-1'), await vmId('/vms/fleet-2')];
    expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    expect(one).not.toBe(two);
    expect(await vmId('/vms/fleet-1')).toBe(one);
    expect(await getJson(emulator, '/vms/fleet-1/metadata/instance/compute/plan?api-version=2020-06-01')).toEqual({
      name: 'planName',
      product: 'planProduct',
      publisher: 'planPublisher',
    });
  });
});

test('a port that is taken is the caller’s to know', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  const emulator = createEmulator({ authority: await sharedAuthority() });
  await expect(emulator.listen(port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  other.close();
});

test('closing ends open connections and waiting answers', async () => {
  const emulator = await createEmulator({ authority: await sharedAuthority(), faults: ['slow'] }).listen(0);
  const { port } = new URL(emulator.url);
  const failed = new Promise((resolve) => {
    const request = httpRequest({ port, path: COMPUTE, headers: { Metadata: 'true' } });
    request.once('error', resolve);
    request.end();
    request.once('socket', (socket) => socket.once('connect', () => void emulator.close()));
  });
  expect(await failed).toMatchObject({ code: 'ECONNRESET' });
});

test('the log has every answer, without its query', async () => {
  const entries: EmulatorLogEntry[] = [];
  await withEmulator({ log: (entry) => void entries.push(entry) }, async (emulator) => {
    await get(emulator, `/vms/negasonic${DOCUMENT}&nonce=secret`);
    await get(emulator, '/metadata/instance');
  });
  expect(entries).toMatchObject([
    { vm: 'negasonic', method: 'GET', path: '/metadata/attested/document', status: 200 },
    { vm: '', method: 'GET', path: '/metadata/instance', status: 400 },
  ]);
  expect(JSON.stringify(entries)).not.toContain('secret');
});

test('a failure of the emulator itself is a 500 whose reason is in the log', async () => {
  const entries: EmulatorLogEntry[] = [];
  const clock = () => {
    throw new Error('the clock has stopped');
  };
  await withEmulator({ clock, log: (entry) => void entries.push(entry) }, async (emulator) => {
    const { status, text } = await get(emulator, DOCUMENT);
    expect([status, JSON.parse(text)]).toEqual([500, { error: 'The emulator failed' }]);
  });
  expect(entries[0]?.failure).toBe('the clock has stopped');
});

async function token(emulator: RunningEmulator, query: string) {
  return get(emulator, `/metadata/identity/oauth2/token?api-version=2018-02-01${query}`);
}

test('a managed identity’s token can be verified with the emulator’s own key set', async () => {
  const { createRemoteJWKSet, jwtVerify } = await import('jose');
  await withEmulator({}, async (emulator) => {
    const { status, text } = await token(emulator, '&resource=https://vault.azure.net');
    const body = JSON.parse(text) as Record<string, string>;
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', resource: 'https://vault.azure.net', expires_in: '86400' });
    expect(body['expires_on']).toBe(String(AT / 1000 + 86_400));
    const keySet = createRemoteJWKSet(new URL(`${emulator.url}/identity/keys`));
    const { payload } = await jwtVerify(body['access_token'] ?? '', keySet, {
      issuer: `${emulator.url}/identity`,
      audience: 'https://vault.azure.net',
      currentDate: new Date(AT),
    });
    expect(payload['appid']).toBe(body['client_id']);
    expect(payload['xms_mirid']).toMatch(/\/virtualMachines\/examplevmname$/);
  });
});

test('a token needs a resource', async () => {
  await withEmulator({}, async (emulator) => {
    const { status, text } = await token(emulator, '');
    expect([status, JSON.parse(text)]).toMatchObject([400, { error: 'invalid_request' }]);
  });
});
