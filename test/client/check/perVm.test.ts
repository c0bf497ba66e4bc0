import { cp, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { LicenceRequest } from '../../../src/contract/wire.ts';
import { createScene } from '../support/scene.ts';
import { DAY, HOUR, OTHER_VM_ID, VM_ID } from '../support/vectors.ts';

test('what is kept of another VM is never used, and goes when this one has a licence', async () => {
  const scene = await createScene();
  await scene.check();
  scene.imds.vmId = OTHER_VM_ID;
  scene.serviceIsAway = true;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable', code: 'service_unreachable' });
  expect((await readdir(scene.folder)).sort()).toEqual([VM_ID, OTHER_VM_ID, 'lock'].sort());
  scene.serviceIsAway = false;
  expect(await scene.check()).toMatchObject({ state: 'licensed', licence: { vmId: OTHER_VM_ID } });
  expect((await readdir(scene.folder)).sort()).toEqual([OTHER_VM_ID, 'lock']);
});

test('one wrong answer from the address of IMDS destroys nothing', async () => {
  const scene = await createScene();
  await scene.check();
  const key = await scene.readOwn('key.jwk');
  const { vmId } = scene.imds;
  scene.imds.next.push({ status: 200, body: OTHER_VM_ID });
  // The document is of this VM, and so is the licence that comes: not of the one that the wrong answer named.
  expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'licence_foreign' });
  expect(scene.imds.vmId).toBe(vmId);
  expect(await scene.readOwn('key.jwk')).toBe(key);
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  scene.time.pass(13 * HOUR);
  expect(await scene.check()).not.toHaveProperty('code');
  expect((await readdir(scene.folder)).sort()).toEqual([VM_ID, 'lock']);
});

test("another VM's licence in this VM's place does not count", async () => {
  const scene = await createScene();
  await scene.check();
  await rename(scene.file(VM_ID), scene.file(OTHER_VM_ID));
  scene.imds.vmId = OTHER_VM_ID;
  scene.serviceIsAway = true;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable' });
  scene.imdsIs = 'silent';
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable', code: 'imds_not_answering' });
});

test('while IMDS does not answer the newest licence counts', async () => {
  const scene = await createScene();
  await scene.check();
  await cp(scene.file(VM_ID), scene.file('elsewhere'), { recursive: true });
  scene.imds.vmId = OTHER_VM_ID;
  scene.time.pass(HOUR);
  await scene.check();
  await rename(scene.file('elsewhere'), scene.file(VM_ID));
  scene.imdsIs = 'silent';
  expect(await scene.check()).toMatchObject({ state: 'licensed', licence: { vmId: OTHER_VM_ID } });
});

test('and a newer denial of one VM is not escaped by an older licence of another', async () => {
  const scene = await createScene();
  await scene.check();
  scene.imds.vmId = OTHER_VM_ID;
  scene.time.pass(HOUR);
  scene.service.alter.set('/v1/licences', (_, body) => scene.service.denialReply(body as LicenceRequest, 'vm_blocked'));
  expect(await scene.check()).toMatchObject({ state: 'denied' });
  scene.imdsIs = 'silent';
  expect(await scene.check({ once: true })).toMatchObject({ state: 'denied', code: 'vm_blocked' });
});

test('files that are not the client’s stay, in the folder and below it', async () => {
  const scene = await createScene();
  await mkdir(scene.file('notes'));
  await scene.check();
  await writeFile(scene.ownFile('mine.txt'), 'mine');
  scene.imds.vmId = OTHER_VM_ID;
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect((await readdir(scene.folder)).sort()).toEqual([VM_ID, OTHER_VM_ID, 'lock', 'notes'].sort());
  expect(await readdir(scene.file(VM_ID))).toEqual(['mine.txt']);
});

test('a VM that changes its id and back is licensed each time', async () => {
  const scene = await createScene();
  for (const vmId of [VM_ID, OTHER_VM_ID, VM_ID]) {
    scene.imds.vmId = vmId;
    expect(await scene.check()).toMatchObject({ state: 'licensed', licence: { vmId } });
    scene.time.pass(DAY);
  }
});
