import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VERSION } from '../../../src/client/version.ts';
import { buildDeb } from '../../../src/dev/agentPackage/deb.ts';
import { buildAgent, buildExecutable } from '../../../src/dev/buildAgent.ts';
import { useStack } from '../../operators/useStack.ts';
import { runsPrograms } from '../../support/programs.ts';

/** The agent as it is shipped, under the Nodes of this machine, against the real service and the emulator. */

const folder = mkdtempSync(join(tmpdir(), 'countersign-agent-'));
const stack = useStack();
let file = '';

beforeAll(async () => {
  file = await buildAgent(folder);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Other Nodes than the one that runs this. */
const OTHERS = ['/usr/local/bin/node', '/usr/bin/node'].filter((path) => existsSync(path));

function environment(vm: string): NodeJS.ProcessEnv {
  const { serviceUrl, imdsUrl, rootKeys } = stack();
  return {
    ...{ COUNTERSIGN_ISSUER: serviceUrl, COUNTERSIGN_PRODUCT: 'contoso/gateway' },
    ...{ COUNTERSIGN_IMDS_URL: `${imdsUrl}/vms/${vm}`, COUNTERSIGN_TRUST: JSON.stringify({ rootKeys }) },
    ...{ COUNTERSIGN_FOLDER: join(folder, vm), COUNTERSIGN_RUN_FOLDER: join(folder, `${vm}-run`) },
  };
}

async function run(command: readonly [string, ...string[]], env: NodeJS.ProcessEnv) {
  const [program, ...args] = command;
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  const [stdout, stderr] = await Promise.all([readText(child.stdout), readText(child.stderr)]);
  const [code] = (await ended) as [number | null];
  return { code, stdout, stderr };
}

test('the file is one, small, and runs by itself', () => {
  const text = readFileSync(file, 'utf8');
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(250 * 1024);
  expect(text).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(statSync(file).mode & 0o111).toBe(0o111);
  expect(
    [...text.matchAll(/\bfrom\s*["']([^"']+)["']/g)]
      .map(([, name]) => name)
      .filter((name) => name?.startsWith('node:') !== true),
  ).toEqual([]);
});

test.each([process.execPath, ...OTHERS])('it licenses a VM, on %s', async (node) => {
  const vm = node === process.execPath ? 'licensed' : 'licensed-2';
  const first = await run([node, file, 'check', '--json'], environment(vm));
  expect(JSON.parse(first.stdout)).toMatchObject({
    state: 'licensed',
    code: null,
    trust: 'rootKeys',
    features: { nodes: 16 },
  });
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(await run([node, file, 'status'], environment(vm))).toMatchObject({ code: 0 });
  const doctor = await run([node, file, 'doctor', '--json'], environment(vm));
  expect(JSON.parse(doctor.stdout)).toMatchObject({ findings: [] });
  expect(doctor).toMatchObject({ code: 0, stderr: '' });
  const released = await run([node, file, 'release'], environment(vm));
  expect(released.stdout).toMatch(/^The seat is free at /);
});

test('the service refuses a VM of a subscription that it does not know', async () => {
  expect((await run([process.execPath, file, 'check', '--wait', '0s'], environment('stranger'))).code).toBe(11);
});

const canInject = ((): boolean => {
  try {
    createRequire(new URL('../../../src/dev/buildAgent.ts', import.meta.url)).resolve('postject/dist/cli.js');
    return true;
  } catch {
    return false;
  }
})();

let built: Promise<string> | undefined;
/** It takes seconds: it is built once. */
const executableOf = () => (built ??= buildExecutable(join(folder, 'executable')));

test.skipIf(!runsPrograms || !canInject)(
  'the single executable needs no Node, and NODE_OPTIONS has no say',
  async () => {
    const executable = await executableOf();
    const env = { ...environment('second'), NODE_OPTIONS: '--require=/nowhere --inspect' };
    expect(await run([executable, 'version'], env)).toEqual({
      code: 0,
      stdout: `countersign-agent ${VERSION}\n`,
      stderr: '',
    });
    expect(await run([executable, 'check'], env)).toMatchObject({ code: 0, stderr: '' });
    expect(await run([executable, '--inspect'], env)).toMatchObject({ code: 64 });
  },
);

/** The mode and the path of each file, as `dpkg-deb --contents` lists them. */
function contentsOf(deb: string): readonly string[] {
  const { stdout } = spawnSync('dpkg-deb', ['--contents', deb], { encoding: 'utf8' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines.filter((line) => !/^\S+ root\/root /.test(line))).toEqual([]);
  return lines
    .map((line) => `${line.slice(0, 10)} ${line.split(' ./').at(-1) ?? ''}`)
    .filter((line) => !line.startsWith('d') || line.endsWith('etc/countersign/'))
    .toSorted();
}

const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0;

test.skipIf(!runsPrograms || !canInject || !hasDpkg)('the Debian package has all that the VM needs', async () => {
  const deb = buildDeb({ outDir: join(folder, 'deb'), executable: await executableOf(), compression: 'none' });
  expect(contentsOf(deb)).toEqual([
    '-rw-r--r-- usr/lib/systemd/system/countersign-gate.path',
    '-rw-r--r-- usr/lib/systemd/system/countersign-gate.service',
    '-rw-r--r-- usr/lib/systemd/system/countersign-gate.timer',
    '-rw-r--r-- usr/lib/systemd/system/countersign-licensed.target',
    '-rw-r--r-- usr/lib/systemd/system/countersign.service',
    '-rw-r--r-- usr/lib/sysusers.d/countersign.conf',
    '-rw-r--r-- usr/share/doc/countersign-agent/changelog.gz',
    '-rw-r--r-- usr/share/doc/countersign-agent/copyright',
    '-rw-r--r-- usr/share/doc/countersign-agent/examples/agent.json',
    '-rw-r--r-- usr/share/lintian/overrides/countersign-agent',
    '-rw-r--r-- usr/share/man/man1/countersign-agent.1.gz',
    '-rwxr-xr-x usr/bin/countersign-agent',
    'drwxr-xr-x etc/countersign/',
  ]);
  const read = (field: string) => spawnSync('dpkg-deb', ['--field', deb, field], { encoding: 'utf8' }).stdout.trim();
  expect(['Package', 'Version', 'Recommends'].map(read)).toEqual(['countersign-agent', VERSION, 'systemd']);
  const root = join(folder, 'unpacked');
  spawnSync('dpkg-deb', ['--raw-extract', deb, root]);
  expect(readFileSync(join(root, 'usr/share/doc/countersign-agent/copyright'), 'utf8')).toContain(
    'Node.js is licensed',
  );
  // Without systemd there is nothing to enable, and nothing fails.
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  symlinkSync('/bin/rm', join(tools, 'rm'));
  const scripts = { postinst: 'configure', prerm: 'remove', postrm: 'purge' };
  const outcomes = Object.entries(scripts).map(([script, action]) => {
    const args = [join(root, 'DEBIAN', script), action];
    const { status, stderr } = spawnSync('/bin/sh', args, { encoding: 'utf8', env: { PATH: tools, DPKG_ROOT: root } });
    return { status, stderr };
  });
  expect(outcomes).toEqual(Array.from(outcomes, () => ({ status: 0, stderr: '' })));
});
