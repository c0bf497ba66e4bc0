import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/server/startEmulator.ts';
import { parseVmFile, readVmFile } from '../../../src/emulator/vms/vmFile.ts';
import { createVmFileJsonSchema } from '../../../src/emulator/vms/vmSchema.ts';
import { AT, get, getJson, sharedAuthority, withEmulator } from '../running.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const VM = {
  name: 'mine',
  vmId: '0d4f0d5c-7c0f-4f0e-9b9e-6d2b2d6a9e11',
  subscriptionId: '7f8b6a52-1d2e-4c3b-8a9f-0e1d2c3b4a59',
  plan: { publisher: 'contoso', product: 'database', name: 'enterprise' },
  sku: 'enterprise',
  location: 'West Europe',
  tags: { stage: 'test' },
  compute: { vmSize: 'Standard_D2s_v5', osProfile: { adminUsername: 'vendor' } },
  faults: ['old-nonce'],
};

const parse = (value: unknown) => parseVmFile(JSON.stringify(value), 'vms.json');

test('a vendor’s VM is what its file says, and defaults for the rest', () => {
  const [vm] = parse({ vms: [VM] });
  expect(vm).toMatchObject({ name: 'mine', faults: ['old-nonce'] });
  expect(vm.compute).toMatchObject({
    ...{ name: 'mine', vmId: VM.vmId, subscriptionId: VM.subscriptionId, plan: VM.plan, sku: 'enterprise' },
    ...{ location: 'West Europe', licenseType: '', tags: 'stage:test', tagsList: [{ name: 'stage', value: 'test' }] },
    ...{ vmSize: 'Standard_D2s_v5', osProfile: { adminUsername: 'vendor' }, osType: 'Linux' },
  });
  expect(vm.compute['resourceId']).toBe(
    `/subscriptions/${VM.subscriptionId}/resourceGroups/countersign/providers/Microsoft.Compute/virtualMachines/mine`,
  );
});

test.each([
  ['no VM', { vms: [] }, 'vms: '],
  ['a member that is not known', { vms: [VM], more: 1 }, 'file: '],
  ['a vmId that is not a UUID', { vms: [{ ...VM, vmId: 'x' }] }, 'vms.0.vmId: '],
  ['a number in the metadata', { vms: [{ ...VM, compute: { zone: 1 } }] }, 'vms.0.compute.zone: '],
  ['an unknown fault', { vms: [{ ...VM, faults: ['none'] }] }, 'vms.0.faults.0: '],
  ['a name with a slash', { vms: [{ ...VM, name: 'a/b' }] }, 'vms.0.name: '],
  ['user data that is not base64', { vms: [{ ...VM, userData: '#!/bin/sh' }] }, 'vms.0.userData: base64'],
  ['too much user data', { vms: [{ ...VM, userData: 'A'.repeat(87_388) }] }, 'vms.0.userData: at most 64 KB'],
  ['a fleet’s name', { vms: [{ ...VM, name: 'fleet-1' }] }, 'vms.0.name: fleet-<n> is made up'],
  ['a name twice', { vms: [VM, VM] }, 'vms.1.name: mine is there twice'],
])('a file with %s is refused with the place of the problem', (_, value, message) => {
  expect(() => parse(value)).toThrow(message);
  expect(() => parse(value)).toThrow('vms.json');
});

test.each([
  ['a VM', { ...VM, vmID: 'x' }, 'vms.0: there is no field "vmID". Did you mean "vmId"?'],
  [
    'its compute',
    { ...VM, compute: { vmsize: 'x' } },
    'vms.0.compute: there is no field "vmsize". Did you mean "vmSize"?',
  ],
  [
    'an object below it',
    { ...VM, compute: { storageProfile: { osDisk: { cachin: 'None' } } } },
    'vms.0.compute.storageProfile.osDisk: there is no field "cachin". Did you mean "caching"?',
  ],
  [
    'its network',
    { ...VM, network: { interfaces: [] } },
    'vms.0.network: there is no field "interfaces". Did you mean "interface"?',
  ],
  [
    'its plan',
    { ...VM, plan: { ...VM.plan, offer: 'x' } },
    'vms.0.plan: there is no field "offer". The fields are publisher, product, name.',
  ],
])('an unknown field of %s is refused with what may have been meant', (_, vm, message) => {
  expect(() => parse({ vms: [vm] })).toThrow(message);
});

test('what the emulator does not know goes into extra', () => {
  const extra = { isVmInStandbyPool: 'true', storageProfile: { osDisk: { lun: '1' } } };
  const [vm] = parse({ vms: [{ ...VM, extra }] });
  expect(vm.compute).toMatchObject({
    isVmInStandbyPool: 'true',
    storageProfile: { osDisk: { lun: '1', caching: 'ReadWrite' } },
  });
  const [by] = parse({ vms: [{ ...VM, extra: { compute: { later: 'x' }, network: { later: 'y' } } }] });
  expect([by.compute['later'], by.network]).toEqual([
    'x',
    expect.objectContaining({ later: 'y', interface: [expect.anything()] }),
  ]);
});

test('partial objects are merged deeply, lists element by element', () => {
  const compute = { osProfile: { adminUsername: 'vendor' }, storageProfile: { dataDisks: [{ diskSizeGB: '64' }] } };
  const network = { interface: [{ ipv4: { ipAddress: [{ privateIpAddress: '10.9.9.9' }] } }] };
  const [vm] = parse({ vms: [{ ...VM, compute, network }] });
  expect(vm.compute).toMatchObject({
    osProfile: { adminUsername: 'vendor', computerName: 'mine', disablePasswordAuthentication: 'true' },
    storageProfile: { dataDisks: [{ diskSizeGB: '64', lun: '0', caching: 'None' }], osDisk: { osType: 'Linux' } },
  });
  expect(vm.network).toMatchObject({
    interface: [
      {
        macAddress: '000D3AF806EC',
        ipv4: { ipAddress: [{ privateIpAddress: '10.9.9.9', publicIpAddress: '203.0.113.4' }] },
      },
    ],
  });
});

