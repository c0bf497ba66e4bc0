import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { Agent } from '../../../../src/client/agent/agent.ts';
import { lookAtConfiguration } from '../../../../src/client/agent/doctor/gather/configuration.ts';
import type { Circumstances } from '../../../../src/client/agent/doctor/gather/circumstances.ts';
import { lookAtFolder } from '../../../../src/client/agent/doctor/gather/folder.ts';
import { reach } from '../../../../src/client/agent/doctor/gather/service/reach.ts';
import { lookAtExtraAuthorities } from '../../../../src/client/agent/doctor/gather/service/extraAuthorities.ts';
import { lookAtTrust } from '../../../../src/client/agent/doctor/gather/trust.ts';
import { pathsOf } from '../../../../src/client/agent/paths.ts';
import { readConfiguration } from '../../../../src/client/agent/settings/configuration.ts';
import { settingsOf } from '../../../../src/client/agent/settings/settings.ts';
import { REAL_ADAPTERS } from '../../../../src/client/adapters/real.ts';
import { ClientError } from '../../../../src/client/clientError.ts';
import { LockSeeker } from '../../../../src/client/folder/lock.ts';
import { NO_IMDS_TIMES } from '../../../../src/client/folder/lockRecord.ts';
import { openSession } from '../../../../src/client/session.ts';
import { createFolder } from '../../support/scene.ts';
import { runsPrograms } from '../../../support/programs.ts';
import { findFreePort, startSilent } from './servers.ts';

const SOURCES = resolve(import.meta.dirname, '../../../../src/client/agent/doctor');

/** What is recorded in the fixtures is what a real machine shows. */

async function circumstancesOf(env: NodeJS.ProcessEnv): Promise<Circumstances> {
  const paths = pathsOf(process.platform, env);
  const configuration = await readConfiguration({ env, paths, uid: process.geteuid?.() });
  const settings = settingsOf(configuration, { folder: '/state' }, {});
  const session = settings instanceof ClientError ? settings : openSession(settings);
  return { env, agent: { configuration, session } as Agent } as Circumstances;
}

const SOUND = { issuer: 'https://licences.contoso.com', product: 'contoso/widget', trust: 'first-use' };

async function writeFile(text: string): Promise<string> {
  const path = join(await createFolder(), 'agent.json');
  writeFileSync(path, text, { mode: 0o644 });
  return path;
}

test('a file that others can write is judged by its mode', async () => {
  const path = await writeFile(JSON.stringify(SOUND));
  const look = async () => lookAtConfiguration(await circumstancesOf({ COUNTERSIGN_CONFIG: path }));
  const file = { kind: 'file', mode: 0o644 };
  expect(await look()).toMatchObject({
    path,
    file,
    broken: null,
    members: ['issuer', 'product', 'trust'],
    rival: null,
  });
  chmodSync(path, 0o666);
  expect(await look()).toMatchObject({ file: { mode: 0o666 }, broken: expect.stringContaining('mode 666') as string });
});

test('a file that is no JSON is named with its line, and nothing of what it holds', async () => {
  const path = await writeFile('{\n "issuer": "a secret"\n "trust": 1 }');
  const seen = await lookAtConfiguration(await circumstancesOf({ COUNTERSIGN_CONFIG: path }));
  expect(seen).toMatchObject({ broken: `${path}: line 3: not JSON`, members: [], faults: [] });
});

test('without a file and without variables there is no configuration', async () => {
  const seen = await lookAtConfiguration(await circumstancesOf({ ProgramData: await createFolder() }));
  expect(seen).toMatchObject({ file: null, broken: null, members: [], rival: null });
});

test('variables that do not count are named without their values', async () => {
  const env = {
    COUNTERSIGN_CONFIG: await writeFile(JSON.stringify(SOUND)),
    COUNTERSIGN_ISSUER: 'https://other.example',
  };
  const { ignored } = await lookAtConfiguration(await circumstancesOf(env));
  expect(ignored).toEqual(['COUNTERSIGN_ISSUER']);
});

