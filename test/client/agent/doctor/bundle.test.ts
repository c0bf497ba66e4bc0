import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatBundle } from '../../../../src/client/agent/doctor/bundle/bundle.ts';
import type { BundleParts } from '../../../../src/client/agent/doctor/bundle/bundle.ts';
import type { Evidence } from '../../../../src/client/agent/doctor/evidence.ts';
import { VM_ID } from '../../support/vectors.ts';
import { createAgentScene } from '../support/agentScene.ts';
import { HEALTHY } from './healthy.ts';
import { emulatedVm } from './imdsPlaces.ts';

/** The file for support: what is in it, who may read it, and what is never in it. */

const parts = (more: Partial<BundleParts> = {}): BundleParts => ({
  ...{ diagnosis: { findings: [], checked: [] }, evidence: HEALTHY, env: {}, status: undefined, log: null },
  configuration: {
    ...{ options: {}, group: undefined, log: 'text', releaseOnTerminate: false, runFolder: '/run/countersign' },
    ...{ faults: [], broken: undefined, remarks: [] },
  },
  ...more,
});

const configured = (options: Record<string, unknown>) =>
  parts({ configuration: { ...parts().configuration, options } });

test('a bundle has what was found, and by what: files by name and mode, the configuration, the last state', async () => {
  const scene = await createAgentScene();
  await scene.licenseAgo(0);
  const path = join(scene.root, 'bundle.json');
  const userData = Buffer.from('countersign-claim=K7D2X-9QF3M-T4B8W').toString('base64');
  const env = await emulatedVm({ compute: { userData } });
  const { code, stdout, stderr } = await scene.agent(['doctor', '--bundle', path], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`Nothing was found.\n\n${path} is for the vendor's support. Read it before you send it.\n`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const bundle = JSON.parse(readFileSync(path, 'utf8')) as { evidence: Evidence };
  expect(bundle).toMatchObject({
    ...{ bundle: 1, findings: [], configuration: { issuer: scene.options.issuer, trust: scene.options.trust } },
    system: { platform: process.platform, node: process.version },
    variables: expect.arrayContaining(['COUNTERSIGN_ISSUER', 'COUNTERSIGN_TRUST']) as unknown,
  });
  expect(bundle.evidence.plan).toMatchObject({ claim: 'userData' });
  expect(readFileSync(path, 'utf8')).not.toMatch(new RegExp(`K7D2X|${userData}`));
  expect(bundle.evidence.folder).toMatchObject({
    files: expect.arrayContaining([expect.objectContaining({ name: `${VM_ID}/key.jwk`, mode: 0o600 })]) as unknown,
  });
});

test('a file that is there is never written over, through no link either', async () => {
  const { root, agent } = await createAgentScene().then((scene) => ({
    root: scene.root,
    agent: scene.agent.bind(scene),
  }));
  const [there, link] = [join(root, 'there'), join(root, 'link')];
  writeFileSync(there, 'mine');
  symlinkSync(join(root, 'target'), link);
  for (const path of [there, link]) {
    const { code, stdout, stderr } = await agent(['doctor', '--bundle', path]);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toContain(`${path} exists already. Name another file.`);
  }
  expect(readFileSync(there, 'utf8')).toBe('mine');
  expect(existsSync(join(root, 'target'))).toBe(false);
});

test('a path that cannot be created is named', async () => {
  const scene = await createAgentScene();
  const path = join(scene.root, 'absent', 'bundle.json');
  const { code, stderr } = await scene.agent(['doctor', '--bundle', path]);
  expect(code).toBe(64);
  expect(stderr).toContain(`${path} cannot be created (ENOENT). Check the path.`);
});

test.each([
  ['a claim code', { claim: 'K7D2X-9QF3M-T4B8W' }, ['K7D2X-9QF3M-T4B8W']],
  ['a password of a proxy', { proxy: 'http://user:p%40ss%3Aword@proxy:8080' }, ['p%40ss%3Aword', 'p@ss:word']],
  ['a password where there is no URL', { proxy: 'user:pass-word@proxy' }, ['pass-word']],
])('%s stands nowhere, not even where a program has logged it', (_, options, secrets) => {
  const text = formatBundle({ ...configured(options), log: secrets.map((secret) => `check with ${secret}`) });
  expect(text).toContain('check with (secret)');
  for (const secret of secrets) expect(text).not.toContain(secret);
});

test('certificates and keys of the configuration are told as being set', () => {
  const ca = '-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----';
  const text = formatBundle(configured({ ca, trust: { keySet: { keys: [{ d: 'secret-half' }] } } }));
  expect(JSON.parse(text)).toMatchObject({ configuration: { ca: '(set)', trust: '(set)' } });
  expect(text).not.toMatch(/QUJD|secret-half/);
});

test('what looks like a token is taken out, and the values of variables are not told', () => {
  const token = `${'a'.repeat(40)}.${'b'.repeat(80)}.${'c'.repeat(86)}`;
  const env = { COUNTERSIGN_CLAIM: 'K7D2X', HTTPS_PROXY: 'http://user:word@proxy', PATH: '/bin', SECRET: 'x' };
  const text = formatBundle(parts({ log: [`got ${token}`], env }));
  expect(JSON.parse(text)).toMatchObject({ log: ['got (token)'], variables: ['COUNTERSIGN_CLAIM', 'HTTPS_PROXY'] });
  expect(text).not.toMatch(/K7D2X|word@/);
  const host = 'countersign-licences-1.contoso-engineering-1.example';
  const cut = `eyJhbGciOiJFUzI1NiJ9.${'b'.repeat(20)}`;
  expect(formatBundle(parts({ log: [host, cut] }))).toMatch(new RegExp(`"${host}",\n +"\\(token\\)"`));
});

test('a bundle has at most a megabyte, and nothing in it that a terminal obeys', () => {
  const wall = 'x'.repeat(300_000);
  const log = Array.from({ length: 5000 }, () => `\u001b[31m${wall.slice(0, 500)}`);
  const text = formatBundle(parts({ log, evidence: { ...HEALTHY, firewall: { nft: wall, iptables: wall } } }));
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024 * 1024);
  expect(text).not.toContain('\u001b');
  expect(JSON.parse(text)).toMatchObject({
    bundle: 1,
    evidence: { firewall: { nft: expect.stringContaining('cut off') as string } },
  });
});
