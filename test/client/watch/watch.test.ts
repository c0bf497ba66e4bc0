import { expect, test } from 'vitest';
import type { Clocks } from '../../../src/client/adapters.ts';
import { REAL_CLOCKS } from '../../../src/client/adapters/clocks.ts';
import { Client } from '../../../src/client/client.ts';
import type { Answer, ClientOptions } from '../../../src/client/index.ts';
import { openOrExplain } from '../../../src/client/session.ts';
import { differencesOf, waitUntil } from '../../../src/client/watch/wait.ts';
import { problem } from '../support/licenceService.ts';
import { createScene } from '../support/scene.ts';
import type { FakeTime } from '../support/fakeTime.ts';
import type { Scene } from '../support/scene.ts';
import { DAY, HOUR, NOW } from '../support/vectors.ts';

const MINUTE = 60_000;

/** What a watch says until this time has passed, and what is done in between. */
async function watchFor(
  scene: Scene,
  milliseconds: number,
  events: Readonly<Record<number, () => void>> = {},
  more: Partial<ClientOptions> = {},
): Promise<[at: number, Answer][]> {
  const stop = new AbortController();
  const start = scene.time.monotonic;
  const left = Object.entries(events).map(([at, happen]) => [Number(at), happen] as const);
  const { clocks } = scene.time;
  const sleep: Clocks['sleep'] = async (duration, options) => {
    await clocks.sleep(duration, options);
    const passed = scene.time.monotonic - start;
    while (left[0] !== undefined && passed >= left[0][0]) left.shift()?.[1]();
    if (passed >= milliseconds) stop.abort();
  };
  const answers: [number, Answer][] = [];
  const client = scene.client({ ...more, adapters: { ...scene.adapters, clocks: { ...clocks, sleep } } });
  for await (const answer of client.watch({ signal: stop.signal })) {
    answers.push([scene.time.monotonic - start, answer]);
  }
  return answers;
}

test('the first answer comes at once, then nothing but changes', async () => {
  const scene = await createScene();
  const answers = await watchFor(scene, 6 * HOUR);
  expect(answers.map(([, { state }]) => state)).toEqual(['licensed']);
  expect(scene.imds.count('instance/compute')).toBe(6);
  expect(scene.service.licenceRequests).toHaveLength(1);
});

test('a licence is renewed in its time, and not with the hourly look before it', async () => {
  const scene = await createScene();
  const answers = await watchFor(scene, 14 * HOUR);
  expect(answers.map(([at, { licence }]) => [at, licence?.issuedAt])).toEqual([
    [0, '2026-09-01T12:00:00Z'],
    [13.5 * HOUR, '2026-09-02T01:30:00Z'],
  ]);
  expect(scene.service.licenceRequests).toHaveLength(2);
});

test('an outage through grace to the end, and the return', async () => {
  const scene = await createScene();
  const away = (isAway: boolean) => () => {
    scene.serviceIsAway = isAway;
  };
  const answers = await watchFor(scene, 8 * DAY + 6 * HOUR, { [HOUR]: away(true), [8 * DAY + HOUR]: away(false) });
  expect(answers.map(([, { state, code }]) => [state, code])).toEqual([
    ['licensed', undefined],
    ['licensed', 'service_unreachable'],
    ['grace', 'service_unreachable'],
    ['unreachable', 'service_unreachable'],
    ['licensed', undefined],
  ]);
  const [, , grace, ended, back] = answers.map(([at]) => at);
  expect(grace).toBe(DAY);
  expect(ended).toBe(8 * DAY);
  expect(back).toBeLessThan(8 * DAY + HOUR + 2 * MINUTE);
});

test('while it fails with a licence the service is asked once a check, between 1 and 15 minutes apart', async () => {
  const scene = await createScene();
  const asked: number[] = [];
  scene.service.alter.set('/v1/challenges', (reply) => {
    asked.push(scene.time.monotonic);
    return scene.time.now < NOW + HOUR ? reply : problem(503, 'store_unavailable');
  });
  await watchFor(scene, 20 * HOUR);
  const gaps = asked.slice(5).map((at, index) => at - (asked[index + 4] ?? 0));
  expect(gaps.length).toBeGreaterThan(20);
  for (const gap of gaps) {
    expect(gap).toBeGreaterThanOrEqual(MINUTE);
    expect(gap).toBeLessThanOrEqual(16 * MINUTE);
  }
});

