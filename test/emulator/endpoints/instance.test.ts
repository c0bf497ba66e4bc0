import { expect, test } from 'vitest';
import { get, getJson, withEmulator } from '../running.ts';

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
