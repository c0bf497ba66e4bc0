import { expect, test } from 'vitest';
import { createKey } from '../endToEnd/protocolClient.ts';
import { startVault } from '../support/keyVault.ts';
import { DAY, HOUR } from '../support/licensing.ts';
import { LOADED_AT, useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';
import type { Timer } from '../support/serveInProcess.ts';

/** What the service says of itself by the hour and every five minutes, on a real store. */

let ahead = 0;
const createScene = useScenes(() => ahead);

type Line = Readonly<Record<string, unknown>>;

async function linesOf(scene: Scene, timer: Timer): Promise<readonly Line[]> {
  const before = scene.log().length;
  await scene.run(timer);
  return scene
    .log()
    .slice(before)
    .map((line) => JSON.parse(line) as Line);
}

const ofEvent = (lines: readonly Line[], event: string) => lines.filter((line) => line['event'] === event);

test('days left of each pin and of the best path of each accepted cloud', async () => {
  ahead = 0;
  const scene = await createScene({ settings: { ACCEPTED_CLOUDS: 'emulator,AzurePublicCloud' } });
  const lines = await linesOf(scene, 'watchState');
  const pins = ofEvent(lines, 'pin_watched');
  const paths = ofEvent(lines, 'path_watched');
  expect(new Set(pins.map(({ cloud }) => cloud))).toEqual(new Set(['emulator', 'AzurePublicCloud']));
  for (const pin of pins) {
    expect(pin).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(pin['daysLeft']).toBeGreaterThanOrEqual(0);
  }
  expect(paths.map(({ cloud, daysLeft }) => [cloud, Number(daysLeft) > 0])).toEqual(
    // No certificates of it were synced: there is no path at all.
    expect.arrayContaining([
      ['emulator', true],
      ['AzurePublicCloud', false],
    ]),
  );
  const [before] = paths.filter(({ cloud }) => cloud === 'emulator');
  ahead = 10 * DAY;
  const later = ofEvent(await linesOf(scene, 'watchState'), 'path_watched');
  const [after] = later.filter(({ cloud }) => cloud === 'emulator');
  expect(Number(before?.['daysLeft']) - Number(after?.['daysLeft'])).toBe(10);
});

test('age and successor of each key: signing keys, and challenge secrets', async () => {
  ahead = 0;
  const vault = await startVault();
  vault.now = () => LOADED_AT + ahead;
  const old = vault.addVersion({ created: LOADED_AT - 30 * DAY });
  vault.addVersion({ created: LOADED_AT });
  expect(old).toBeDefined();
  const secrets = ['b', 'a'].map((kid) => `${kid}:${'A'.repeat(43)}`).join(',');
  const scene = await createScene({ vault, instances: [{ settings: { CHALLENGE_SECRETS: secrets } }] });
  const keys = ofEvent(await linesOf(scene, 'watchState'), 'key_watched');
  const [current, next] = keys.filter(({ kind }) => kind === 'signing');
  expect(current).toMatchObject({ state: 'current', ageDays: 30, successor: next?.['id'] });
  expect(current?.['successorFrom']).toMatch(/^\d{4}-\d\d-\d\dT/);
  expect(next).toMatchObject({ state: 'next', ageDays: 0, successor: null });
  expect(keys.filter(({ kind }) => kind === 'challenge')).toMatchObject([
    { id: 'b', state: 'current', successor: null },
    { id: 'a', state: 'retired', successor: 'b' },
  ]);
});

test('age of a root key in a vault, which tells when it was made', async () => {
  ahead = 0;
  const vault = await startVault();
  vault.now = () => LOADED_AT + ahead;
  vault.addVersion({ created: LOADED_AT - DAY });
  const rootVault = await startVault();
  rootVault.now = vault.now;
  const { kid: id } = rootVault.addVersion({ created: LOADED_AT - 400 * DAY });
  const scene = await createScene({ vault, rootVault });
  const keys = ofEvent(await linesOf(scene, 'watchState'), 'key_watched');
  expect(keys.filter(({ kind }) => kind === 'root')).toMatchObject([{ id, ageDays: 400, successor: null }]);
});

test('seats taken and limit of the fullest pools', async () => {
  ahead = 0;
  const scene = await createScene();
  for (const vm of ['fleet-1', 'fleet-2']) expect((await scene.boot(vm)).status).toBe(200);
  ahead = HOUR;
  await scene.run('projectViews');
  const pools = ofEvent(await linesOf(scene, 'watchState'), 'pool_watched');
  expect(pools.length).toBeLessThanOrEqual(100);
  expect(pools).toContainEqual(
    expect.objectContaining({ offer: 'contoso/gateway/fleet', taken: 2, seats: 20, over: 0 }),
  );
});

test('unknown issuers, with their cloud, in the hours in which they come', async () => {
  ahead = 0;
  const scene = await createScene();
  expect((await scene.boot('wrong-signer')).body['code']).toBe('issuer_unknown');
  const told = ofEvent(await linesOf(scene, 'watchState'), 'issuer_watched');
  expect(told).toMatchObject([{ level: 'warn', cloud: expect.any(String) as string, count: 1 }]);
  ahead = 3 * HOUR;
  expect(ofEvent(await linesOf(scene, 'watchState'), 'issuer_watched')).toEqual([]);
});

test('readiness is told whoever asks, and before the first offer the service has not begun', async () => {
  ahead = 0;
  const ready = await createScene();
  const [line, ...others] = await linesOf(ready, 'tellReadiness');
  expect(others).toEqual([]);
  expect(line).toMatchObject({ level: 'info', event: 'readiness_told', begun: 'yes', cleanedHoursAgo: 0 });
  const empty = await createScene({ catalogue: '{"offers":[]}' });
  expect(await linesOf(empty, 'tellReadiness')).toMatchObject([{ state: 'degraded', begun: 'no' }]);
});

test('hours since the cleaning are counted from the first question, and from each cleaning', async () => {
  ahead = 0;
  const scene = await createScene();
  const hours = async () => (await linesOf(scene, 'tellReadiness'))[0]?.['cleanedHoursAgo'];
  expect(await hours()).toBe(0);
  ahead = 30 * HOUR;
  expect(await hours()).toBe(30);
  await scene.run('cleanStore');
  ahead = 31 * HOUR;
  expect(await hours()).toBe(1);
});

test('with hashed ids, what timers write has none of a VM or subscription either', async () => {
  ahead = 0;
  const catalogue = '{"offers":[{"offer":"contoso/gateway/standard","mode":"marketplace","clouds":["emulator"]}]}';
  const scene = await createScene({ catalogue, settings: { LOG_IDS: 'hashed' } });
  expect((await scene.boot('licensed', { key: createKey() })).status).toBe(200);
  ahead = HOUR;
  await scene.run('projectViews');
  await scene.run('watchState');
  const lines = scene.log().filter((line) => line.includes('_watched'));
  expect(lines.some((line) => line.includes('pool_watched') && line.includes('~'))).toBe(true);
  for (const line of lines) expect(line).not.toMatch(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/);
});
