import { expect, test } from 'vitest';
import { BUILT_IN_VMS } from '../../../src/emulator/vms/builtInVms.ts';
import { API_VERSIONS } from '../../../src/emulator/protocol/versions.ts';
import { get, getJson, withEmulator } from '../running.ts';

const NEWEST = ['2025-04-07', '2024-07-17', '2024-03-15'];
const UNKNOWN =
  'Bad request. api-version is invalid or was not specified in the request. For more information refer to aka.ms/azureimds';

test('what cloud-init asks for at every boot is served', async () => {
  await withEmulator({}, async (emulator) => {
    const answer = await getJson(emulator, '/metadata/instance?api-version=2021-08-01&extended=true');
    expect(answer).toMatchObject({ compute: { name: 'examplevmname', userData: '' }, network: { interface: [{}] } });
  });
});

test('2017-03-01 serves the fields of 2017-04-02', async () => {
  await withEmulator({}, async (emulator) => {
    const path = '/metadata/instance?api-version=';
    const compute = await getJson(emulator, '/metadata/instance/compute?api-version=2017-03-01');
    expect(Object.keys(compute as object)).toHaveLength(11);
    expect(await getJson(emulator, `${path}2017-03-01`)).toEqual(await getJson(emulator, `${path}2017-04-02`));
  });
});

test.each(['', '/', '/instance', '/instance/compute/vmId', '/attested/document', '/identity/oauth2/token', '/nothing'])(
  'no api-version at /metadata%s is the article’s error with the three newest',
  async (path) => {
    await withEmulator({}, async (emulator) => {
      const { status, text } = await get(emulator, `/metadata${path}`);
      expect([status, JSON.parse(text)]).toEqual([
        400,
        {
          error:
            'Bad request. api-version was not specified in the request. For more information refer to aka.ms/azureimds',
          'newest-versions': NEWEST,
        },
      ]);
    });
  },
);

test('an unknown api-version is told in today’s words', async () => {
  await withEmulator({}, async (emulator) => {
    const { status, text } = await get(emulator, '/metadata/instance?api-version=2020-01-01');
    expect([status, JSON.parse(text)]).toEqual([400, { error: UNKNOWN, 'newest-versions': NEWEST }]);
  });
});

test('with the old errors it is a 404', async () => {
  await withEmulator({ unknownVersion: 404 }, async (emulator) => {
    const { status, text } = await get(emulator, '/metadata/instance?api-version=2020-01-01');
    expect([status, JSON.parse(text)]).toEqual([404, { error: 'Not found. Invalid version requested' }]);
    expect((await get(emulator, '/metadata/instance')).status).toBe(400);
  });
});

test('a VM on an older host knows no newer api-version than its newest', async () => {
  const [first] = BUILT_IN_VMS;
  await withEmulator({ vms: [{ ...first, newestVersion: '2021-02-01' }] }, async (emulator) => {
    expect((await get(emulator, '/metadata/instance?api-version=2021-02-01')).status).toBe(200);
    const { status, text } = await get(emulator, '/metadata/instance?api-version=2021-08-01');
    const newest = ['2021-02-01', '2021-01-01', '2020-12-01'];
    expect([status, JSON.parse(text)]).toEqual([400, { error: UNKNOWN, 'newest-versions': newest }]);
    const known = API_VERSIONS.filter((version) => version <= '2021-02-01');
    expect(await getJson(emulator, '/metadata/versions')).toEqual({ apiVersions: known });
  });
});

test('every answer has the headers of IMDS', async () => {
  await withEmulator({}, async (emulator) => {
    for (const path of ['/metadata/versions', '/metadata/instance', '/vms/nobody/metadata/versions']) {
      const { headers } = await fetch(emulator.url + path, { headers: { Metadata: 'true' } });
      expect(headers.get('server')).toMatch(/^IMDS\//);
      expect(headers.get('x-ms-request-id')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(Number(headers.get('content-length'))).toBeGreaterThan(10);
      expect(headers.get('transfer-encoding')).toBeNull();
    }
  });
});

test.each([
  ['/metadata/instance', 'GET'],
  ['/metadata/scheduledevents', 'GET, POST'],
])('405 at %s names what is allowed', async (path, allowed) => {
  await withEmulator({}, async (emulator) => {
    const init = { method: 'DELETE', headers: { Metadata: 'true' } };
    const response = await fetch(`${emulator.url}${path}?api-version=2020-06-01`, init);
    expect([response.status, response.headers.get('allow')]).toEqual([405, allowed]);
  });
});
