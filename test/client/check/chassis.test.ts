import { expect, test } from 'vitest';
import type { ChassisTag } from '../../../src/client/adapters.ts';
import { judgeChassis } from '../../../src/client/imds/chassis.ts';
import type { ImdsAnswer } from '../support/imdsStub.ts';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { AZURE_TAG, DAY } from '../support/vectors.ts';

const tag = (text: string): ChassisTag => ({ readable: true, tag: text });
const UNREADABLE: ChassisTag = { readable: false };

test.each<[ChassisTag, string | null, string]>([
  [tag(AZURE_TAG), null, 'known'],
  [tag(AZURE_TAG), 'Lab 7', 'known'],
  [tag('Lab 7'), 'Lab 7', 'known'],
  [tag('Lab 7'), null, 'foreign'],
  [tag('Lab 7'), '', 'foreign'],
  [tag(''), '', 'known'],
  [tag(''), null, 'foreign'],
  [tag(''), 'Lab 7', 'foreign'],
  [UNREADABLE, null, 'unreadable'],
  [UNREADABLE, 'Lab 7', 'unreadable'],
])('%j with %j kept is %s', (read, kept, verdict) => {
  expect(judgeChassis(read, kept)).toBe(verdict);
});

/** A VM that was licensed, and whose disk is now somewhere else. */
async function copyOut(chassis: ChassisTag): Promise<Scene> {
  const scene = await createScene();
  await scene.check();
  scene.chassis = chassis;
  scene.forget();
  return scene;
}

async function timed(scene: Scene): Promise<[state: string, code: string | undefined, milliseconds: number]> {
  const before = scene.time.monotonic;
  const { state, code } = await scene.check();
  return [state, code, scene.time.monotonic - before];
}

test.each(['refused', 'silent', 'no_route'] as const)(
  'a licensed disk on foreign hardware is not in Azure within 3 seconds where IMDS is %s',
  async (kind) => {
    const scene = await copyOut(tag('VMware'));
    scene.imdsIs = kind;
    const [state, code, milliseconds] = await timed(scene);
    expect([state, code]).toEqual(['not_in_azure', 'not_in_azure']);
    expect(milliseconds).toBeLessThanOrEqual(3000);
    expect(scene.events).toContainEqual({ step: 'chassis_foreign' });
  },
);

test.each(['refused', 'silent', 'no_route'] as const)('so is a machine without a licence: %s', async (kind) => {
  const scene = await createScene();
  scene.chassis = tag('');
  scene.imdsIs = kind;
  const [state, , milliseconds] = await timed(scene);
  expect(state).toBe('not_in_azure');
  expect(milliseconds).toBeLessThanOrEqual(3000);
});

test('an IMDS that answers is asked whatever the tag says: the service then decides', async () => {
  const scene = await copyOut(tag('Another lab'));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.service.requests).toContain('/v1/licences');
  expect(await scene.readLicenceFile()).toMatchObject({ chassisTag: 'Another lab' });
  scene.forget();
  await scene.check();
  expect(scene.service.requests).toEqual([]);
});

test('a slow IMDS answers in time on foreign hardware too', async () => {
  const scene = await copyOut(tag('Another lab'));
  scene.imdsTakes = 2500;
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
});

test('until the service has issued a licence on foreign hardware the one in hand does not count', async () => {
  const scene = await copyOut(tag('VMware'));
  scene.serviceIsAway = true;
  expect(await scene.check({ once: true })).toMatchObject({ state: 'unreachable', code: 'service_unreachable' });
  scene.chassis = tag(AZURE_TAG);
  expect(await scene.check({ once: true })).toMatchObject({ state: 'licensed' });
});

test('an IMDS that is busy on foreign hardware is given the usual time', async () => {
  const scene = await copyOut(tag('Another lab'));
  scene.imds.next.push(...Array.from({ length: 9 }, () => ({ status: 410, body: '{}' })));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
});

test.each([
  ['refused', 'not_in_azure', 'not_in_azure'],
  ['no_route', 'not_in_azure', 'not_in_azure'],
  ['silent', 'unreachable', 'imds_not_answering'],
] as const)(
  'where the tag cannot be read and IMDS is %s, a machine without a licence is %s',
  async (kind, ...expected) => {
    const scene = await createScene();
    scene.chassis = UNREADABLE;
    scene.imdsIs = kind;
    const [state, code, milliseconds] = await timed(scene);
    expect([state, code]).toEqual(expected);
    expect(milliseconds).toBeGreaterThan(60_000);
    expect(milliseconds).toBeLessThanOrEqual(91_000);
  },
);

test.each(['refused', 'no_route', 'silent'] as const)(
  'where the tag cannot be read and IMDS is %s, a licence in hand follows the rules of grace',
  async (kind) => {
    const scene = await copyOut(UNREADABLE);
    scene.imdsIs = kind;
    expect(await scene.check()).toMatchObject({ state: 'licensed', code: 'imds_not_answering' });
    scene.time.pass(2 * DAY);
    expect(await scene.check()).toMatchObject({ state: 'grace', code: 'imds_not_answering' });
  },
);

const REDIRECT: ImdsAnswer = { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } };

test.each<[string, ImdsAnswer]>([
  ['a redirect', REDIRECT],
  ['a 403', { status: 403, body: '{}' }],
])('%s is not an answer of IMDS, whatever the tag', async (_, answer) => {
  for (const chassis of [UNREADABLE, tag('VMware'), tag(AZURE_TAG)]) {
    const scene = await createScene();
    scene.chassis = chassis;
    scene.imds.always = answer;
    expect(await scene.check()).toMatchObject({ state: 'unreachable', code: 'imds_answer_unusable' });
    expect(scene.imds.requests).toHaveLength(2);
  }
});

test('Azure itself with an IMDS that refuses is an outage of IMDS', async () => {
  const scene = await createScene();
  scene.imdsIs = 'refused';
  const [state, code, milliseconds] = await timed(scene);
  expect([state, code]).toEqual(['unreachable', 'imds_not_answering']);
  expect(milliseconds).toBeGreaterThan(70_000);
});

test('a licence that was issued where the tag could not be read counts there, and not on hardware with a foreign one', async () => {
  const scene = await createScene();
  scene.chassis = UNREADABLE;
  await scene.check();
  expect(await scene.readLicenceFile()).toMatchObject({ chassisTag: null });
  scene.imdsIs = 'silent';
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  scene.chassis = tag('VMware');
  expect(await scene.check()).toMatchObject({ state: 'not_in_azure' });
});
