import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { AGENT_NAME } from '../../../src/client/agent/agentVersion.ts';
import type { LicenceClaims } from '../../../src/contract/claims.ts';
import { verifyLicence } from '../../../src/client/licence/licence.ts';
import { verifySignedKeySet } from '../../../src/client/trust/signedKeySet.ts';
import { problem } from '../support/licenceService.ts';
import type { LicenceService } from '../support/licenceService.ts';
import { HOUR, PRODUCT, VM_ID } from '../support/vectors.ts';
import { createAgentScene } from './support/agentScene.ts';
import type { AgentProcess, AgentScene } from './support/agentScene.ts';
import { fakeNotify } from './support/fakeNotify.ts';

const isRoot = process.geteuid?.() === 0;
const NOBODY = 65_534;

const read = (scene: AgentScene, name: string) => readFileSync(join(scene.run, name), 'utf8');
const readStatus = (scene: AgentScene) => JSON.parse(read(scene, 'status.json')) as Record<string, unknown>;
const modeOf = (scene: AgentScene, name: string) => (statSync(join(scene.run, name)).mode & 0o777).toString(8);

function stateOf(scene: AgentScene): string | undefined {
  return existsSync(join(scene.run, 'state')) ? read(scene, 'state') : undefined;
}

/** Which of the two files says it first depends on what is said. */
async function reach(scene: AgentScene, state: string): Promise<void> {
  await expect.poll(() => stateOf(scene)).toBe(`${state}\n`);
  await expect.poll(() => existsSync(join(scene.run, 'status.json')) && readStatus(scene)['state']).toBe(state);
}

async function stop(agent: AgentProcess): Promise<void> {
  agent.signal('SIGTERM');
  expect((await agent.ended).code).toBe(0);
}

/** Licences are due after a second, and good for an hour. */
function issueShort(service: LicenceService): void {
  service.alter.set('/v1/licences', async (reply) => {
    const { licence } = reply.body as { licence?: string };
    if (licence === undefined) return reply;
    const claims = decodeJwt(licence) as unknown as LicenceClaims;
    const renewAfter = claims.iat + 1;
    const short = {
      ...claims,
      exp: claims.iat + 4,
      licence: { ...claims.licence, renewAfter, graceUntil: claims.iat + 3600 },
    };
    return { ...reply, body: await service.licenceBody(short) };
  });
}

test('what other programs read: words, members, modes, and tokens that verify again', async () => {
  const scene = await createAgentScene();
  const agent = scene.spawn(['run']);
  await reach(scene, 'licensed');
  expect(readdirSync(scene.run).sort()).toEqual(['jwks.jwt', 'licence.jwt', 'state', 'status.json']);
  expect(statSync(scene.run).mode & 0o777).toBe(0o755);
  expect(['state', 'status.json', 'licence.jwt', 'jwks.jwt'].map((name) => modeOf(scene, name))).toEqual([
    '644',
    '644',
    '640',
    '640',
  ]);
  const { issuer } = scene.service;
  const rootKeys = scene.options.trust.rootKeys;
  const keySet = verifySignedKeySet(read(scene, 'jwks.jwt'), { issuer, rootKeys });
  const { licence } = verifyLicence(read(scene, 'licence.jwt'), keySet, { issuer, product: PRODUCT, vmId: VM_ID });
  const status = readStatus(scene);
  expect(status).toEqual({
    ...{ state: 'licensed', code: null, reason: null },
    ...Object.fromEntries(
      ['since', 'checkedAt', 'nextCheckAt', 'expiresAt', 'graceUntil'].map((name) => [
        name,
        expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      ]),
    ),
    ...{ features: licence.features, licenceId: licence.id, plan: licence.plan, vmId: VM_ID },
    ...{ issuer, trust: 'rootKeys', imdsUrl: scene.imds.url, agent: AGENT_NAME },
  });
  expect(Date.parse(String(status['nextCheckAt']))).toBeGreaterThan(Date.now());
  await stop(agent);
  expect(readdirSync(scene.run)).toEqual([]);
});

test('a refusal, then a licence, then its renewals, then a denial', async () => {
  const scene = await createAgentScene();
  scene.service.answer('/v1/licences', problem(403, 'subscription_not_licensed'));
  const agent = scene.spawn(['run'], { env: { COUNTERSIGN_LOG: 'json' } });
  await reach(scene, 'refused');
  expect(readStatus(scene)).toMatchObject({ code: 'subscription_not_licensed', licenceId: null, vmId: VM_ID });
  expect(readdirSync(scene.run).sort()).toEqual(['state', 'status.json']);
  issueShort(scene.service);
  await reach(scene, 'licensed');
  const { since, checkedAt, expiresAt } = readStatus(scene);
  await expect.poll(() => readStatus(scene)['expiresAt']).not.toBe(expiresAt);
  expect(readStatus(scene)).toMatchObject({ since });
  expect(readStatus(scene)['checkedAt']).not.toBe(checkedAt);
  scene.service.denies = 'vm_blocked';
  await reach(scene, 'denied');
  await expect.poll(() => readdirSync(scene.run).sort()).toEqual(['state', 'status.json']);
  await stop(agent);
  const lines = agent.written.stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const levels = lines
    .filter(({ state }) => state !== undefined)
    .map(({ level, state }) => `${String(level)} ${String(state)}`);
  expect([...new Set(levels)]).toEqual(['error refused', 'info licensed', 'error denied']);
  expect(agent.written.stdout).toBe('');
});

