import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Namespace } from './namespace.ts';

/*
 * The agents of Debian's image for Azure read the emulator: cloud-init, as it does at every boot, and waagent. Their
 * packages are unpacked into `.work/debian` once, and not installed: nothing of this machine changes.
 */

const FOLDER = resolve(import.meta.dirname, '../../.work/debian');
const ARCHIVES = join(FOLDER, 'archives');
const UNPACKED = join(FOLDER, 'root');
const MODULES = join(UNPACKED, 'usr/lib/python3/dist-packages');

/** @returns what went wrong */
function run(program: string, ...args: readonly string[]): string | null {
  const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error) return error.message;
  return status === 0 ? null : `${program}: ${stderr.trim().split('\n').at(-1) ?? ''}`;
}

/** Why they are not here; null where they are. */
function unpackAgents(): string | null {
  if (process.env['GUEST_AGENTS'] !== '1') return 'npm run full runs it';
  if (existsSync(join(MODULES, 'azurelinuxagent')) && existsSync(join(MODULES, 'cloudinit'))) return null;
  mkdirSync(join(ARCHIVES, 'partial'), { recursive: true });
  const fetched = [
    '-o',
    `Dir::Cache::archives=${ARCHIVES}`,
    'install',
    '--download-only',
    '--no-install-recommends',
    '-y',
  ];
  const problem = run('apt-get', 'update') ?? run('apt-get', ...fetched, 'cloud-init', 'waagent');
  if (problem !== null) return `Debian's packages cannot be fetched, which takes root and a network: ${problem}`;
  for (const archive of globSync(join(ARCHIVES, '*.deb'))) {
    const unpacked = run('dpkg-deb', '--extract', archive, UNPACKED);
    if (unpacked !== null) return unpacked;
  }
  return null;
}

const missing = unpackAgents();
const namespace = missing === null ? new Namespace('agents') : null;
const absent = missing ?? namespace?.absent ?? null;
// The reporter shows that tests are skipped, but not why.
if (absent !== null) process.stderr.write(`test/emulator/guestAgents.test.ts is skipped: ${absent}\n`);

beforeAll(async () => {
  if (absent === null) await namespace?.startEmulator();
});
afterAll(() => namespace?.close());

/** What a program prints last, as JSON: the agents write their own notes before it. */
async function runPython(source: string): Promise<unknown> {
  const outcome = await namespace?.run(['/usr/bin/python3', '-c', source], { PYTHONPATH: MODULES });
  expect(outcome).toMatchObject({ code: 0 });
  return JSON.parse(outcome?.stdout.trim().split('\n').at(-1) ?? '');
}

// Debian 12 has the function in the data source, later releases in a module of its own.
const CLOUD_INIT = `
import json, time
try:
    from cloudinit.sources.azure.imds import fetch_metadata_with_api_fallback
    found, version = fetch_metadata_with_api_fallback(retry_deadline=time.time()), '2021-08-01'
except ImportError:
    from cloudinit.sources.DataSourceAzure import IMDS_VER_WANT as version, get_metadata_from_imds
    found = get_metadata_from_imds(retries=0, api_version=version)
print(json.dumps({'version': version, 'found': found}))`;

test.skipIf(absent !== null)('cloud-init gets 2021-08-01', async () => {
  expect(await runPython(CLOUD_INIT)).toMatchObject({
    version: '2021-08-01',
    found: {
      compute: { name: 'examplevmname', osProfile: { computerName: 'examplevmname' }, userData: '' },
      network: { interface: [{ macAddress: '000D3AF806EC' }] },
    },
  });
});

const WAAGENT = `
import json
from azurelinuxagent.common.protocol.imds import ImdsClient
client = ImdsClient('168.63.129.16')
compute = client.get_compute()
print(json.dumps({'valid': client.validate(), 'vmId': compute.vmId, 'offer': compute.offer}))`;

test.skipIf(absent !== null)('waagent finds the VM healthy', async () => {
  const vmId = '02aab8a4-74ef-476e-8182-f6d2ba4166a6';
  expect(await runPython(WAAGENT)).toEqual({ valid: [true, ''], vmId, offer: 'Windows' });
});

test.skipIf(absent !== null)('cloud-init accepts the example that installs our agent', async () => {
  const example = resolve(import.meta.dirname, '../../docs/examples/cloud-init/user-data');
  const command = ['/usr/bin/python3', '-m', 'cloudinit.cmd.main', 'schema', '--config-file', example];
  const outcome = await namespace?.run(command, { PYTHONPATH: MODULES });
  expect(outcome).toMatchObject({ code: 0 });
  expect(outcome?.stdout).toContain('Valid');
});
