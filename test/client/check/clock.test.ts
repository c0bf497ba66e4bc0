import { expect, test } from 'vitest';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { DAY, HOUR, NOW } from '../support/vectors.ts';

const MINUTE = 60_000;

/** A VM that was licensed, and whose service is away since. */
async function createOutage(): Promise<Scene> {
  const scene = await createScene();
  await scene.check();
  scene.serviceIsAway = true;
  return scene;
}

const stateAfter = async (scene: Scene): Promise<string> => (await scene.check({ once: true })).state;

test('a clock set back does not lengthen a licence, nor its grace, nor stop time', async () => {
  const scene = await createOutage();
  scene.time.pass(2 * DAY);
  expect(await stateAfter(scene)).toBe('grace');
  scene.time.now = NOW + HOUR;
  expect(await stateAfter(scene)).toBe('grace');
  expect(scene.events).toContainEqual({ step: 'clock_set_back', milliseconds: 2 * DAY - HOUR });
  scene.time.pass(6 * DAY - HOUR);
  expect(await stateAfter(scene)).toBe('grace');
  scene.time.pass(HOUR);
  expect(await stateAfter(scene)).toBe('unreachable');
});

test('nor does one that is set back while the machine reboots again and again', async () => {
  const scene = await createOutage();
  let passed = 0;
  for (let boot = 0; boot < 20; boot++) {
    scene.time.pass(10 * HOUR);
    passed += 10 * HOUR;
    expect(await stateAfter(scene)).toBe(passed < DAY ? 'licensed' : passed < 8 * DAY ? 'grace' : 'unreachable');
    scene.time.reboot();
    scene.time.now = NOW;
  }
  expect(passed).toBeGreaterThan(8 * DAY);
});

test('a clock that ran ahead counts while it stands there, is reported, and shortens nothing when it is back', async () => {
  const scene = await createOutage();
  for (const ahead of [HOUR, 3 * DAY, 20 * DAY, 3650 * DAY]) {
    scene.time.now += ahead;
    const expected = ahead < DAY ? 'licensed' : ahead < 8 * DAY ? 'grace' : 'unreachable';
    expect(await stateAfter(scene)).toBe(expected);
    expect(scene.steps()).toContain('clock_ahead');
    scene.time.now -= ahead;
    scene.forget();
    expect(await stateAfter(scene)).toBe('licensed');
  }
});

test('that holds over a reboot too: an error of the clock that was seen is not taken for time', async () => {
  const scene = await createOutage();
  scene.time.now += 3 * DAY;
  expect(await stateAfter(scene)).toBe('grace');
  scene.time.reboot(MINUTE);
  expect(await stateAfter(scene)).toBe('grace');
  scene.time.now -= 3 * DAY;
  expect(await stateAfter(scene)).toBe('licensed');
});

test('a clock that is set soon after a reboot is not taken for time that the machine was off', async () => {
  const scene = await createOutage();
  scene.time.reboot(MINUTE);
  expect(await stateAfter(scene)).toBe('licensed');
  scene.time.pass(MINUTE);
  scene.time.now += 30 * HOUR;
  expect(await stateAfter(scene)).toBe('grace');
  scene.time.now -= 30 * HOUR;
  scene.forget();
  expect(await scene.check()).not.toHaveProperty('code');
  expect(scene.service.requests).toEqual([]);
});

test('the time that a machine was off for counts, also after the clock is set back', async () => {
  const scene = await createOutage();
  scene.time.reboot(2 * DAY);
  expect(await stateAfter(scene)).toBe('grace');
  scene.time.now -= 2 * DAY;
  expect(await stateAfter(scene)).toBe('grace');
});

test('a time past the licence in hand is not remembered, not after a reboot either', async () => {
  const scene = await createOutage();
  scene.time.reboot(30 * DAY);
  expect(await stateAfter(scene)).toBe('unreachable');
  scene.time.now -= 30 * DAY;
  expect(await stateAfter(scene)).toBe('licensed');
});

test('a clock set back before the issue of the licence does not make it wait', async () => {
  const scene = await createOutage();
  scene.time.now = NOW - 400 * DAY;
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.steps()).toContain('clock_set_back');
});