test('a killed agent leaves its word, and the next one keeps it until it knows more', async () => {
  const scene = await createAgentScene();
  await scene.licenseAgo(HOUR);
  const first = scene.spawn(['run']);
  await reach(scene, 'licensed');
  const { since } = readStatus(scene);
  first.signal('SIGKILL');
  await first.ended;
  expect(stateOf(scene)).toBe('licensed\n');
  writeFileSync(join(scene.run, 'state.00000000-0000-4000-8000-000000000000.tmp'), 'half');
  const { checkedAt } = readStatus(scene);
  // systemd removes its run-time directory at a stop, and keeps it over a restart.
  const second = scene.spawn(['run'], { env: { RUNTIME_DIRECTORY: scene.run } });
  await expect.poll(() => readStatus(scene)['checkedAt']).not.toBe(checkedAt);
  expect(readStatus(scene)).toMatchObject({ state: 'licensed', since });
  await expect.poll(() => readdirSync(scene.run)).toHaveLength(4);
  await stop(second);
  expect(stateOf(scene)).toBe('licensed\n');
});

test('what is left of an earlier boot is not believed', async () => {
  const scene = await createAgentScene();
  mkdirSync(scene.run);
  writeFileSync(join(scene.run, 'state'), 'licensed\n');
  scene.service.answer('/v1/challenges', problem(503, 'store_unavailable'));
  const agent = scene.spawn(['run']);
  await reach(scene, 'unreachable');
  await stop(agent);
});

test('files of others are not followed: a link is replaced', async () => {
  const scene = await createAgentScene();
  const victim = join(scene.root, 'victim');
  writeFileSync(victim, 'untouched');
  mkdirSync(scene.run);
  for (const name of ['state', 'status.json', 'licence.jwt', 'jwks.jwt']) symlinkSync(victim, join(scene.run, name));
  const agent = scene.spawn(['run']);
  await reach(scene, 'licensed');
  expect(readFileSync(victim, 'utf8')).toBe('untouched');
  await stop(agent);
  expect(readFileSync(victim, 'utf8')).toBe('untouched');
});

test.each([
  [
    'a link',
    (path: string, root: string) => {
      mkdirSync(join(root, 'other'));
      symlinkSync(join(root, 'other'), path);
    },
    'is not a folder',
  ],
  [
    'writable by others',
    (path: string) => {
      mkdirSync(path);
      chmodSync(path, 0o777);
    },
    'Others can write',
  ],
  [
    'a file',
    (path: string) => {
      writeFileSync(path, '');
    },
    'is not a folder',
  ],
])('a run folder that is %s is not used', async (_, make, fault) => {
  const scene = await createAgentScene();
  make(scene.run, scene.root);
  const { code, stderr } = await scene.agent(['run']);
  expect(stderr).toMatch(/^<3>/);
  expect(stderr).toContain(fault);
  expect(code).toBe(14);
});

test('systemd is told that the agent runs before the first check has ended, and then each state', async () => {
  const scene = await createAgentScene();
  const { env, told } = fakeNotify(scene.root);
  scene.service.alter.set('/v1/challenges', () => 'hang');
  const agent = scene.spawn(['run'], { env });
  await expect.poll(() => readFileSync(told, 'utf8')).not.toBe('');
  scene.service.alter.delete('/v1/challenges');
  await reach(scene, 'licensed');
  await expect.poll(() => readFileSync(told, 'utf8')).toContain('licensed until');
  await stop(agent);
  const lines = readFileSync(told, 'utf8').split('\n');
  expect(lines.filter((line) => !line.includes('unreachable'))).toEqual([
    '/run/notify --ready --status=The first check is running.',
    expect.stringMatching(/^\/run\/notify --status=licensed until /),
    '/run/notify STOPPING=1',
    '',
  ]);
});

test('without systemd-notify the agent runs all the same', async () => {
  const scene = await createAgentScene();
  const agent = scene.spawn(['run'], { env: { NOTIFY_SOCKET: '/run/notify', PATH: '/nowhere' } });
  await reach(scene, 'licensed');
  await stop(agent);
  expect(agent.written.stderr).toContain(
    '<4>systemd was not told --ready: systemd-notify could not be started, ENOENT.',
  );
});