test('a shipped key set without a key cannot be used', async () => {
  const trust = JSON.stringify({ keySet: { keys: [] } });
  const env = { COUNTERSIGN_ISSUER: SOUND.issuer, COUNTERSIGN_PRODUCT: SOUND.product, COUNTERSIGN_TRUST: trust };
  expect(lookAtTrust(await circumstancesOf(env))).toMatchObject({ kind: 'keySet', isUsable: false });
  expect(lookAtTrust(await circumstancesOf({ ...env, COUNTERSIGN_TRUST: 'first-use' }))).toMatchObject({
    ...{ kind: 'first-use', isUsable: true },
  });
});

test('a name that no name server knows, a port that refuses, and one that accepts', async () => {
  const { failed } = await reach(new URL('https://licences.invalid'));
  expect(failed).toMatchObject({ step: 'name', code: expect.stringMatching(/^(?:ENOTFOUND|EAI_AGAIN)$/) as string });
  const refused = await reach(new URL(`http://127.0.0.1:${await findFreePort()}`));
  expect(refused).toMatchObject({ addresses: ['127.0.0.1'], failed: { step: 'connection', code: 'ECONNREFUSED' } });
  expect(await reach(new URL(`http://127.0.0.1:${await startSilent()}`))).toMatchObject({ failed: null });
});

test('the lock of the state folder is told with its holder, and the room on its disk', async () => {
  const folder = await createFolder();
  const agent = { folder, configuration: { runFolder: join(folder, 'absent') } } as Agent;
  const look = () => lookAtFolder({ agent } as Circumstances);
  const taken = await new LockSeeker({ ...REAL_ADAPTERS, folder }).attempt();
  if (taken.outcome !== 'held') throw new Error('The lock is not free.');
  const seen = await look();
  expect(seen).toMatchObject({ holder: { pid: process.pid }, unwritable: null, agentUser: null });
  expect(seen).toMatchObject({
    room: { octets: expect.any(Number) as number },
    files: [{ name: 'lock.1', kind: 'file' }],
  });
  await taken.lock.release(NO_IMDS_TIMES);
  expect(await look()).toMatchObject({ holder: null });
});

const canMount = runsPrograms && spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
const LOOK = `import { lookAtFolder } from ${JSON.stringify(pathToFileURL(resolve(SOURCES, 'gather/folder.ts')).href)};
const agent = { folder: process.argv[1], configuration: { runFolder: '/absent' } };
console.log(JSON.stringify(await lookAtFolder({ agent })));`;

/** What is seen of a file system that is mounted over the folder, in a namespace that ends with it. */
async function lookWithin(options: string, fill = 'true'): Promise<unknown> {
  const script = `mount -t tmpfs -o ${options} none "$1" && cd "$1" && ${fill}; exec "$2" --input-type=module -e "$3" "$1"`;
  const words = ['-m', 'sh', '-c', script, 'sh', await createFolder(), process.execPath, LOOK];
  const { stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test.runIf(canMount)('a file system that is full, without inodes or read-only shows itself', async () => {
  const full = await lookWithin('size=64k', 'head -c 60k /dev/zero > a');
  expect(full).toMatchObject({ room: { octets: 4096 }, unwritable: null });
  expect(await lookWithin('nr_inodes=3', 'touch a b')).toMatchObject({ room: { files: 0 }, unwritable: null });
  expect(await lookWithin('ro')).toMatchObject({ unwritable: 'EROFS' });
});

test('NODE_EXTRA_CA_CERTS is read by the user who asks', async () => {
  const path = await writeFile('-----BEGIN CERTIFICATE-----\n');
  const absent = `${path}.absent`;
  expect(lookAtExtraAuthorities({})).toBeNull();
  expect(lookAtExtraAuthorities({ NODE_EXTRA_CA_CERTS: path })).toMatchObject({ failed: null, inFile: 1 });
  expect(lookAtExtraAuthorities({ NODE_EXTRA_CA_CERTS: absent })).toMatchObject({ failed: 'ENOENT', inFile: 0 });
});
