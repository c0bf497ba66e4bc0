import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HOUR, OTHER_VM_ID, VM_ID } from '../support/vectors.ts';
import { createAgentScene } from './support/agentScene.ts';

test('wipe removes what the agent has written, and nothing else', async () => {
  const scene = await createAgentScene();
  await scene.licenseAgo(HOUR);
  mkdirSync(join(scene.state, OTHER_VM_ID));
  mkdirSync(scene.run);
  for (const path of [join(OTHER_VM_ID, 'denial.json'), 'notes.txt']) writeFileSync(join(scene.state, path), '');
  for (const name of ['state', 'status.json', 'licence.jwt', 'jwks.jwt', 'other'])
    writeFileSync(join(scene.run, name), '');
  const { code, stdout, stderr } = await scene.agent(['wipe', '--yes']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`removed ${join(scene.state, VM_ID)}\n`);
  expect(readdirSync(scene.state)).toEqual(['notes.txt']);
  expect(readdirSync(scene.run)).toEqual(['other']);
  expect(await scene.agent(['wipe', '--yes'])).toMatchObject({ code: 0, stdout: 'There is nothing to remove.\n' });
});

test('wipe removes nothing unasked: without a person, --yes is needed', async () => {
  const scene = await createAgentScene();
  await scene.licenseAgo(HOUR);
  const { code, stderr } = await scene.agent(['wipe']);
  expect(code).toBe(64);
  expect(stderr).toContain('Add --yes to remove the files without a question.');
  expect(readdirSync(join(scene.state, VM_ID)).sort()).toEqual(['key.jwk', 'licence.json']);
});

test("a file of somebody else keeps its VM's folder", async () => {
  const scene = await createAgentScene();
  await scene.licenseAgo(HOUR);
  writeFileSync(join(scene.state, VM_ID, 'mine'), '');
  const { code, stderr } = await scene.agent(['wipe', '--yes']);
  expect(code).toBe(0);
  expect(stderr).toContain('holds files of others, which stay');
  expect(readdirSync(scene.state)).toEqual([VM_ID]);
  expect(readdirSync(join(scene.state, VM_ID))).toEqual(['mine']);
});

test('wipe follows no link', async () => {
  const scene = await createAgentScene();
  const elsewhere = join(scene.root, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'key.jwk'), '');
  symlinkSync(elsewhere, join(scene.state, VM_ID));
  const { code, stderr } = await scene.agent(['wipe', '--yes']);
  expect(code).toBe(14);
  expect(stderr).toContain('folder_unusable');
  expect(existsSync(join(elsewhere, 'key.jwk'))).toBe(true);
});

test('wipe needs no issuer, and does not touch a folder that is not the one it was told', async () => {
  const scene = await createAgentScene();
  await scene.licenseAgo(HOUR);
  const env = { COUNTERSIGN_ISSUER: '', COUNTERSIGN_TRUST: '' };
  expect((await scene.agent(['wipe', '--yes'], { env })).code).toBe(0);
  expect(readdirSync(scene.state)).toEqual([]);
  const file = join(scene.root, 'agent.json');
  writeFileSync(file, '{');
  expect((await scene.agent(['wipe', '--yes'], { env: { COUNTERSIGN_CONFIG: file } })).code).toBe(14);
});
