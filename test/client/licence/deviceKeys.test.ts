import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { ClientOptions } from '../../../src/client/index.ts';
import { DEVICE_SECRET, DeviceKeys } from '../support/deviceKeys.ts';
import { testKeyStore } from '../support/keyStoreContract.ts';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { HOUR, OTHER_VM_ID, VM_ID } from '../support/vectors.ts';

/** The port of the key store holds for keys that this process cannot read, in a device that has faults of its own. */

testKeyStore('a device', () => Promise.resolve(new DeviceKeys()));

interface DeviceScene {
  readonly scene: Scene;
  readonly keys: DeviceKeys;
  readonly more: Partial<ClientOptions>;
}

async function createDeviceScene(): Promise<DeviceScene> {
  const [scene, keys] = [await createScene(), new DeviceKeys()];
  return { scene, keys, more: { adapters: { ...scene.adapters, keyStore: keys } } };
}

test('the folder gets a licence and no key, and the licence counts at the next start', async () => {
  const { scene, keys, more } = await createDeviceScene();
  expect(await scene.check(more)).toMatchObject({ state: 'licensed' });
  expect(await readdir(scene.file(VM_ID))).toEqual(['licence.json']);
  scene.serviceIsAway = true;
  const asked = keys.signatures;
  const { state, code } = await scene.check(more);
  expect({ state, code }).toEqual({ state: 'licensed', code: undefined });
  // The same pair is not asked to show again that it has its private half.
  expect(keys.signatures).toBe(asked);
});

test('a licence without its device does not count', async () => {
  const { scene, more } = await createDeviceScene();
  await scene.check(more);
  scene.serviceIsAway = true;
  const elsewhere = { adapters: { ...scene.adapters, keyStore: new DeviceKeys() } };
  expect(await scene.check({ ...elsewhere, once: true })).toMatchObject({ state: 'unreachable' });
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable' });
});

test('a device that does not open at the start: misconfigured, and licensed once it does', async () => {
  const { scene, keys, more } = await createDeviceScene();
  await scene.check(more);
  keys.fails = 'open';
  const answer = await scene.check(more);
  expect(answer).toMatchObject({ state: 'misconfigured', code: 'key_unusable' });
  expect(JSON.stringify([answer, scene.events])).not.toContain(DEVICE_SECRET);
  keys.fails = undefined;
  expect(await scene.check(more)).toMatchObject({ state: 'licensed' });
});

test('a device that stops signing keeps no licence from counting that has counted, and is told', async () => {
  const { scene, keys, more } = await createDeviceScene();
  const client = scene.client(more);
  await client.check();
  scene.time.pass(13 * HOUR);
  keys.fails = 'sign';
  const answer = await client.check();
  expect(answer).toMatchObject({ state: 'licensed', code: 'key_unusable' });
  expect(JSON.stringify([answer, scene.events])).not.toContain(DEVICE_SECRET);
  keys.fails = undefined;
  const { state, code } = await client.check();
  expect({ state, code }).toEqual({ state: 'licensed', code: undefined });
});

test('a device that was cleared gets a new key, and the service decides about the change', async () => {
  const { scene, keys, more } = await createDeviceScene();
  const before = await scene.check(more);
  keys.clear();
  scene.forget();
  const after = await scene.check(more);
  expect(after).toMatchObject({ state: 'licensed' });
  expect(after.licence?.id).toBe(before.licence?.id);
  expect(after.licence?.token).not.toBe(before.licence?.token);
  expect(scene.steps()).toContain('licence');
});

test('another VM has another key, and what was kept of the first VM goes', async () => {
  const { scene, more } = await createDeviceScene();
  const first = await scene.check(more);
  scene.imds.vmId = OTHER_VM_ID;
  const second = await scene.check(more);
  expect(second).toMatchObject({ state: 'licensed', licence: { vmId: OTHER_VM_ID } });
  expect(second.licence?.token).not.toBe(first.licence?.token);
  expect(await readdir(scene.folder)).not.toContain(VM_ID);
});

test('a signature in another form is told as a fault of the key', async () => {
  const { scene, keys } = await createDeviceScene();
  const pair = await keys.open(VM_ID);
  if (pair === undefined) throw new Error('There is no key.');
  const der = { ...pair, sign: async () => Buffer.concat([await pair.sign(Buffer.from('x')), Buffer.alloc(6)]) };
  const keyStore = { open: () => Promise.resolve(der) };
  expect(await scene.check({ adapters: { ...scene.adapters, keyStore } })).toMatchObject({
    ...{ state: 'misconfigured', code: 'key_unusable' },
    reason: expect.stringContaining('length of the signature') as string,
  });
});
