import { readFileSync } from 'node:fs';
import { onTestFinished, expect, test } from 'vitest';
import { Watchdog } from '../../../src/client/agent/watchdog.ts';
import { createAgentScene } from './support/agentScene.ts';
import { fakeNotify } from './support/fakeNotify.ts';

const MINUTE = 60_000;

test('systemd is told again and again that the agent lives', async () => {
  const scene = await createAgentScene();
  const { env, told } = fakeNotify(scene.root);
  const agent = scene.spawn(['run'], { env: { ...env, WATCHDOG_USEC: '300000' } });
  await expect.poll(() => readFileSync(told, 'utf8').match(/ WATCHDOG=1$/gm)?.length).toBeGreaterThan(2);
  agent.signal('SIGTERM');
  expect((await agent.ended).code).toBe(0);
});

test.each([
  ['a unit without a watchdog', {}],
  ['another process', { WATCHDOG_USEC: '300000', WATCHDOG_PID: '1' }],
])('the watchdog of %s is not fed', async (_, more) => {
  const scene = await createAgentScene();
  const { env, told } = fakeNotify(scene.root);
  const agent = scene.spawn(['run'], { env: { ...env, ...more } });
  await expect.poll(() => readFileSync(told, 'utf8')).toContain('licensed until');
  agent.signal('SIGTERM');
  await agent.ended;
  expect(readFileSync(told, 'utf8')).not.toContain('WATCHDOG');
});

test('an agent whose checks do not come is not alive', () => {
  let now = 0;
  const watchdog = new Watchdog({ env: {}, notify: () => undefined, patience: MINUTE, monotonic: () => now });
  onTestFinished(() => {
    watchdog.close();
  });
  const isAliveAt = (minutes: number) => {
    now = minutes * MINUTE;
    return watchdog.isAlive;
  };
  expect([isAliveAt(21), isAliveAt(22)]).toEqual([true, false]);
  watchdog.expectCheckIn(60 * MINUTE);
  expect([isAliveAt(103), isAliveAt(104)]).toEqual([true, false]);
  watchdog.expectCheckIn(Infinity);
  expect(isAliveAt(1e6)).toBe(true);
});