test('publisher, offer, sku and image follow from the plan, unless they are stated', () => {
  const planned = { ...VM, sku: undefined };
  const [vm] = parse({ vms: [planned] });
  const image = { publisher: 'contoso', offer: 'database', sku: 'enterprise' };
  expect(vm.compute).toMatchObject({ ...image, storageProfile: { imageReference: { ...image, id: '' } } });
  const [other] = parse({ vms: [{ ...planned, sku: 'own', compute: { offer: 'mine' } }] });
  expect(other.compute).toMatchObject({ publisher: 'contoso', offer: 'mine', sku: 'own' });
});

test('the cloud gives azEnvironment and the region that signs', async () => {
  const anywhere = { ...VM, location: undefined };
  const vms = parse({ vms: [{ ...anywhere, cloud: 'AzureUSGovernmentCloud', faults: [] }] });
  expect(vms[0].compute['azEnvironment']).toBe('AzureUSGovernmentCloud');
  await withEmulator({ vms }, async (emulator) => {
    const { signature } = (await getJson(emulator, '/metadata/attested/document?api-version=2020-09-01')) as {
      signature: string;
    };
    expect(Buffer.from(signature, 'base64').includes('usgovvirginia.metadata.emulator.test')).toBe(true);
  });
  expect(parse({ vms: [{ ...VM, cloud: 'AzureChinaCloud' }] })[0].compute.location).toBe('West Europe');
});

const SAVED = {
  compute: {
    ...{ name: 'db 1', vmId: VM.vmId, subscriptionId: VM.subscriptionId, location: 'westus3', sku: 'own' },
    ...{
      plan: VM.plan,
      tags: 'a:b',
      tagsList: [{ name: 'a', value: 'b' }],
      newField: { is: true, count: 3, none: null },
    },
    storageProfile: { dataDisks: [] },
  },
  network: {
    interface: [{ macAddress: '000D3A000001', ipv4: { ipAddress: [], subnet: [] }, ipv6: { ipAddress: [] } }],
  },
};

test('a saved answer of /metadata/instance is a VM', async () => {
  const vms = parse(SAVED);
  expect(vms.map(({ name }) => name)).toEqual(['db-1']);
  await withEmulator({ vms }, async (emulator) => {
    const answer = await getJson(emulator, '/metadata/instance?api-version=2025-04-07');
    const text = { newField: { is: 'true', count: '3', none: '' } };
    expect(answer).toMatchObject({ ...SAVED, compute: { ...SAVED.compute, ...text } });
  });
});

test('a saved answer can be one VM of several, with changes', () => {
  const [, vm] = parse({ vms: [VM, { name: 'saved', instance: SAVED, faults: ['slow'], tags: { c: 'd' } }] });
  expect(vm).toMatchObject({ name: 'saved', faults: ['slow'], compute: { name: 'db 1', location: 'westus3' } });
});

test('its JSON Schema is the one that is published', () => {
  const published = readFileSync(new URL('../../../docs/imds-vms.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(createVmFileJsonSchema())));
  expect(parse({ $schema: 'imds-vms.schema.json', vms: [VM] })).toHaveLength(1);
});

test('user data is answered as it stands in the file, from 2021-01-01 on', async () => {
  const userData = Buffer.alloc(64 * 1024, 'countersign-claim=AB12\n').toString('base64');
  await withEmulator({ vms: parse({ vms: [{ ...VM, userData }] }) }, async (emulator) => {
    const path = '/metadata/instance/compute/userData?format=text&api-version=';
    expect(await get(emulator, `${path}2021-01-01`)).toMatchObject({ status: 200, text: userData });
    expect(await get(emulator, `${path}2020-12-01`)).toMatchObject({ status: 404 });
  });
});

test('a file that is not JSON or too large is refused', async () => {
  expect(() => parseVmFile('{', 'vms.json')).toThrow('vms.json cannot be read as JSON: line 1: not JSON');
  const path = join(folder, 'large.json');
  writeFileSync(path, ' '.repeat(1024 * 1024 + 1));
  await expect(readVmFile(path)).rejects.toThrow('larger than');
});

test('an emulator starts with the VMs of a file, and the one that is named is the root’s', async () => {
  const vmFile = join(folder, 'vms.json');
  writeFileSync(vmFile, JSON.stringify({ vms: [{ ...VM, name: 'other' }, VM] }));
  const authority = await sharedAuthority();
  const emulator = await startEmulator({ port: 0, vmFile, vm: 'mine', authority, clock: () => AT });
  const path = '/metadata/instance/compute?api-version=2020-06-01';
  expect(await getJson(emulator, path)).toMatchObject({ name: 'mine' });
  expect(await getJson(emulator, `/vms/other${path}`)).toMatchObject({ name: 'other' });
  expect((await get(emulator, `/vms/negasonic${path}`)).status).toBe(404);
  const document = await getJson(emulator, '/metadata/attested/document?api-version=2020-06-01');
  const { signature = '' } = document as { signature?: string };
  expect(Buffer.from(signature, 'base64').includes('westeurope.metadata.emulator.test')).toBe(true);
  await emulator.close();
});

test('a VM that is not there is named with those that are', async () => {
  await expect(startEmulator({ port: 0, vm: 'nobody' })).rejects.toThrow(
    'There is no VM nobody: choose one of examplevmname, negasonic, tracked',
  );
});
