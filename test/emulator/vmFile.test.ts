import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/startEmulator.ts';
import { parseVmFile, readVmFile } from '../../src/emulator/vmFile.ts';
import { AT, get, getJson, sharedAuthority, withEmulator } from './running.ts';

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
