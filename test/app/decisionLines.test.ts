import { expect, test } from 'vitest';
import { createKey } from '../endToEnd/protocolClient.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';

/** One line a decision, with all that telemetry asks of it. */

const createScene = useScenes();
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

type Line = Readonly<Record<string, unknown>>;

/** The lines that something writes. */
async function linesOf(scene: Scene, act: () => Promise<unknown>): Promise<readonly Line[]> {
  const before = scene.log().length;
  await act();
  return scene
    .log()
    .slice(before)
    .map((line) => JSON.parse(line) as Line);
}

const TIMES = {
  ms: expect.any(Number) as number,
  storeMs: expect.any(Number) as number,
  signerMs: expect.any(Number) as number,
};
const correlationId = expect.stringMatching(UUID) as string;

test('a first licence, a renewal and a release are one line each, with offer, cloud, code and times', async () => {
  const scene = await createScene();
  const key = createKey();
  const told = { correlationId, offer: 'contoso/gateway/fleet', cloud: 'emulator', ...TIMES };
  let licence = '';
  const boot = async () => {
    licence = String((await scene.boot('fleet-1', { key })).body['licence']);
  };
  const first = await linesOf(scene, boot);
  const { ms, storeMs } = first[0] ?? {};
  expect(Number(ms)).toBeGreaterThanOrEqual(Number(storeMs));
  expect(first).toEqual([
    expect.objectContaining({ ...told, event: 'licence_issued', code: 'licence_issued', first: true }),
  ]);
  expect(await scene.store.readDecision(String(first[0]?.['correlationId']))).toMatchObject({ code: 'licence_issued' });
  const renewed = await linesOf(scene, boot);
  expect(renewed).toEqual([expect.objectContaining({ ...told, event: 'licence_issued', code: 'licence_issued' })]);
  // A renewal has no row: its line has the id of the token that the VM holds.
  const claims = JSON.parse(Buffer.from(licence.split('.')[1] ?? '', 'base64url').toString()) as { jti: string };
  expect([renewed[0]?.['correlationId'], renewed[0]?.['first']]).toEqual([claims.jti, undefined]);
  const released = await linesOf(scene, () => scene.release('fleet-1', licence, { key }));
  expect(released).toEqual([expect.objectContaining({ ...told, event: 'seat_released', code: 'seat_released' })]);
});

test('refusals are one line each: of authentic evidence with offer or attested plan, of other evidence with the cloud', async () => {
  const scene = await createScene();
  const refused = await linesOf(scene, () => scene.boot('unknown-plan'));
  expect(refused).toEqual([
    expect.objectContaining({
      event: 'licence_refused',
      code: 'plan_unknown',
      correlationId,
      cloud: 'emulator',
      ...TIMES,
    }),
  ]);
  expect(refused[0]).toMatchObject({ offer: null, plan: { publisher: expect.any(String) as string } });
  const unknown = await linesOf(scene, () => scene.boot('wrong-signer'));
  expect(unknown).toEqual([
    expect.objectContaining({ code: 'issuer_unknown', cloud: 'emulator', correlationId, ...TIMES }),
  ]);
  const strange = await linesOf(scene, () => scene.boot('altered-content'));
  expect(strange).toEqual([expect.objectContaining({ event: 'evidence_refused', correlationId, ...TIMES })]);
});

test('the line of a renewal is short', async () => {
  const scene = await createScene();
  const key = createKey();
  await scene.boot('fleet-1', { key });
  const [line] = await linesOf(scene, () => scene.boot('fleet-1', { key }));
  expect(Buffer.byteLength(JSON.stringify(line))).toBeLessThanOrEqual(400);
});

test('LOG_IDS=hashed: no id of a VM or subscription is in any line, and a VM is still told from others', async () => {
  const scene = await createScene({ settings: { LOG_IDS: 'hashed' } });
  const key = createKey();
  const namesOf = async (vm: string) => {
    const lines = await linesOf(scene, () => scene.boot(vm, { key }));
    return lines.map(({ vmId, subscriptionId }) => [vmId, subscriptionId]);
  };
  const [first, again, other, refused] = [
    ...[await namesOf('fleet-1'), await namesOf('fleet-1'), await namesOf('fleet-2'), await namesOf('unknown-plan')],
  ];
  expect(again).toEqual(first);
  expect(other?.[0]?.[0]).not.toBe(first?.[0]?.[0]);
  expect(first?.[0]).toEqual([expect.stringMatching(/^~[\w-]{16}$/), expect.stringMatching(/^~[\w-]{16}$/)]);
  expect(refused).toHaveLength(1);
  for (const line of scene.log()) {
    expect(line.replace(/"correlationId":"[^"]*"/, '')).not.toMatch(UUID);
  }
});
