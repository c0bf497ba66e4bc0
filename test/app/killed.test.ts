import { once } from 'node:events';

import { beforeEach, expect, test } from 'vitest';

import { startServiceProcess } from '../../src/dev/serviceProcess.ts';
import { createKey } from '../endToEnd/protocolClient.ts';
import type { Answer, ClientKey } from '../endToEnd/protocolClient.ts';
import { FLEET_LICENCE, FLEET_POOL, readSeating, setFleetSeats } from '../support/seating.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';
import type { StoreFault } from '../support/storeProxy.ts';
import { putOffer } from '../support/putOffer.ts';

/**
 * The app's own process is killed (signal 9) before and after each of its calls of the store. No seat is lost beyond its
 * lease, none is had twice, and whoever comes again is served.
 */

const DAY = 24 * 60 * 60_000;
const SEATS = 12;
let ahead = 0;
const createScene = useScenes(() => ahead, Date.now);

beforeEach(() => {
  ahead = 0;
});

/** Each call, before and after. */
function eachOf(calls: readonly string[]): readonly (readonly [call: number, when: 'before' | 'after'])[] {
  return calls.flatMap((_, call) => [[call, 'before'] as const, [call, 'after'] as const]);
}

/** What a process that was just started asks for, before a licence or a release. */
const RELEASE_CACHES = ['GET trust()', 'GET offers()'];
const CACHES = [...RELEASE_CACHES, 'GET holders()', 'GET licences(row)'];

/** The timer that asks the store for other things each minute. */
const NO_TIMER = { 'AzureWebJobs.projection.Disabled': 'true' };
const ANY = /^/;

interface Killing {
  readonly scene: Scene;
  readonly caches?: readonly string[];
  readonly calls: readonly string[];
  readonly act: (url: string, key: ClientKey) => Promise<Answer>;
  readonly key: ClientKey;
}

/** Runs a request in a process of its own that is killed at one of its calls of the store. */
async function killAt(
  { scene, caches = CACHES, calls, act, key }: Killing,
  call: number,
  when: 'before' | 'after',
): Promise<void> {
  const { proxy, env } = scene;
  const victim = await startServiceProcess({ port: 0, env: { ...env, ...NO_TIMER } });
  const died = once(victim.process, 'exit');
  const kill: StoreFault = { when, kill: () => void victim.process.kill('SIGKILL') };
  proxy.fail(ANY, ...new Array<StoreFault>(caches.length + call).fill('none'), kill);
  proxy.requests.length = 0;
  await expect(act(victim.url, key)).rejects.toThrow('fetch failed');
  await died;
  expect(proxy.recover()).toBe(0);
  expect(proxy.requests).toEqual([...caches, ...calls.slice(0, call + 1)]);
}

async function expectWholeSeating({ store }: Scene): Promise<void> {
  const { taken, held } = await readSeating(store);
  expect(taken).toEqual(held);
}

/** Once every lease has ended, all seats can be had, and not one more. */
async function expectNothingLost(scene: Scene): Promise<void> {
  ahead = 2 * DAY;
  for (let vm = 0; vm < SEATS; vm += 1) expect((await scene.boot(`fleet-${900 + vm}`)).status).toBe(200);
  expect((await scene.boot('fleet-999')).body['code']).toBe('seats_exhausted');
  await expectWholeSeating(scene);
}

async function createFleet(): Promise<Scene> {
  const scene = await createScene();
  await setFleetSeats(scene.store, SEATS);
  return scene;
}

test('in first boots, of which none comes again', async () => {
  const scene = await createFleet();
  const calls = ['GET activations(row)', 'GET activations()', 'POST $batch', 'POST decisions'];
  let vm = 0;
  const act = (url: string, key: ClientKey) => scene.boot(`fleet-${vm}`, { url, key });
  for (const [call, when] of eachOf(calls)) {
    vm += 1;
    await killAt({ scene, calls, act, key: createKey() }, call, when);
    await expectWholeSeating(scene);
  }
  // Only those whose batch was written have a seat: after it, and before and after the decision.
  expect((await readSeating(scene.store)).vms).toBe(3);
  await expectNothingLost(scene);
});

test('in renewals: the VM renews again, in its own seat', async () => {
  const scene = await createFleet();
  const key = createKey();
  expect((await scene.boot('fleet-1', { key })).status).toBe(200);
  const before = await readSeating(scene.store);
  const calls = ['GET activations(row)', 'PUT activations(row)'];
  const act = (url: string) => scene.boot('fleet-1', { url, key });
  for (const [call, when] of eachOf(calls)) {
    await killAt({ scene, calls, act, key }, call, when);
    expect((await scene.boot('fleet-1', { key })).status).toBe(200);
    expect(await readSeating(scene.store)).toEqual(before);
  }
  await expectNothingLost(scene);
});

/** Lets the leases of all VMs that have a seat have ended long ago. */
async function endLeases({ store }: Scene): Promise<void> {
  const { items } = await store.pageActivations({ pool: FLEET_POOL }, { size: 1_000 });
  for (const { value, version } of items) {
    const activation = { ...value, leaseEnd: 1, keyUntil: 1 };
    await store.writeSeats(FLEET_POOL, [{ row: 'activation', activation, version }]);
  }
}

test('where a seat is taken over from a VM that is gone', async () => {
  const scene = await createFleet();
  for (let vm = 0; vm < SEATS; vm += 1) expect((await scene.boot(`fleet-${vm}`)).status).toBe(200);
  await endLeases(scene);
  const search = ['GET activations(row)', 'GET activations()', 'GET activations()'];
  const calls = [...search, 'POST $batch', 'POST decisions'];
  let vm = 100;
  const act = (url: string, key: ClientKey) => scene.boot(`fleet-${vm}`, { url, key });
  for (const [call, when] of eachOf(calls).slice(4)) {
    vm += 1;
    await killAt({ scene, calls, act, key: createKey() }, call, when);
    await expectWholeSeating(scene);
    expect((await readSeating(scene.store)).taken.length).toBe(SEATS);
  }
  await expectNothingLost(scene);
});

test('where a seat is given back early', async () => {
  const scene = await createFleet();
  await allowEarlyRelease(scene);
  const calls = ['GET activations(row)', 'GET activations()', 'POST $batch', 'POST decisions'];
  const freed: boolean[] = [];
  for (const [index, [call, when]] of eachOf(calls).entries()) {
    const [vm, key] = [`fleet-${index}`, createKey()];
    const licence = String((await scene.boot(vm, { key })).body['licence']);
    const before = (await readSeating(scene.store)).taken.length;
    const act = (url: string) => scene.release(vm, licence, { url, key });
    await killAt({ scene, caches: RELEASE_CACHES, calls, act, key }, call, when);
    await expectWholeSeating(scene);
    freed.push((await readSeating(scene.store)).taken.length < before);
  }
  expect(freed).toEqual([false, false, false, false, false, true, true, true]);
  await expectNothingLost(scene);
});

async function allowEarlyRelease({ store }: Scene): Promise<void> {
  const stored = await store.readOffer(FLEET_LICENCE.plan);
  if (stored === null) throw new Error('The catalogue has no offer for the fleet.');
  await putOffer(store, { ...stored.value, earlyRelease: true });
}
