import { expect, test } from 'vitest';
import { hasShared, readSharedText } from '../support/shared.ts';
import { get, getJson, withEmulator } from './running.ts';

/** The article's fenced examples in a language, in their order. */
function examples(language: string): string[] {
  const article = readSharedText('seed', 'azure-instance-metadata-service.de.md');
  return [...article.matchAll(/```(\w+)\n([^]*?)```/g)]
    .filter(([, name]) => name === language)
    .map(([, , text = '']) => text);
}

/** The article writes x where it hides something: the emulator's own value stands there. */
function example(index: number): unknown {
  const text = examples('json')[index] ?? '';
  return JSON.parse(
    text
      .replaceAll('xxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxx', '5f3a1c52-8e0d-4b7a-9c61-2d4e8f0a7b13')
      .replaceAll('X.X.X.X', '203.0.113.4'),
  );
}

test.skipIf(!hasShared).each([
  [2, '/vms/negasonic/metadata/instance/compute?api-version=2019-06-01'],
  [3, '/metadata/instance/network?api-version=2017-08-01'],
  [4, '/vms/negasonic/metadata/instance/compute/storageProfile?api-version=2019-06-01'],
  [5, '/vms/negasonic/metadata/instance/compute/tagsList?api-version=2019-06-04'],
])('example %i of the article is the answer to %s', async (index, path) => {
  await withEmulator({}, async (emulator) => {
    expect(await getJson(emulator, path)).toEqual(example(index));
  });
});

test.skipIf(!hasShared)('the article’s first example is the compute part of the whole answer', async () => {
  await withEmulator({}, async (emulator) => {
    const { network, ...rest } = (await getJson(emulator, '/vms/article/metadata/instance?api-version=2020-06-01')) as {
      network: unknown;
    };
    expect(rest).toEqual(example(0));
    expect(network).toEqual(example(3));
  });
});

test.each([
  ['/vms/tracked/metadata/instance/compute/vmId?api-version=2017-08-01', '5c08b38e-4d57-4c23-ac45-aca61037f084'],
  ['/vms/negasonic/metadata/instance/compute/platformFaultDomain?api-version=2017-08-01', '0'],
  ['/vms/negasonic/metadata/instance/compute/azEnvironment?api-version=2018-10-01', 'AzurePublicCloud'],
  [
    '/vms/negasonic/metadata/instance/compute/tags?api-version=2018-10-01',
    'Department:IT;Environment:Test;Role:WebRole',
  ],
  ['/metadata/instance/network/interface/0/ipv4/ipAddress/0/publicIpAddress?api-version=2017-08-01', '203.0.113.4'],
])('the text of %s is %s', async (path, text) => {
  await withEmulator({}, async (emulator) => {
    expect(await get(emulator, `${path}&format=text`)).toEqual({
      status: 200,
      type: 'text/plain; charset=utf-8',
      text,
    });
  });
});

test('text lists the keys of an inner node, inner ones with a slash', async () => {
  await withEmulator({}, async (emulator) => {
    const listing = async (path: string) =>
      (await get(emulator, `/metadata/instance${path}?api-version=2017-08-01&format=text`)).text.split('\n');
    expect(await listing('')).toEqual(['compute/', 'network/']);
    expect(await listing('/network/interface')).toEqual(['0/']);
    expect(await listing('/network/interface/0')).toEqual(['ipv4/', 'ipv6/', 'macAddress']);
    expect(await listing('/compute')).toEqual(
      ['location', 'name', 'offer', 'osType', 'placementGroupId', 'platformFaultDomain', 'platformUpdateDomain'].concat(
        ['publisher', 'resourceGroupName', 'sku', 'subscriptionId', 'tags', 'version', 'vmId', 'vmSize'],
      ),
    );
  });
});

test.each([
  ['2017-04-02', 11],
  ['2017-12-01', 17],
  ['2018-04-02', 19],
  ['2018-10-01', 21],
  ['2019-02-01', 22],
  ['2019-03-11', 23],
  ['2019-06-01', 24],
  ['2019-06-04', 25],
  ['2020-06-01', 27],
  ['2025-04-07', 41],
])('compute has the fields of %s: %i of them', async (version, count) => {
  await withEmulator({}, async (emulator) => {
    const compute = await getJson(emulator, `/vms/negasonic/metadata/instance/compute?api-version=${version}`);
    expect(Object.keys(compute as object)).toHaveLength(count);
  });
});

test('what the article’s first example leaves out is found under its own path', async () => {
  await withEmulator({}, async (emulator) => {
    const tags = [
      { name: 'baz', value: 'bash' },
      { name: 'foo', value: 'bar' },
    ];
    expect(await getJson(emulator, '/vms/article/metadata/instance/compute/tagsList?api-version=2019-06-04')).toEqual(
      tags,
    );
    expect(await getJson(emulator, '/vms/article/metadata/instance/compute?api-version=2021-02-01')).toMatchObject({
      tagsList: tags,
    });
  });
});
