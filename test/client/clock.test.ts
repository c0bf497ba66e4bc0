import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createScene } from './support/scene.ts';
import { DAY, HOUR, NOW } from './support/vectors.ts';

test('a clock set back does not lengthen a licence, nor its grace', async () => {
  const scene = await createScene();
  await scene.check();
  await scene.service.close();
  scene.time.now = NOW + 2 * DAY;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'grace' });
  scene.time.now = NOW + HOUR;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'grace' });
  expect(scene.events).toContainEqual({ step: 'clock_set_back', milliseconds: 2 * DAY - HOUR });
  scene.time.now = NOW + 9 * DAY;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable' });
  scene.time.now = NOW + HOUR;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable' });
});

test('a clock set back before the issue is noticed without the file that remembers', async () => {
  const scene = await createScene();
  await scene.check();
  await scene.service.close();
  await writeFile(scene.file('newest-time'), 'not a time');
  scene.time.now = NOW - DAY;
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.events).toContainEqual({ step: 'clock_set_back', milliseconds: DAY });
});

test('a difference of two minutes is no clock set back', async () => {
  const scene = await createScene();
  await scene.check();
  scene.time.now = NOW - 120_000;
  await scene.check();
  expect(scene.steps()).not.toContain('clock_set_back');
});

test('a new licence frees a machine whose clock once ran far ahead', async () => {
  const scene = await createScene();
  await scene.check();
  await writeFile(scene.file('newest-time'), String(NOW + 5000 * DAY));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(await scene.readFile('newest-time')).toBe(String(NOW));
  scene.service.requests.length = 0;
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.service.requests).toEqual([]);
});

test('a new licence is judged by the present clock alone', async () => {
  const scene = await createScene();
  await scene.check();
  scene.service.alter.set('/v1/licences', (reply) => {
    scene.time.now = NOW - DAY;
    return reply;
  });
  scene.time.now = NOW + 13 * HOUR;
  const check = await scene.check();
  expect(check).toMatchObject({ state: 'licensed', code: 'clock_wrong', licence: { iat: NOW / 1000 } });
});

test('a check only ever moves the newest time forwards', async () => {
  const scene = await createScene();
  await scene.check();
  scene.time.now = NOW + 2 * HOUR;
  await scene.check();
  scene.time.now = NOW + HOUR;
  await scene.check();
  expect(await scene.readFile('newest-time')).toBe(String(NOW + 2 * HOUR));
});
