import { beforeAll, expect, test } from 'vitest';
import { AZURE_CLOUDS } from '../../../src/contract/clouds.ts';
import { parseVmFile } from '../../../src/emulator/vms/vmFile.ts';
import { API_VERSIONS } from '../../../src/emulator/protocol/versions.ts';
import { hasShared } from '../../support/shared.ts';
import { get, getJson, withEmulator } from '../running.ts';
import { VERSIONS, fieldName, tableOf } from './readArticle.ts';

/* Every row of the article's tables, at every version that the article has. */

/** Of the default VM, by version. */
const answers = new Map<string, unknown>();

beforeAll(async () => {
  await withEmulator({}, async (emulator) => {
    for (const version of VERSIONS) {
      answers.set(version, await getJson(emulator, `/metadata/instance?api-version=${version}`));
    }
  });
});

function follow(tree: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], tree);
}

/** 2017-03-01 stands in the list of versions, and has the fields of the next one. */
const OLDEST = '2017-04-02';

function checkField(path: string, since: string): void {
  for (const [version, answer] of answers) {
    const isDue = version >= since || (since === OLDEST && version < OLDEST);
    expect({ path, version, isThere: follow(answer, path) !== undefined }).toEqual({ path, version, isThere: isDue });
  }
}

test.skipIf(!hasShared)('every version of the article is known', () => {
  expect(VERSIONS).toHaveLength(17);
  expect(VERSIONS).toEqual(API_VERSIONS.filter((version) => version <= '2020-06-01'));
});

test.skipIf(!hasShared)('every compute field is there from its version on', () => {
  const rows = tableOf('instance-api');
  expect(rows).toHaveLength(28);
  for (const [name = '', , since = ''] of rows) checkField(`compute.${fieldName(name)}`, since);
});

test.skipIf(!hasShared)('every network field is there from its version on', () => {
  const PLACES: Readonly<Record<string, string>> = {
    'ipv4/privateIpAddress': 'ipv4.ipAddress.0.privateIpAddress',
    'ipv4/publicIpAddress': 'ipv4.ipAddress.0.publicIpAddress',
    'subnet/address': 'ipv4.subnet.0.address',
    'subnet/prefix': 'ipv4.subnet.0.prefix',
    'ipv6/ipAddress': 'ipv6.ipAddress',
    macAddress: 'macAddress',
  };
  const rows = tableOf('network-metadata');
  expect(rows.map(([name]) => name)).toEqual(Object.keys(PLACES));
  for (const [name = '', , since = ''] of rows) checkField(`network.interface.0.${PLACES[name] ?? ''}`, since);
});

test.skipIf(!hasShared).each([
  ['imageReference', 0, 5],
  ['osDisk', 1, 10],
  ['dataDisks.0', 2, 11],
])('every field of %s is there with the storage profile', (part, table, count) => {
  const rows = tableOf('storage-metadata', table);
  expect(rows).toHaveLength(count);
  for (const [name = ''] of rows) checkField(`compute.storageProfile.${part}.${name}`, '2019-06-01');
});

const PATHS: Readonly<Record<string, string>> = {
  '/attested': '/attested/document',
  '/identity': '/identity/oauth2/token',
  '/instance': '/instance',
  '/scheduledevents': '/scheduledevents',
};
const QUERY = '&resource=https://vault.azure.net';

test.skipIf(!hasShared)('every API is there from its version on', async () => {
  const rows = tableOf('metadata-apis');
  expect(rows.map(([name]) => name)).toEqual(Object.keys(PATHS));
  await withEmulator({}, async (emulator) => {
    for (const [name = '', , since = ''] of rows) {
      for (const version of VERSIONS) {
        const { status } = await get(emulator, `/metadata${PATHS[name] ?? ''}?api-version=${version}${QUERY}`);
        // /instance alone is served by 2017-03-01 too.
        const isDue = version >= since || name === '/instance';
        expect({ name, version, status }).toEqual({ name, version, status: isDue ? 200 : 404 });
      }
    }
  });
});

test.skipIf(!hasShared)('every API has the formats that are said of it', async () => {
  const rows = tableOf('data-output');
  expect(rows).toHaveLength(4);
  await withEmulator({}, async (emulator) => {
    for (const [name = '', usual, other] of rows) {
      const path = `/metadata${PATHS[name] ?? ''}?api-version=2020-06-01${QUERY}`;
      expect(usual).toBe('json');
      expect((await get(emulator, path)).type).toBe('application/json; charset=utf-8');
      expect((await get(emulator, `${path}&format=text`)).status).toBe(other === 'text' ? 200 : 400);
    }
  });
});

const ID = '0d4f0d5c-7c0f-4f0e-9b9e-6d2b2d6a9e11';

test.skipIf(!hasShared)('every cloud has its environment, and its domain', async () => {
  const environments = tableOf('sample-4-getting-azure-environment-where-the-vm-is-running').map(
    ([, name = '']) => name,
  );
  const domains = tableOf('sample-2-validating-that-the-vm-is-running-in-azure').map(([, name = '']) => name);
  expect(environments).toHaveLength(4);
  for (const [index, cloud] of environments.entries()) {
    const vms = parseVmFile(JSON.stringify({ vms: [{ name: 'vm', vmId: ID, subscriptionId: ID, cloud }] }), 'vms');
    await withEmulator({ vms }, async (emulator) => {
      const path = '/metadata/instance/compute/azEnvironment?api-version=2018-10-01&format=text';
      expect((await get(emulator, path)).text).toBe(cloud);
    });
    expect(`*.${AZURE_CLOUDS[cloud as keyof typeof AZURE_CLOUDS]}`).toBe(domains[index]);
  }
});
