import {
  chownSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Gate } from '../../../src/client/agent/gate/gate.ts';
import { formatInstant } from '../../../src/contract/instants.ts';
import { createSigningKey } from '../support/licenceService.ts';
import { HOUR, OTHER_VM_ID } from '../support/vectors.ts';
import { createGateScene, graceFor } from './support/gateScene.ts';
import type { GateScene } from './support/gateScene.ts';

const isRoot = process.geteuid?.() === 0;
const NOBODY = 65_534;
const MINUTE = 60_000;

const inMinutes = (minutes: number) => formatInstant(Date.now() + minutes * MINUTE);

test.each([
  ['licensed', {}],
  ['grace', { state: 'grace', alter: graceFor(HOUR) }],
  ['a check that is 29 minutes late', { nextCheckAt: inMinutes(-29) }],
])('%s starts the target, once', async (_, published) => {
  const scene = await createGateScene();
  await scene.publish(published);
  expect(await scene.run()).toMatchObject({ code: 0, stdout: '' });
  expect(await scene.run()).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(scene.told).toEqual(['start']);
  expect(existsSync(scene.ownPath('open'))).toBe(true);
});

/** What keeps the target from running, and what is said of it. */
const CLOSED: readonly (readonly [string, (scene: GateScene) => unknown, string])[] = [
  ...['denied', 'refused', 'not_in_azure', 'unreachable', 'misconfigured', 'Licensed', 'licensed grace', ''].map(
    (state) => [`the state "${state}"`, (scene: GateScene) => scene.publish({ state }), 'The state is'] as const,
  ),
  ['no agent', () => undefined, 'No agent runs'],
  [
    'no licence',
    (scene) =>
      scene.publish().then(() => {
        rmSync(scene.path('licence.jwt'));
      }),
    'licence.jwt',
  ],
  [
    'no key set',
    (scene) =>
      scene.publish().then(() => {
        rmSync(scene.path('jwks.jwt'));
      }),
    'jwks.jwt',
  ],
  [
    'no status',
    (scene) =>
      scene.publish().then(() => {
        rmSync(scene.path('status.json'));
      }),
    'status.json',
  ],
  [
    'an ended grace',
    (scene) => scene.publish({ state: 'grace', alter: graceFor(-MINUTE) }),
    'The grace of the licence ended',
  ],
  ['an agent that is silent', (scene) => scene.publish({ nextCheckAt: inMinutes(-31) }), 'more than 30 minutes'],
  ["another VM's licence", (scene) => scene.publish({ vmId: OTHER_VM_ID }), 'licence_foreign'],
  ['no VM', (scene) => scene.publish({ vmId: null }), 'status.json'],
  [
    'another product',
    (scene) => scene.publish({ alter: (claims) => ({ ...claims, aud: 'contoso/other' }) }),
    'product_mismatch',
  ],
  ['a longer life than the root allows', longerThanAllowed, 'licence_terms_invalid'],
  ['a forged licence', forge, 'licence_key_unknown'],
  ['a key set of another root', underOtherRoot, 'jwks.jwt'],
  [
    'a word of somebody else',
    (scene) => {
      mkdirSync(scene.agent.run);
      writeFileSync(scene.path('state'), 'licensed\n');
    },
    'status.json',
  ],
];

function longerThanAllowed(scene: GateScene) {
  return scene.publish({
    alter: (claims) => ({
      ...claims,
      licence: { ...claims.licence, graceUntil: claims.iat + scene.agent.service.life + 1 },
    }),
  });
}

async function forge(scene: GateScene) {
  const { service } = scene.agent;
  await scene.publish();
  const keySet = readFileSync(scene.path('jwks.jwt'));
  service.key = await createSigningKey();
  await scene.publish();
  writeFileSync(scene.path('jwks.jwt'), keySet);
}

async function underOtherRoot(scene: GateScene) {
  const { roots } = scene.agent.service;
  const [own] = roots.splice(0, 1, await createSigningKey());
  await scene.publish();
  if (own !== undefined) roots[0] = own;
}

