import { expect, test } from 'vitest';
import { createKilledScene, runCheck } from './killedScene.ts';

/** Milliseconds: five requests start in any second. A busy machine may hold a process up between its pace and its request. */
const ALMOST_A_SECOND = 900;

interface Printed {
  readonly state: string;
  readonly asked: readonly number[];
}

test('six processes that boot together take one licence, and ask IMDS five times a second at most', async () => {
  const scene = await createKilledScene();
  const ended = await Promise.all(Array.from({ length: 6 }, () => runCheck(scene, { killAt: 0 })));
  const printed = ended.map(({ out }) => JSON.parse(out) as Printed);
  expect(printed.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => 'licensed'));
  expect(scene.service.licenceRequests).toHaveLength(1);
  const starts = printed.flatMap(({ asked }) => asked).sort((one, other) => one - other);
  expect(starts.length).toBeGreaterThan(5);
  starts.slice(5).forEach((sixth, index) => {
    expect(sixth - (starts[index] ?? 0)).toBeGreaterThan(ALMOST_A_SECOND);
  });
});
