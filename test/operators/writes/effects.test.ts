import { expect, test } from 'vitest';

import { countVms, createEffectToken } from '../../../src/operators/writes/effects.ts';
import type { SeatPool } from '../../../src/catalogue/seatPool.ts';
import { useScenes } from '../../support/serviceScene.ts';

/** What a write tells before it is written. */

let step = 0;
let ahead = 0;
const createScene = useScenes(() => (ahead += step));

const NOW = 1_000_000;

function pools(count: number): readonly SeatPool[] {
  return Array.from({ length: count }, (_, index) => ({ kind: 'licence', id: `${index}` }));
}

test('VMs are counted for a second, pool by pool, and then said to be more', async () => {
  let time = NOW;
  const counting = (takes: number) => ({
    now: () => time,
    store: {
      countSeated: (_: SeatPool, since: number, isLate: () => boolean = () => false) => {
        expect(since).toBeLessThan(NOW);
        time += takes;
        return Promise.resolve({ count: 7, overSince: null, lastSeen: null, isWhole: !isLate() });
      },
    },
  });
  expect(await countVms(counting(300), pools(3))).toEqual({ vms: 21 });
  time = NOW;
  expect(await countVms(counting(300), pools(9))).toEqual({ vms: 28, atLeast: true });
  time = NOW;
  expect(await countVms(counting(5_000), pools(9))).toEqual({ vms: 7, atLeast: true });
  time = NOW;
  const skipping = (async function* () {
    for (let index = 0; index < 99; index += 1) {
      time += 300;
      yield await Promise.resolve(null);
    }
  })();
  expect(await countVms(counting(0), skipping)).toEqual({ vms: 0, atLeast: true });
});

test('a token is of ids and versions in any order, and of the change', () => {
  const [one, two] = [
    { id: 'one', version: 'a' },
    { id: 'two', version: null },
  ];
  const token = createEffectToken([one, two], { seats: 1 });
  expect(createEffectToken([two, one], { seats: 1 })).toBe(token);
  const others = [
    createEffectToken([one], { seats: 1 }),
    createEffectToken([one, { id: 'two', version: 'b' }], { seats: 1 }),
    createEffectToken([one, two], { seats: 2 }),
    createEffectToken([one, two]),
  ];
  expect(new Set([token, ...others]).size).toBe(5);
});

test('the VMs of an offer are those of its licences or, in marketplace mode, of its subscriptions', async () => {
  const scene = await createScene();
  const tryIt = async (offer: string) => {
    const { body } = await scene.operate(`GET /offers/${offer}`);
    const suspended = { ...(body['offer'] as object), status: 'suspended' };
    return (await scene.operate(`PUT /offers/${offer}?dryRun=true`, { body: suspended })).body['effect'];
  };
  for (const vm of ['licensed', 'licensed-2', 'small-1']) expect((await scene.boot(vm)).status).toBe(200);
  expect(await tryIt('contoso/gateway/standard')).toMatchObject({ vms: 2 });
  const offer = 'contoso/gateway/gold';
  expect((await scene.operate(`PUT /offers/${offer}`, { body: { offer, mode: 'marketplace' } })).status).toBe(201);
  expect((await scene.boot('unknown-plan')).status).toBe(200);
  expect(await tryIt(offer)).toEqual({ vms: 1, licences: [] });
  [ahead, step] = [0, 1_000];
  expect(await tryIt(offer)).toEqual({ vms: 0, licences: [], atLeast: true });
  step = 0;
});
