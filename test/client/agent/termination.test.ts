import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BUILT_IN_VMS } from '../../../src/emulator/vms/builtInVms.ts';
import { createEmulator } from '../../../src/emulator/server/emulator.ts';
import type { ScheduledEvent } from '../../../src/emulator/vms/scheduledEvents.ts';
import { sharedAuthority } from '../../emulator/running.ts';
import { createAgentScene } from './support/agentScene.ts';

const [VM] = BUILT_IN_VMS;
const EVENT: ScheduledEvent = {
  EventId: 'c6f0c5c4-6a2c-4e5b-9a3e-1b8c8c2f8a11',
  EventType: 'Terminate',
  ResourceType: 'VirtualMachine',
  Resources: [VM.name],
  EventStatus: 'Scheduled',
  NotBefore: 'Wed, 01 Jul 2026 12:15:00 GMT',
  Description: '',
  EventSource: 'User',
  DurationInSeconds: -1,
};

/** A licensed VM whose deletion Azure announces. */
async function createDoomed() {
  const scene = await createAgentScene();
  const vms = [{ ...VM, scheduledEvents: [EVENT] }] as const;
  const emulator = await createEmulator({ authority: await sharedAuthority(), vms, rateLimit: Infinity }).listen(0);
  onTestFinished(() => emulator.close());
  const env = { COUNTERSIGN_IMDS_URL: emulator.url };
  expect((await scene.agent(['check'], { env })).code).toBe(0);
  return { scene, env };
}

const releases = (requests: readonly string[]) => requests.filter((path) => path === '/v1/releases').length;

test('with releaseOnTerminate the seat is given back, the files go, and no licence is asked for again', async () => {
  const { scene, env } = await createDoomed();
  const agent = scene.spawn(['run'], { env: { ...env, COUNTERSIGN_RELEASE_ON_TERMINATE: 'true' } });
  await expect.poll(() => agent.written.stderr).toContain('The seat was given back.');
  expect(agent.written.stderr).toContain('Azure is about to delete this VM.');
  await expect.poll(() => existsSync(join(scene.run, 'state'))).toBe(false);
  agent.signal('SIGTERM');
  expect((await agent.ended).code).toBe(0);
  expect(releases(scene.service.requests)).toBe(1);
});

test('without it the announcement changes nothing', async () => {
  const { scene, env } = await createDoomed();
  const agent = scene.spawn(['run'], { env });
  await expect.poll(() => existsSync(join(scene.run, 'state'))).toBe(true);
  agent.signal('SIGTERM');
  expect((await agent.ended).code).toBe(0);
  expect(releases(scene.service.requests)).toBe(0);
});