test.each(CLOSED)('%s stops the target', async (_, arrange, reason) => {
  const scene = await createGateScene();
  await arrange(scene);
  scene.isOpen = true;
  const first = await scene.run();
  expect(first.stderr).toMatch(/^<4>countersign-licensed.target is stopped. /);
  expect(first.stderr).toContain(reason);
  expect(first).toMatchObject({ code: 0, stdout: '' });
  expect(scene.told).toEqual(['stop']);
  expect(existsSync(scene.ownPath('open'))).toBe(false);
});

test('a target that stays stopped is told once', async () => {
  const scene = await createGateScene();
  await scene.publish({ state: 'denied' });
  expect(await scene.run()).toMatchObject({
    code: 0,
    stderr: '<4>countersign-licensed.target is stopped. The state is denied.\n',
  });
  expect(await scene.run()).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(scene.told).toEqual([]);
});

test.each(['state', 'status.json', 'licence.jwt', 'jwks.jwt'])(
  'a link in the place of %s is not followed',
  async (name) => {
    const scene = await createGateScene();
    await scene.publish();
    renameSync(scene.path(name), join(scene.agent.root, 'elsewhere'));
    symlinkSync(join(scene.agent.root, 'elsewhere'), scene.path(name));
    scene.isOpen = true;
    expect((await scene.run()).stderr).toContain(name);
    expect(scene.isOpen).toBe(false);
  },
);

test('a link in the place of the run folder is not followed', async () => {
  const scene = await createGateScene();
  await scene.publish();
  renameSync(scene.agent.run, join(scene.agent.root, 'elsewhere'));
  symlinkSync(join(scene.agent.root, 'elsewhere'), scene.agent.run);
  scene.isOpen = true;
  expect((await scene.run()).stderr).toContain('is not a folder');
  expect(scene.isOpen).toBe(false);
});

test.runIf(isRoot)('files of other users are not believed', async () => {
  const scene = await createGateScene();
  await scene.publish();
  chownSync(scene.path('state'), NOBODY, NOBODY);
  scene.isOpen = true;
  expect((await scene.run()).stderr).toContain('state');
  expect(scene.isOpen).toBe(false);
});

test('files that others can write are not believed', async () => {
  const scene = await createGateScene();
  await scene.publish();
  chmodSync(scene.path('state'), 0o666);
  scene.isOpen = true;
  await scene.run();
  expect(scene.isOpen).toBe(false);
});

test.runIf(isRoot)("root verifies as the run folder's owner, and calls systemctl as root", async () => {
  const scene = await createGateScene();
  await scene.publish();
  chmodSync(scene.agent.root, 0o755);
  for (const name of ['.', 'state', 'status.json', 'licence.jwt', 'jwks.jwt']) {
    chownSync(scene.path(name), NOBODY, NOBODY);
    if (name !== '.') chmodSync(scene.path(name), 0o400);
  }
  scene.afterActing('id -u > user');
  expect(await scene.run()).toMatchObject({ code: 0 });
  expect(scene.told).toEqual(['start']);
  expect(readFileSync(join(scene.agent.root, 'user'), 'utf8')).toBe('0\n');
});

test('keys that the vendor ships are used as the roots are', async () => {
  const scene = await createGateScene();
  await scene.publish();
  rmSync(scene.path('jwks.jwt'));
  const { published } = scene.agent.service;
  await scene.run({ COUNTERSIGN_TRUST: JSON.stringify({ keySet: { keys: published } }) });
  expect(scene.told).toEqual(['start']);
});

test('without configured keys nothing is believed', async () => {
  const scene = await createGateScene();
  await scene.publish();
  const { stderr } = await scene.run({ COUNTERSIGN_TRUST: 'first-use' });
  expect(stderr).toContain('rootKeys');
  expect(scene.told).toEqual([]);
});

test('what changes while systemctl works is seen: it is read again until two readings agree', async () => {
  const scene = await createGateScene();
  await scene.publish();
  scene.afterActing(`echo denied > run/state; printf '%s\\n' 'echo licensed > run/state; rm hook' > hook`);
  expect(await scene.run()).toMatchObject({ code: 0 });
  expect(scene.told).toEqual(['start', 'stop', 'start']);
});

