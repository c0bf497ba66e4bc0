import { beforeAll, expect, test } from 'vitest';
import { API_VERSIONS } from '../../../src/emulator/protocol/versions.ts';
import { getJson, withEmulator } from '../running.ts';

/* Fields that came after the article, or that its tables have and its examples lack, at every version. */

const DISK = 'compute.storageProfile.dataDisks.0';
const OS_DISK = 'compute.storageProfile.osDisk';
const IMAGE = 'compute.storageProfile.imageReference';

const SINCE: Readonly<Record<string, string>> = {
  [`${DISK}.diffDiskSettings.option`]: '2019-06-01',
  [`${DISK}.encryptionSettings.enabled`]: '2019-06-01',
  [`${DISK}.osType`]: '2019-06-01',
  [`${OS_DISK}.lun`]: '2019-06-01',
  'compute.userData': '2021-01-01',
  ...Object.fromEntries(
    ['bytesPerSecondThrottle', 'diskCapacityBytes', 'isSharedDisk', 'isUltraDisk', 'opsPerSecondThrottle'].map(
      (name) => [`${DISK}.${name}`, '2021-05-01'],
    ),
  ),
  [`${OS_DISK}.encryptionSettings.diskEncryptionKey.sourceVault.id`]: '2021-11-01',
  [`${OS_DISK}.encryptionSettings.diskEncryptionKey.secretUrl`]: '2021-11-01',
  [`${OS_DISK}.encryptionSettings.keyEncryptionKey.sourceVault.id`]: '2021-11-01',
  [`${OS_DISK}.encryptionSettings.keyEncryptionKey.keyUrl`]: '2021-11-01',
  [`${DISK}.encryptionSettings.keyEncryptionKey.keyUrl`]: '2021-11-01',
  [`${IMAGE}.communityGalleryImageId`]: '2023-07-01',
  [`${IMAGE}.sharedGalleryImageId`]: '2023-07-01',
  [`${IMAGE}.exactVersion`]: '2023-07-01',
  'compute.isVmInStandbyPool': '2025-04-07',
  'compute.systemFaultDomain': '2025-04-07',
  'network.interface.0.ipv4.ipAddressBlock': '2025-04-07',
};

/** Of the default VM and of one of its fleet, by version. */
const answers = new Map<string, readonly unknown[]>();
const versions = API_VERSIONS.filter((version) => version >= '2017-04-02');

beforeAll(async () => {
  await withEmulator({}, async (emulator) => {
    for (const version of versions) {
      const paths = ['', '/vms/fleet-7'].map((base) => `${base}/metadata/instance?api-version=${version}`);
      answers.set(version, await Promise.all(paths.map((path) => getJson(emulator, path))));
    }
  });
});

function follow(tree: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], tree);
}

test.each(Object.entries(SINCE))('%s is there since %s', (path, since) => {
  for (const version of versions) {
    const found = (answers.get(version) ?? []).map((tree) => follow(tree, path) !== undefined);
    expect({ version, found }).toEqual({ version, found: [version >= since, version >= since] });
  }
});

test('extended=true, which cloud-init asks with, changes nothing', async () => {
  await withEmulator({}, async (emulator) => {
    const path = '/metadata/instance?api-version=2021-08-01';
    expect(await getJson(emulator, `${path}&extended=true`)).toEqual(await getJson(emulator, path));
  });
});
