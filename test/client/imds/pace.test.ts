import { expect, test } from 'vitest';
import type { Adapters } from '../../../src/client/adapters.ts';
import { Pace } from '../../../src/client/imds/pace.ts';
import { openRun } from '../support/run.ts';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';

/** The scene's adapters, with the uptime of each request to IMDS noted. */
function watchRequests(scene: Scene): [adapters: Adapters, starts: number[]] {
  const { adapters } = scene;
  const starts: number[] = [];
  const requestImds: Adapters['requestImds'] = (request) => {
    starts.push(scene.time.uptime);
    return adapters.requestImds(request);
  };
  return [{ ...adapters, requestImds }, starts];
}

function expectFiveASecond(starts: readonly number[]): void {
  starts.forEach((start, index) => {
    const sixth = starts[index + 5];
    if (sixth !== undefined) expect(sixth - start).toBeGreaterThan(1000);
  });
}

test('no more than five requests start in a second, of short processes one after another too', async () => {
  const scene = await createScene();
  const [adapters, starts] = watchRequests(scene);
  for (let times = 0; times < 17; times++) await scene.check({ adapters });
  expect(starts).toHaveLength(18);
  expectFiveASecond(starts);
});

test('a process that is killed leaves no gap: five requests are taken for made', async () => {
  const scene = await createScene();
  await scene.check();
  const killed = scene.time.uptime;
  const held = new Pace(openRun(scene), undefined);
  await held.turn();
  expect(scene.time.uptime - killed).toBeGreaterThan(1000);
});

test('what was noted in another boot, or is later than now, does not hold anybody up for long', async () => {
  const scene = await createScene();
  const run = openRun(scene);
  await new Pace(run, { bootId: 'another', at: [1e12, 1e12, 1e12, 1e12, 1e12] }).turn();
  expect(scene.time.sleeps).toEqual([]);
  await new Pace(run, { bootId: 'boot-1', at: [1e12, 1e12, 1e12, 1e12, 1e12] }).turn();
  expect(scene.time.sleeps).toEqual([1100]);
});