test('a signal ends the agent while a check hangs', async () => {
  const scene = await createAgentScene();
  scene.service.alter.set('/v1/licences', () => 'hang');
  const agent = scene.spawn(['run'], { env: { COUNTERSIGN_ONCE: 'false' } });
  await expect.poll(() => scene.service.requests).toContain('/v1/licences');
  await stop(agent);
});

test.runIf(isRoot)("root becomes the state folder's owner, and the run folder is that user's", async () => {
  const scene = await createAgentScene();
  for (const path of [scene.root, scene.state]) chownSync(path, NOBODY, NOBODY);
  chmodSync(scene.root, 0o755);
  const agent = scene.spawn(['run'], { env: { COUNTERSIGN_GROUP: String(NOBODY) } });
  await reach(scene, 'licensed');
  const facts = readFileSync(`/proc/${agent.pid}/status`, 'utf8');
  expect(facts).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
  expect(facts).toMatch(/^Gid:\t65534\t65534\t65534\t65534$/m);
  expect(/^Groups:\t(.*)$/m.exec(facts)?.[1]?.trim().split(' ')).not.toContain('0');
  for (const path of [scene.run, join(scene.run, 'licence.jwt'), join(scene.state, VM_ID, 'key.jwk')]) {
    expect(statSync(path)).toMatchObject({ uid: NOBODY, gid: NOBODY });
  }
  await stop(agent);
  expect((await scene.agent(['status'])).code).toBe(0);
  expect((await scene.agent(['wipe', '--yes'])).code).toBe(0);
});

test.runIf(isRoot)('the group of the configuration may read the licence', async () => {
  const scene = await createAgentScene();
  const agent = scene.spawn(['run'], { env: { COUNTERSIGN_GROUP: '1' } });
  await reach(scene, 'licensed');
  expect(statSync(join(scene.run, 'licence.jwt'))).toMatchObject({ gid: 1 });
  expect(statSync(join(scene.run, 'state')).gid).not.toBe(1);
  await stop(agent);
});

test('a group that does not exist is said', async () => {
  const scene = await createAgentScene();
  const agent = scene.spawn(['run'], { env: { COUNTERSIGN_GROUP: 'no-such-group' } });
  await reach(scene, 'licensed');
  await stop(agent);
  expect(agent.written.stderr).toContain('<4>The group no-such-group does not exist');
});

test('status tells what the running agent knows, and what the folder knows when none runs', async () => {
  const scene = await createAgentScene();
  scene.service.answer('/v1/licences', problem(403, 'subscription_not_licensed'));
  const agent = scene.spawn(['run']);
  await reach(scene, 'refused');
  const { code, stdout } = await scene.agent(['status', '--json']);
  expect(code).toBe(11);
  expect(JSON.parse(stdout)).toMatchObject({ state: 'refused', code: 'subscription_not_licensed' });
  await stop(agent);
  expect((await scene.agent(['status'])).code).toBe(13);
});

test('a misconfigured agent says so and stays', async () => {
  const scene = await createAgentScene();
  const agent = scene.spawn(['run'], { env: { COUNTERSIGN_ISSUER: '' } });
  await reach(scene, 'misconfigured');
  expect(readStatus(scene)).toMatchObject({ code: 'options_invalid', issuer: null, trust: null });
  await stop(agent);
});

test.runIf(isRoot)('a denial that the state folder cannot take outlasts the agent that received it', async () => {
  const scene = await createAgentScene();
  // A running agent renews at most three hours after it could.
  await scene.licenseAgo(16 * HOUR);
  scene.service.denies = 'vm_blocked';
  chmodSync(scene.root, 0o755);
  for (const name of readdirSync(join(scene.state, VM_ID))) chownSync(join(scene.state, VM_ID, name), NOBODY, NOBODY);
  for (const path of [join(scene.state, VM_ID), scene.state]) {
    chownSync(path, NOBODY, NOBODY);
    chmodSync(path, 0o500);
  }
  const first = scene.spawn(['run']);
  await reach(scene, 'denied');
  await expect.poll(() => existsSync(join(scene.run, 'unwritten.json'))).toBe(true);
  expect(modeOf(scene, 'unwritten.json')).toBe('600');
  first.signal('SIGKILL');
  await first.ended;
  await scene.service.close();
  expect((await scene.agent(['check'])).code).toBe(10);
  const { checkedAt } = readStatus(scene);
  const second = scene.spawn(['run']);
  await expect.poll(() => readStatus(scene)['checkedAt']).not.toBe(checkedAt);
  expect(stateOf(scene)).toBe('denied\n');
  await stop(second);
  expect(readdirSync(scene.run)).toEqual(['unwritten.json']);
});
