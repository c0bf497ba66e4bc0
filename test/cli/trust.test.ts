import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Io } from '../../src/cli/command.ts';
import { runCommandLine } from '../../src/cli/runCommandLine.ts';
import { recordIo } from './recordIo.ts';
import { findSyncedDirectory } from '../../src/cli/syncedDirectory.ts';
import { hasShared, sharedPath } from '../support/shared.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');

function run(...args: string[]) {
  return runWith({}, ...args);
}

async function runWith(env: Io['env'], ...args: string[]) {
  const io = recordIo([], { env, directory: tmpdir(), now: () => NOW });
  const code = await runCommandLine(args, io);
  return { code, ...io.written };
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-trust-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

test.skipIf(!hasShared)(
  'sync takes every current pin from a directory, and status then has a path for each cloud',
  async () => {
    const folder = temporaryFolder();
    const synced = await run('trust', 'sync', '--from', sharedPath('pki', 'certificates'), '--out', folder, '--json');
    expect(synced.code).toBe(0);
    const { complete, pins } = JSON.parse(synced.out) as { complete: boolean; pins: { state: string }[] };
    expect(complete).toBe(true);
    expect(readdirSync(folder).length).toBe(pins.filter(({ state }) => state !== 'missing').length);
    const status = await run('trust', 'status', '--trust-dir', folder, '--json');
    const report = JSON.parse(status.out) as { verdict: string; clouds: { cloud: string; path: string[] }[] };
    expect(status.code).toBe(0);
    expect(report.verdict).toBe('ok');
    expect(report.clouds.every(({ path }) => path.length >= 2)).toBe(true);
  },
);

test('sync from an empty directory is incomplete, names the pins, and fails', async () => {
  const [from, out] = [temporaryFolder(), temporaryFolder()];
  const { code, out: text, complaints } = await run('trust', 'sync', '--from', from, '--out', out);
  expect(code).toBe(2);
  expect(text).toContain('Microsoft TLS G2 RSA CA OCSP 02 (AzurePublicCloud, AzureUSGovernmentCloud)');
  expect(complaints).toContain('missing');
});

test('status fails where an accepted cloud has no complete path, and does not ask for the others', async () => {
  const at = ['--at', '2010-01-01T00:00:00Z'];
  const { code, out } = await run('trust', 'status', '--cloud', 'AzureChinaCloud', ...at);
  expect(code).toBe(2);
  expect(out).toContain('AzureChinaCloud (metadata.azure.cn): failed\n  complete path     none');
  expect(out).toContain('not accepted');
});

test.each([
  [['trust'], 'name a command: sync, status, add'],
  [['trust', 'forget'], "unknown command 'forget'"],
  [['trust', 'sync', 'status'], "too many arguments for 'sync'"],
  [['trust', 'sync', '--days', '3'], "unknown option '--days'"],
  [['trust', 'status', '--out', 'x'], "unknown option '--out'"],
  [['trust', 'status', '--days', 'x'], 'Write a whole number'],
  [['trust', 'status', '--cloud', 'Azure'], "'Azure' is invalid. The clouds are AzurePublicCloud"],
])('%j is told what is wrong', async (args, complaint) => {
  const { code, complaints } = await run(...args);
  expect(code).toBe(1);
  expect(complaints).toContain(complaint);
});

test.each([
  ['linux', { HOME: '/home/ada' }, '/home/ada/.local/share/countersign/trust'],
  ['linux', { HOME: '/home/ada', XDG_DATA_HOME: '/data' }, '/data/countersign/trust'],
  ['linux', { HOME: '/home/ada', XDG_DATA_HOME: 'data' }, '/home/ada/.local/share/countersign/trust'],
  ['darwin', { HOME: '/Users/ada' }, '/Users/ada/Library/Application Support/countersign/trust'],
  ['win32', { LOCALAPPDATA: 'C:\\Users\\ada\\AppData\\Local' }, 'C:\\Users\\ada\\AppData\\Local\\countersign\\trust'],
  ['linux', {}, null],
  ['win32', { HOME: '/home/ada' }, null],
] as const)('on %s with %j, certificates are kept in %s', (platform, env, folder) => {
  expect(findSyncedDirectory(env, platform)).toBe(folder);
});

test.skipIf(!hasShared)('sync without --out fills the data folder, and status --local reads it', async () => {
  const home = temporaryFolder();
  const env = { HOME: home, LOCALAPPDATA: home };
  const folder = findSyncedDirectory(env) ?? '';
  const synced = await runWith(env, 'trust', 'sync', '--from', sharedPath('pki', 'certificates'));
  expect(synced).toMatchObject({ code: 0, out: expect.stringContaining(`kept in ${folder}`) as string });
  expect((await runWith(env, 'trust', 'status', '--local')).code).toBe(0);
  expect((await run('trust', 'status', '--local')).code).toBe(2);
});

test('sync without --out and without a home is wrong usage', async () => {
  const { code, complaints } = await run('trust', 'sync');
  expect(code).toBe(1);
  expect(complaints).toContain('Give --out DIR');
});
