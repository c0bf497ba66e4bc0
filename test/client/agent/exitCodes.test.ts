import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readChassisTag } from '../../../src/client/adapters/chassisTag.ts';
import { LICENCE_STATES } from '../../../src/client/index.ts';
import { problem } from '../support/licenceService.ts';
import { AZURE_TAG, DAY, HOUR, VM_ID } from '../support/vectors.ts';
import { createAgentScene, MAIN } from './support/agentScene.ts';
import type { AgentScene, SpawnOptions } from './support/agentScene.ts';

/** Each way in which a command ends, by real processes: what was there, what was asked, the state and the exit code. */

interface Case {
  readonly name: string;
  readonly before: (scene: AgentScene) => Promise<unknown>;
  readonly args: readonly string[];
  readonly env?: SpawnOptions['env'];
  readonly state: string;
  readonly code: string | null;
  readonly exit: number;
}

const tag = await readChassisTag();
/** A machine without Azure's chassis and without IMDS is not in Azure; a VM whose IMDS is away is something else. */
const isInAzure = tag.readable && tag.tag === AZURE_TAG;

const nothing = () => Promise.resolve();
const away = (scene: AgentScene) => scene.service.close();
const isAway = async (scene: AgentScene, age: number) => {
  await scene.licenseAgo(age);
  await away(scene);
};
const denies = (scene: AgentScene) => Promise.resolve((scene.service.denies = 'vm_blocked'));
const refuses = (scene: AgentScene) => {
  scene.service.answer('/v1/licences', problem(403, 'plan_unknown'));
  return Promise.resolve();
};

const CHECK = ['check', '--json'];
const STATUS = ['status', '--json'];

const CASES: readonly Case[] = [
  { name: 'a first licence', before: nothing, args: CHECK, state: 'licensed', code: null, exit: 0 },
  {
    name: 'a licence in hand',
    before: (scene) => scene.licenseAgo(0),
    args: CHECK,
    state: 'licensed',
    code: null,
    exit: 0,
  },
  {
    name: 'due, and the service is away',
    before: (scene) => isAway(scene, 13 * HOUR),
    args: CHECK,
    state: 'licensed',
    code: 'service_unreachable',
    exit: 0,
  },
  {
    name: 'expired, and the service is away',
    before: (scene) => isAway(scene, 30 * HOUR),
    args: CHECK,
    state: 'grace',
    code: 'service_unreachable',
    exit: 0,
  },
  {
    name: 'the same, strictly',
    before: (scene) => isAway(scene, 30 * HOUR),
    args: [...CHECK, '--strict'],
    state: 'grace',
    code: 'service_unreachable',
    exit: 9,
  },
  { name: 'licensed, strictly', before: nothing, args: [...CHECK, '--strict'], state: 'licensed', code: null, exit: 0 },
  { name: 'a signed denial', before: denies, args: CHECK, state: 'denied', code: 'vm_blocked', exit: 10 },
  {
    name: 'a signed denial, with time to wait',
    before: denies,
    args: [...CHECK, '--wait', '1h'],
    state: 'denied',
    code: 'vm_blocked',
    exit: 10,
  },
  { name: 'a refusal', before: refuses, args: CHECK, state: 'refused', code: 'plan_unknown', exit: 11 },
  {
    name: 'neither IMDS nor a licence',
    before: (scene) => scene.imds.close(),
    args: CHECK,
    state: isInAzure ? 'unreachable' : 'not_in_azure',
    code: isInAzure ? 'imds_not_answering' : 'not_in_azure',
    exit: isInAzure ? 13 : 12,
  },
  {
    name: 'no service and no licence',
    before: away,
    args: CHECK,
    state: 'unreachable',
    code: 'service_unreachable',
    exit: 13,
  },
  {
    name: 'grace has ended',
    before: (scene) => isAway(scene, 9 * DAY),
    args: CHECK,
    state: 'unreachable',
    code: 'service_unreachable',
    exit: 13,
  },
  {
    name: 'no issuer',
    before: nothing,
    args: CHECK,
    env: { COUNTERSIGN_ISSUER: '' },
    state: 'misconfigured',
    code: 'options_invalid',
    exit: 14,
  },
  {
    name: 'wrong options, with time to wait',
    before: nothing,
    args: [...CHECK, '--wait', '1h'],
    env: { COUNTERSIGN_TRUST: '{"rootKeys":[]}' },
    state: 'misconfigured',
    code: 'options_invalid',
    exit: 14,
  },
  {
    name: 'a wrong option and a licence in hand',
    before: (scene) => scene.licenseAgo(0),
    args: CHECK,
    env: { COUNTERSIGN_OFFER: 'no offer' },
    state: 'licensed',
    code: 'options_invalid',
    exit: 0,
  },
  { name: 'status of nothing', before: nothing, args: STATUS, state: 'unreachable', code: 'nothing_kept', exit: 13 },
  {
    name: 'status of a licence',
    before: (scene) => scene.licenseAgo(HOUR),
    args: STATUS,
    state: 'licensed',
    code: null,
    exit: 0,
  },
  {
    name: 'status in grace',
    before: (scene) => scene.licenseAgo(30 * HOUR),
    args: STATUS,
    state: 'grace',
    code: 'not_renewed',
    exit: 0,
  },
  {
    name: 'status without an issuer',
    before: nothing,
    args: STATUS,
    env: { COUNTERSIGN_ISSUER: '' },
    state: 'misconfigured',
    code: 'options_invalid',
    exit: 14,
  },
];