/** Milliseconds, and a constant while the machine is awake. */
function suspended(scene: GateScene): number {
  return (JSON.parse(readFileSync(scene.ownPath('last.json'), 'utf8')) as { suspended: number }).suspended;
}

/** The machine was suspended for so long since the gate ran. */
function suspendFor(scene: GateScene, milliseconds: number, more: object = {}): void {
  const path = scene.ownPath('last.json');
  const record = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...record, ...more, suspended: suspended(scene) - milliseconds }));
}

test.each([
  ['running', true, []],
  ['stopped', false, []],
])('after a resume the target stays as it is: %s', async (_, isOpen) => {
  const scene = await createGateScene();
  await scene.publish({ state: isOpen ? 'licensed' : 'denied' });
  await scene.run();
  const before = scene.told;
  suspendFor(scene, HOUR);
  await scene.publish({ state: isOpen ? 'denied' : 'licensed', nextCheckAt: inMinutes(-60) });
  expect(await scene.run()).toMatchObject({ code: 0 });
  expect(await scene.run()).toMatchObject({ code: 0 });
  expect({ told: scene.told, isOpen: scene.isOpen }).toEqual({ told: before, isOpen });
});

test('two minutes after a resume the files decide again', async () => {
  const scene = await createGateScene();
  await scene.publish();
  await scene.run();
  suspendFor(scene, HOUR);
  rmSync(scene.agent.run, { recursive: true });
  await scene.run();
  expect(scene.isOpen).toBe(true);
  // The hold began two minutes earlier than it did.
  const path = scene.ownPath('last.json');
  const record = JSON.parse(readFileSync(path, 'utf8')) as { heldUntil: number };
  writeFileSync(path, JSON.stringify({ ...record, heldUntil: record.heldUntil - 2 * MINUTE }));
  await scene.run();
  expect(scene.told).toEqual(['start', 'stop']);
});

test.each([
  ['the licence is there', () => undefined],
  [
    'the agent has withdrawn it',
    (scene: GateScene) => {
      rmSync(scene.agent.run, { recursive: true });
    },
  ],
])('a grace that ended while the machine slept ends at once: %s', async (_, change) => {
  const scene = await createGateScene();
  await scene.publish({ state: 'grace', alter: graceFor(HOUR) });
  await scene.run();
  await scene.publish({ state: 'grace', alter: graceFor(-MINUTE) });
  change(scene);
  suspendFor(scene, 2 * HOUR, { graceUntil: Date.now() - MINUTE });
  const { stderr } = await scene.run();
  expect(stderr).toContain('The grace of the licence ended');
  expect(scene.told).toEqual(['start', 'stop']);
});

test('a systemctl that fails is said, and is no success', async () => {
  const scene = await createGateScene();
  await scene.publish();
  scene.afterActing('echo "the machine is going down" >&2; exit 1');
  const { code, stderr } = await scene.run();
  expect(code).toBe(70);
  expect(stderr).toContain('<3>systemctl start countersign-licensed.target failed: the machine is going down');
});

/** A gate over these readings, the last of them again and again. @returns what it told the target */
async function settle(...readings: readonly boolean[]) {
  const told: string[] = [];
  const target = {
    start: () => told.push('start') > 0,
    stop: () => told.push('stop') > 0,
  };
  const record = { suspended: 0, heldUntil: 0, graceUntil: null, reason: '' };
  const gate = new Gate(target, record, () => undefined);
  const left = [...readings];
  const isSettled = await gate.settle(() => {
    const isOpen = left.length > 1 ? left.shift() === true : left[0] === true;
    return Promise.resolve({ isOpen, reason: '', graceUntil: null });
  });
  return { isSettled, told };
}

test('one reading alone, from between two files, changes nothing', async () => {
  expect(await settle(true, false, true)).toEqual({ isSettled: true, told: ['start'] });
  expect(await settle(true, true, false, true)).toEqual({ isSettled: true, told: ['start'] });
  expect(await settle(true, true, false, false)).toEqual({ isSettled: true, told: ['start', 'stop'] });
});

test('files that never agree are given up', async () => {
  const forEver = Array.from({ length: 300 }, (_, index) => index % 2 === 0);
  expect(await settle(...forEver)).toEqual({ isSettled: false, told: [] });
});
