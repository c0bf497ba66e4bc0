import { expect, test } from 'vitest';

import { createKey } from '../endToEnd/protocolClient.ts';
import { useScenes } from '../support/serviceScene.ts';

/** Round trips to the store, counted in the log of what the store was asked. Offers, licences and trust are cached. */

const createScene = useScenes();

test('a challenge costs no round trip, a first boot four, a renewal two', async () => {
  const scene = await createScene();
  await scene.boot('fleet-1');
  scene.proxy.requests.length = 0;
  const key = createKey();
  expect((await scene.boot('fleet-2', { key })).status).toBe(200);
  expect(scene.proxy.requests).toEqual(['GET activations(row)', 'GET activations()', 'POST $batch', 'POST decisions']);
  scene.proxy.requests.length = 0;
  expect((await scene.boot('fleet-2', { key })).status).toBe(200);
  expect(scene.proxy.requests).toEqual(['GET activations(row)', 'PUT activations(row)']);
});

test('what is not authentic costs no round trip', async () => {
  const scene = await createScene();
  await scene.boot('fleet-1');
  scene.proxy.requests.length = 0;
  for (const vm of ['altered-content', 'too-old', 'two-signers']) {
    expect((await scene.boot(vm)).status).toBe(422);
  }
  expect(scene.proxy.requests).toEqual([]);
});