test.each(CASES)('$name: $state, $exit', async ({ before, args, env = {}, state, code, exit }) => {
  const scene = await createAgentScene();
  await before(scene);
  const ended = await scene.agent(args, { env });
  expect(JSON.parse(ended.stdout)).toMatchObject({ state, code });
  expect(ended.code).toBe(exit);
});

test('the table has every state', () => {
  const states = new Set([...CASES.map(({ state }) => state), 'not_in_azure']);
  expect([...states].sort()).toEqual([...LICENCE_STATES].sort());
});

test('in grace one line of standard error has the priority of a warning, and the end', async () => {
  const scene = await createAgentScene();
  const { licence } = await scene.licenseAgo(30 * HOUR);
  await scene.service.close();
  const { stdout, stderr } = await scene.agent(['check']);
  expect(stdout).toMatch(/^grace \(service_unreachable\)\n/);
  expect(stderr).toMatch(/^<4>[^\n]*\n$/);
  expect(stderr).toContain(`may run until ${licence?.graceUntil ?? ''}`);
  const json = await scene.agent(['check'], { env: { COUNTERSIGN_LOG: 'json' } });
  expect(JSON.parse(json.stderr)).toMatchObject({ level: 'warning', state: 'grace', graceUntil: licence?.graceUntil });
});

test('what is licensed says nothing on standard error', async () => {
  const scene = await createAgentScene();
  const { stdout, stderr, code } = await scene.agent(['check']);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(stdout).toMatch(/^licensed\n {2}licence {6}mp:AzurePublicCloud/);
});

test('--renew renews a licence that is not due', async () => {
  const scene = await createAgentScene();
  await scene.licenseAgo(HOUR);
  await scene.agent(['check']);
  expect(scene.service.licenceRequests).toHaveLength(1);
  expect(await scene.agent(['check', '--renew'])).toMatchObject({ code: 0 });
  expect(scene.service.licenceRequests).toHaveLength(2);
});

test('--wait tries until the service gives a licence', async () => {
  const scene = await createAgentScene();
  let refusals = 2;
  scene.service.alter.set('/v1/licences', (reply) =>
    refusals-- > 0 ? problem(403, 'subscription_not_licensed') : reply,
  );
  const { code, stdout } = await scene.agent(['check', '--wait', '10m', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ state: 'licensed' });
  expect(code).toBe(0);
  expect(scene.service.licenceRequests).toHaveLength(3);
});

test('--wait ends with the last answer', async () => {
  const scene = await createAgentScene();
  scene.service.answer('/v1/licences', problem(403, 'subscription_not_licensed'));
  const { code, stdout } = await scene.agent(['check', '--wait', '1s']);
  expect(stdout).toContain('refused (subscription_not_licensed)');
  expect(code).toBe(11);
});

test('--wait is longer than a check without IMDS has patience for, and no longer', async () => {
  const scene = await createAgentScene();
  scene.imds.always = { status: 500, body: '{}' };
  const { code } = await scene.agent(['check', '--wait', '2'], { env: { COUNTERSIGN_ONCE: 'false' } });
  expect(code).toBe(13);
});

test('a fault of the agent is 70, and does not print what it has read', async () => {
  const scene = await createAgentScene();
  const broken = 'data:text/javascript,AbortSignal.timeout=()=>{throw(TypeError(/SEC/+String(/RET/)))}';
  const { code, stdout, stderr } = await scene.agent(['check'], { env: { NODE_OPTIONS: `--import=${broken}` } });
  expect(code).toBe(70);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^countersign-agent has a fault \(TypeError\)/);
  expect(stderr).not.toContain('/SEC//RET/');
});

test('a process that has nothing left to wait for has not succeeded', async () => {
  const scene = await createAgentScene();
  const broken = 'data:text/javascript,globalThis.fetch=()=>Promise.race([])';
  const { code } = await scene.agent(['check'], { env: { NODE_OPTIONS: `--import=${broken}` } });
  expect(code).toBe(70);
});

test('a reader that has ended changes nothing', async () => {
  const scene = await createAgentScene();
  const shell = ['bash', '-c', '"$@" | true; exit "${PIPESTATUS[0]}"', 'bash'] as const;
  expect(await scene.agent(['check'], { program: [...shell, process.execPath, MAIN] })).toMatchObject({
    code: 0,
    stderr: '',
  });
});

test('release gives the seat back, or says why not', async () => {
  const scene = await createAgentScene();
  expect(await scene.agent(['release'])).toMatchObject({ code: 13, stdout: '' });
  await scene.licenseAgo(0);
  const released = await scene.agent(['release']);
  expect(released.stdout).toMatch(/^The seat is free at \d{4}-\d\d-\d\dT[\d:.]+Z\.\n$/);
  expect(released.code).toBe(0);
  scene.service.answer('/v1/releases', problem(403, 'vm_blocked'));
  const refused = await scene.agent(['release']);
  expect(refused).toMatchObject({ code: 11, stdout: '' });
  expect(refused.stderr).toMatch(/^The seat was not given back \(vm_blocked\)\. /);
});

test('status asks nobody and writes nothing', async () => {
  const scene = await createAgentScene();
  await scene.licenseAgo(HOUR);
  const requests = scene.imds.requests.length + scene.service.requests.length;
  await writeFile(join(scene.state, VM_ID, 'note'), '');
  expect((await scene.agent(['status'])).stdout).toContain('trust        rootKeys');
  expect(scene.imds.requests.length + scene.service.requests.length).toBe(requests);
});
