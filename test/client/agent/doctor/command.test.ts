import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AREAS } from '../../../../src/client/agent/doctor/causes/areas.ts';
import { createAgentScene } from '../support/agentScene.ts';
import { emulated, emulatedVm, served } from './imdsPlaces.ts';

/** The command itself, as a process. */

test('a healthy VM: everything that was looked at, and nothing found', async () => {
  const scene = await createAgentScene();
  const { code, stdout, stderr } = await scene.agent(['doctor'], { env: await emulated() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.split('\n');
  for (const { title } of Object.values(AREAS)) expect(lines.filter((line) => line.includes(title))).toHaveLength(1);
  expect(lines).toContain('  -      Firewall of this machine   not looked at: IMDS is an emulator (imdsUrl).');
  expect(stdout).toMatch(/\n\nNothing was found\.\n$/);
});

test('a finding: what happened, what shows it, what to do, and the command', async () => {
  const scene = await createAgentScene();
  const env = await emulatedVm({ compute: { resourceId: '/subscriptions/one two', vmSize: '' } });
  const { code, stdout } = await scene.agent(['doctor'], { env });
  expect(code).toBe(1);
  expect(stdout).toContain('  FOUND  Metadata of the VM         compute_incomplete\n');
  expect(stdout.slice(stdout.indexOf('\n\n') + 2))
    .toBe(`compute_incomplete: ${AREAS.metadata.causes.compute_incomplete.means}
  | /metadata/instance?api-version=2025-04-07: compute without vmSize
  ${AREAS.metadata.causes.compute_incomplete.advice}
  $ az tag update --operation Merge --tags refreshed=true --resource-id '/subscriptions/one two'
`);
});

test('it changes nothing', async () => {
  const scene = await createAgentScene();
  await scene.agent(['doctor'], { env: await emulated() });
  expect(readdirSync(scene.root)).toEqual(['state']);
  expect(readdirSync(scene.state)).toEqual([]);
});

test('it works where the configuration cannot be used', async () => {
  const scene = await createAgentScene();
  const env = { COUNTERSIGN_TRUST: '', COUNTERSIGN_PRODUCT: 'nonsense', ...(await emulated()) };
  const { stdout, stderr } = await scene.agent(['doctor', '--json'], { env });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({
    agent: expect.stringMatching(/^countersign-agent\//) as string,
    checked: expect.arrayContaining([expect.objectContaining({ area: 'imds', outcome: 'ok' })]) as unknown,
  });
});

test('the emulator that the agent asks is looked at, on another machine too', async () => {
  const scene = await createAgentScene();
  const { COUNTERSIGN_IMDS_URL: url } = await emulated();
  // No loopback address by its name, and one of this machine all the same.
  const env = { COUNTERSIGN_IMDS_URL: url.replace('127.0.0.1', '0.0.0.0') };
  const { stdout } = await scene.agent(['doctor', '--json'], { env });
  const { checked } = JSON.parse(stdout) as { checked: readonly { readonly area: string; readonly outcome: string }[] };
  const outcomes = Object.fromEntries(checked.map(({ area, outcome }) => [area, outcome]));
  expect(outcomes).toMatchObject({ imds: 'ok', plan: 'ok', route: 'not_looked_at', chassis: 'not_looked_at' });
});

test('what this machine has asked IMDS just before is not taken for a busy program', async () => {
  const scene = await createAgentScene();
  const env = { COUNTERSIGN_ONCE: '', ...(await emulated()) };
  const ask = () => fetch(`${env.COUNTERSIGN_IMDS_URL}/metadata/versions`, { headers: { Metadata: 'true' } });
  await Promise.all(Array.from({ length: 5 }, ask));
  expect(await scene.agent(['doctor'], { env })).toMatchObject({
    ...{ code: 0, stdout: expect.stringContaining('Nothing was found.') as string },
  });
});

test.each([200, 403, 500])('whatever answers with %i, and says what was asked: no nonce is told', async (status) => {
  const asked: string[] = [];
  const echo = await served(({ url = '' }, response) => {
    asked.push(url);
    response.writeHead(status, { server: 'gateway', location: url }).end(`<html>${url}</html>`);
  });
  const { stdout } = await (await createAgentScene()).agent(['doctor', '--json'], { env: echo });
  const nonce = new URL(asked.find((url) => url.includes('nonce=')) ?? '', 'http://imds').searchParams.get('nonce');
  expect(nonce).toMatch(/^[a-z2-7]{32}$/);
  expect(stdout).toContain('gateway');
  expect(stdout).not.toContain(nonce);
});

test('no metadata and no document is told, though its shape is wrong', async () => {
  const secret = 'countersign-claim=K7D2X-9QF3M-T4B8W-ZR6HN-J5PV1-C';
  const odd = await served((_, response) => void response.end(JSON.stringify({ userData: secret, signature: secret })));
  const { code, stdout } = await (await createAgentScene()).agent(['doctor', '--json'], { env: odd });
  expect(code).toBe(1);
  expect(stdout).toContain('imds_odd');
  expect(stdout).not.toContain('K7D2X');
});