test('a difference of two minutes is no clock set back, nor one ahead', async () => {
  for (const shift of [-2 * MINUTE, 2 * MINUTE]) {
    const scene = await createOutage();
    scene.time.now += shift;
    await scene.check();
    expect(scene.steps()).not.toContain('clock_set_back');
    expect(scene.steps()).not.toContain('clock_ahead');
  }
});

test('a new licence sets the remembered time to its issue, back as well as forward', async () => {
  const scene = await createScene();
  await scene.check();
  await scene.changeLicenceFile((file) => ({
    ...file,
    remembered: { ...(file['remembered'] as object), time: NOW + 5000 * DAY },
  }));
  scene.time.pass(1000);
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(await scene.readLicenceFile()).toMatchObject({
    remembered: { time: Math.floor(scene.time.now / 1000) * 1000 },
  });
  scene.forget();
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.service.requests).toEqual([]);
});

test('a clock that is behind is no reason to refuse a fresh licence', async () => {
  const scene = await createScene();
  const shift = 400 * DAY;
  const { service, time } = scene;
  service.alter.set('/v1/challenges', (reply) => {
    time.now += shift;
    return reply;
  });
  service.alter.set('/v1/licences', (reply) => {
    time.now -= shift;
    return reply;
  });
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(service.licenceRequests).toHaveLength(1);
});

test('a clock past the end of a new licence has to be set; with a licence in hand it is said beside it', async () => {
  const scene = await createScene();
  await scene.check();
  scene.service.alter.set('/v1/licences', (reply) => {
    scene.time.now += 2 * DAY;
    return reply;
  });
  expect(await scene.client().check({ renew: true })).toMatchObject({ state: 'grace', code: 'clock_wrong' });
  const fresh = await createScene();
  fresh.service.alter.set('/v1/licences', (reply) => {
    fresh.time.now += 2 * DAY;
    return reply;
  });
  expect(await fresh.check()).toMatchObject({ state: 'misconfigured', code: 'clock_wrong' });
  await expect(fresh.readOwn('licence.json')).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a recorded licence does not set the remembered time back', async () => {
  const scene = await createScene();
  const { licence } = await scene.check();
  scene.time.pass(13 * HOUR);
  scene.service.answer('/v1/licences', { status: 200, body: { licence: licence?.token } });
  await scene.check();
  scene.time.now = NOW;
  scene.time.pass(12 * HOUR);
  expect(await stateAfter(scene)).toBe('grace');
});

test('a licence that is older than the one in hand changes nothing', async () => {
  const scene = await createScene();
  const { licence } = await scene.check();
  scene.time.pass(13 * HOUR);
  await scene.check();
  scene.service.answer('/v1/licences', { status: 200, body: { licence: licence?.token } });
  const before = await scene.readOwn('licence.json');
  expect(await scene.client().check({ renew: true })).toMatchObject({ state: 'licensed', code: 'licence_outdated' });
  expect(await scene.readOwn('licence.json')).toBe(before);
});

test('the remembered time is written every ten minutes at most, also while the clock is behind', async () => {
  const scene = await createScene();
  await scene.check();
  const written: string[] = [];
  scene.time.now -= DAY;
  await scene.check();
  for (let minute = 0; minute < 60; minute++) {
    scene.time.pass(MINUTE);
    await scene.check();
    const text = await scene.readOwn('licence.json');
    if (written.at(-1) !== text) written.push(text);
  }
  expect(written.length).toBeGreaterThanOrEqual(5);
  expect(written.length).toBeLessThanOrEqual(7);
});

test.each([
  ['no boot id', undefined, 3_600_000],
  ['an uptime that went back', 'boot-1', 0],
])('%s stops neither time nor the check', async (_, bootId, uptime) => {
  const scene = await createOutage();
  scene.time.bootId = bootId;
  scene.time.uptime = uptime;
  scene.time.pass(2 * DAY);
  expect(await stateAfter(scene)).toBe('grace');
  scene.time.now = NOW;
  expect(await stateAfter(scene)).toBe('grace');
});
