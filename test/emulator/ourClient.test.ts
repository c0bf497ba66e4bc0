import { expect, onTestFinished, test } from 'vitest';
import { parseScenario } from '../../src/emulator/scenario/scenario.ts';
import { startEmulator } from '../../src/emulator/server/startEmulator.ts';
import { openImds } from '../client/support/run.ts';
import { createScene, type Scene } from '../client/support/scene.ts';
import { AT, sharedAuthority } from './running.ts';

const NONCE = 'abcdefghijklmnopqrstuvwxyz234567';

/** The client's clock is the emulator's, and moves only while the client waits. */
async function startFor(scene: Scene, ...steps: readonly object[]) {
  const statuses: number[] = [];
  const emulator = await startEmulator({
    ...{ port: 0, authority: await sharedAuthority(), clock: () => AT },
    timer: { now: () => scene.time.monotonic, sleep: () => new Promise<void>(() => undefined) },
    scenario: parseScenario(JSON.stringify({ steps }), 'outage'),
    log: ({ status }) => void statuses.push(status),
  });
  onTestFinished(() => emulator.close());
  return { imds: openImds(scene, { imdsUrl: emulator.url }), statuses };
}

test('our client survives 410 for a minute', async () => {
  const scene = await createScene();
  const { imds, statuses } = await startFor(scene, { for: '60s', answer: 410 });
  expect(await imds.readVmId()).toBe('02aab8a4-74ef-476e-8182-f6d2ba4166a6');
  expect(scene.time.monotonic).toBeGreaterThanOrEqual(60_000);
  expect(statuses.slice(0, -1).every((status) => status === 410)).toBe(true);
  expect(statuses.at(-1)).toBe(200);
});

test('our client survives connections that are reset, answers that are cut and a document with an old nonce', async () => {
  const scene = await createScene();
  const { imds } = await startFor(
    scene,
    { requests: 2, answer: 'refused' },
    { requests: 1, answer: 'cut' },
    { requests: 1, answer: 'well' },
    { requests: 1, endpoint: 'attested/document', answer: 'old-nonce' },
  );
  expect(await imds.readVmId()).toBe('02aab8a4-74ef-476e-8182-f6d2ba4166a6');
  expect(await imds.readDocument(NONCE)).toMatchObject({ encoding: 'pkcs7' });
});