test('without a licence it never gives up', async () => {
  const scene = await createScene();
  scene.imdsIs = 'refused';
  const answers = await watchFor(scene, 5 * HOUR, {
    [4 * HOUR]: () => {
      scene.imdsIs = 'there';
    },
  });
  expect(answers.map(([, { state }]) => state)).toEqual(['unreachable', 'licensed']);
  expect(answers[1]?.[0]).toBeLessThan(4 * HOUR + 2 * MINUTE);
});

test('a denial is looked at again after 1, 2, 4 and 8 minutes, and ends when the service says so', async () => {
  const scene = await createScene();
  scene.service.denies = 'licence_suspended';
  const answers = await watchFor(scene, 2 * HOUR, {
    [HOUR]: () => {
      scene.service.denies = undefined;
    },
  });
  expect(answers.map(([, { state }]) => state)).toEqual(['denied', 'licensed']);
  expect(scene.service.licenceRequests).toHaveLength(8);
  expect(answers[1]?.[0]).toBeLessThanOrEqual(HOUR + 23 * MINUTE);
});

test('since is when the state began', async () => {
  const scene = await createScene();
  const client = scene.client();
  const first = await client.check();
  scene.time.pass(HOUR);
  expect((await client.check()).since).toBe(first.since);
  scene.serviceIsAway = true;
  scene.time.pass(DAY);
  const before = scene.time.now;
  const grace = await client.check();
  expect(Date.parse(grace.since)).toBeGreaterThanOrEqual(before);
});

test('timers last ten minutes at most, and a suspended machine is noticed by its uptime', async () => {
  const scene = await createScene();
  const { time } = scene;
  const start = time.uptime;
  let slept = 0;
  const sleep: Clocks['sleep'] = (milliseconds, options) => {
    expect(options?.background).toBe(true);
    expect(milliseconds).toBeLessThanOrEqual(600_000);
    slept += 1;
    // In the second timer the machine is suspended: the timer has stood still, the uptime has not.
    time.uptime += slept === 2 ? 5 * HOUR : milliseconds;
    return Promise.resolve();
  };
  await waitUntil({ ...time.clocks, sleep }, start + HOUR, undefined);
  expect(slept).toBe(2);
});

test.each([
  ['the machine was suspended', (time: FakeTime) => (time.uptime += HOUR)],
  ['the clock was set', (time: FakeTime) => (time.now += HOUR)],
  ['the clock was set back', (time: FakeTime) => (time.now -= HOUR)],
])('a watchful wait looks every half minute whether %s, and ends then', async (_, change) => {
  const { time } = await createScene();
  const sleep: Clocks['sleep'] = async (milliseconds) => {
    await time.clocks.sleep(milliseconds);
    if (time.sleeps.length === 2) change(time);
  };
  await waitUntil({ ...time.clocks, sleep }, time.uptime + 5 * HOUR, undefined, differencesOf(time.clocks));
  expect(time.sleeps).toEqual([30_000, 30_000]);
});

test('a watchful client checks at once where the machine was suspended during a check', async () => {
  const scene = await createScene();
  scene.service.alter.set('/v1/licences', (reply) => {
    scene.time.uptime += HOUR;
    return reply;
  });
  const stop = new AbortController();
  const states: string[] = [];
  for await (const { state } of new Client(openOrExplain(scene.options)).checks({
    watchful: true,
    signal: stop.signal,
  })) {
    states.push(state);
    if (states.length === 2) stop.abort();
  }
  expect(states).toEqual(['licensed', 'licensed']);
  expect(scene.time.sleeps).toEqual([]);
});

test('a signal ends the watch while it waits, and while it checks', async () => {
  const scene = await createScene();
  const idle = new AbortController();
  const adapters = { ...scene.adapters, clocks: { ...scene.time.clocks, sleep: REAL_CLOCKS.sleep } };
  const answers: string[] = [];
  for await (const { state } of scene.client({ adapters }).watch({ signal: idle.signal })) {
    answers.push(state);
    setTimeout(() => {
      idle.abort();
    }, 5);
  }
  expect(answers).toEqual(['licensed']);
  const busy = new AbortController();
  scene.imds.always = { status: 500, body: '' };
  setTimeout(() => {
    busy.abort();
  }, 20);
  for await (const { state } of scene.client({ adapters }).watch({ signal: busy.signal })) answers.push(state);
  expect(answers).toEqual(['licensed']);
  // The lock was freed: another process is not held up.
  scene.imds.always = undefined;
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.steps()).not.toContain('lock');
});

test('a watch whose signal is given already says nothing', async () => {
  const scene = await createScene();
  const answers: Answer[] = [];
  for await (const answer of scene.client().watch({ signal: AbortSignal.abort() })) answers.push(answer);
  expect(answers).toEqual([]);
  expect(scene.imds.requests).toEqual([]);
});
