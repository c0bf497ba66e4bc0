import { expect, test } from 'vitest';
import type { Adapters, ImdsRequest } from '../../../src/client/adapters.ts';
import type { Answer } from '../../../src/client/index.ts';
import { DeviceKeys } from '../support/deviceKeys.ts';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { DAY, OTHER_VM_ID } from '../support/vectors.ts';

/** With a licence kept on Azure's own hardware, IMDS answers while the folder is verified. */

interface Watched {
  readonly answer: Answer;
  /** In which order IMDS was asked and the key was opened. */
  readonly order: readonly ('IMDS' | 'key')[];
  readonly requests: readonly ImdsRequest[];
}

/** A new process checks. */
async function watch(scene: Scene, keyStore: DeviceKeys): Promise<Watched> {
  const order: Watched['order'][number][] = [];
  const requests: ImdsRequest[] = [];
  const adapters: Adapters = {
    ...scene.adapters,
    requestImds: (request) => {
      order.push('IMDS');
      requests.push(request);
      return scene.adapters.requestImds(request);
    },
    keyStore: {
      open: (vmId, options) => {
        order.push('key');
        return keyStore.open(vmId, options);
      },
    },
  };
  return { answer: await scene.check({ adapters }), order, requests };
}

async function createLicensed(): Promise<{ readonly scene: Scene; readonly keys: DeviceKeys }> {
  const [scene, keys] = [await createScene(), new DeviceKeys()];
  await watch(scene, keys);
  return { scene, keys };
}

test('IMDS is asked before the licence in hand is verified, and once', async () => {
  const { scene, keys } = await createLicensed();
  const { answer, order } = await watch(scene, keys);
  expect(answer).toMatchObject({ state: 'licensed' });
  expect(order).toEqual(['IMDS', 'key']);
});

test.each([[{ readable: true, tag: 'Lab 7' } as const], [{ readable: false } as const]])(
  'on the chassis %j the licence comes first: it says how long IMDS is waited for',
  async (chassis) => {
    const { scene, keys } = await createLicensed();
    scene.chassis = chassis;
    const { order } = await watch(scene, keys);
    expect(order[0]).toBe('key');
  },
);

test('where the licence has ended, something else is asked for, and nobody waits for the first answer', async () => {
  const { scene, keys } = await createLicensed();
  scene.time.pass(30 * DAY);
  const { answer, requests } = await watch(scene, keys);
  expect(answer).toMatchObject({ state: 'licensed' });
  expect(requests.map(({ url }) => new URL(url).pathname)).toEqual([
    '/metadata/instance/compute/vmId',
    '/metadata/instance/compute',
    '/metadata/attested/document',
  ]);
  expect(requests[0]?.signal?.aborted).toBe(true);
});

test('an early answer for another VM counts as every answer', async () => {
  const { scene, keys } = await createLicensed();
  scene.imds.vmId = OTHER_VM_ID;
  const { answer } = await watch(scene, keys);
  expect(answer).toMatchObject({ state: 'licensed', licence: { vmId: OTHER_VM_ID } });
});

test('a folder that turns out to be unusable ends the request', async () => {
  const { scene, keys } = await createLicensed();
  keys.fails = 'open';
  const { answer, requests } = await watch(scene, keys);
  expect(answer).toMatchObject({ state: 'misconfigured', code: 'key_unusable' });
  expect(requests[0]?.signal?.aborted).toBe(true);
});
