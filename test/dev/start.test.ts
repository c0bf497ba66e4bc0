import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { findFreePort, isPortFree } from '../../src/dev/freePort.ts';
import { FAULT_NAMES } from '../../src/emulator/faults/faults.ts';
import { boot, createKey, send } from '../endToEnd/protocolClient.ts';
import { ROOT, jsonLines, runStart, spawnStart } from './startProcess.ts';
import type { Ended } from './startProcess.ts';

const TABLE_PORT = /TableEndpoint=http:\/\/127\.0\.0\.1:(\d+)\//;

/** The ports of everything that the line of `--json` names: service, IMDS, store. */
function portsOf({ service, imds, store }: Readonly<Record<string, unknown>>): readonly number[] {
  const table = TABLE_PORT.exec(String(store))?.[1];
  return [new URL(String(service)).port, new URL(String(imds)).port, table].map(Number);
}

async function expectAllFree(line: Readonly<Record<string, unknown>>): Promise<void> {
  const ports = portsOf(line);
  expect(ports.every((port) => port > 0)).toBe(true);
  expect(await Promise.all(ports.map(isPortFree))).toEqual([true, true, true]);
}

function childrenOf(pid: number): readonly number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return stdout.trim().split(/\s+/).map(Number);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function takenPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return String((server.address() as AddressInfo).port);
}

test('--once --json prints where everything is and the claims of a licence, two lines, and ends with 0', async () => {
  const { code, stdout, stderr } = await runStart(['--once', '--json']);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const [where = {}, second = {}, ...others] = jsonLines(stdout);
  expect(others).toEqual([]);
  expect(Object.keys(where)).toEqual(expect.arrayContaining(['service', 'imds', 'store', 'authority', 'log']));
  expect(where['rootKeys']).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
  expect(stderr).toMatch(new RegExp(`^ {2}root key +thumbprint ${String((where['rootKeys'] as string[])[0])}, `, 'm'));
  expect(Object.keys(second)).toEqual(['claims']);
  const claims = second['claims'] as Record<string, unknown>;
  expect(claims).toMatchObject({
    iss: where['service'],
    sub: expect.stringMatching(/^urn:azure:vm:[0-9a-f-]{36}$/) as string,
    aud: 'planPublisher/planProduct',
    cnf: { jkt: expect.stringMatching(/^[\w-]{43}$/) as string },
    azure: { cloud: 'emulator', region: 'westus' },
    licence: { id: 'demonstration', plan: { publisher: 'planPublisher', product: 'planProduct', name: 'planName' } },
  });
  expect(Number(claims['exp']) * 1000).toBeGreaterThan(Date.now());
  expect(stderr).toContain('IMDS emulator      starting …');
  expect(stderr).toContain('(Azurite), begins empty; --keep keeps it for the next start');
  expect(readFileSync(String(where['log']), 'utf8')).toContain('[information] ');
  expect(stderr).toContain('licensed');
  expect(stderr).toContain('denied: licence_suspended');
  await expectAllFree(where);
});

let onceEnded: Promise<Ended> | undefined;

/** One run of `--once`, which several tests look at. */
function runOnce(): Promise<Ended> {
  return (onceEnded ??= runStart(['--once']));
}

test('--once without --json shows each step, and the claims as JSON', async () => {
  const { code, stdout, stderr } = await runOnce();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const steps = ['store  ', 'IMDS emulator  ', 'service  ', 'key  ', 'challenge  ', 'attested document  ', 'licence  '];
  expect(steps.map((step) => stdout.indexOf(`\n  ${step}`)).every((place) => place > 0)).toBe(true);
  const claims = JSON.parse(/^\{\n.*?^\}$/ms.exec(stdout)?.[0] ?? '') as Record<string, unknown>;
  expect(claims['aud']).toBe('planPublisher/planProduct');
});

test('--once shows the operators’ half: grant, boot, suspend, a signed denial, and why', async () => {
  const { code, stdout } = await runOnce();
  expect(code).toBe(0);
  const id = /correlation id ([0-9a-f-]{36})/.exec(stdout)?.[1] ?? '';
  const scenes = [
    '\nlicensed\n',
    '\nlicensed\n',
    '$ countersign activations seats --licence customer',
    '$ countersign licences grant second-customer --cloud emulator',
    '"second-customer", valid until',
    '\nlicensed\n',
    '$ countersign licences suspend second-customer',
    '\ndenied: licence_suspended\n',
    `$ countersign decisions explain ${id}`,
    'licence_suspended: The licence is suspended',
    'If this customer may run again, resume the licence: countersign licences resume.',
  ];
  let place = stdout.indexOf('VMs of one customer boot in two subscriptions, under one licence');
  for (const scene of scenes) {
    place = stdout.indexOf(scene, place);
    expect(place, scene).toBeGreaterThan(0);
  }
  expect(stdout).not.toMatch(/eyJ[\w-]+\./);
});

test.each([
  ['wrong-signer', 2, 'issuer_unknown'],
  ['not-found', 1, 'imds_not_answering'],
])('--once --fault %s ends with %i and says %s', async (fault, code, output) => {
  const ended = await runStart(['--once', '--fault', fault]);
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: '' });
  expect(ended.stdout).toContain(output);
  expect(ended.stdout).not.toContain('"claims"');
});

test('--fault alone ends too, and with --json prints one line', async () => {
  const { code, stdout, stderr } = await runStart(['--fault', 'altered-content', '--json']);
  expect(code).toBe(2);
  expect(jsonLines(stdout)).toHaveLength(1);
  expect(stderr).toContain('refused: signature_invalid');
});

test.each([['--fault', 'no-such-fault'], ['--fault'], ['--onse'], ['once']])(
  '%s %s is wrong usage: exit 1, with help and nothing started',
  async (...args) => {
    const { code, stdout, stderr } = await runStart(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('npm start [-- --once] [--fault NAME] [--json]');
  },
);

test('--help explains options, every fault and the ports', async () => {
  const { code, stdout, stderr } = await runStart(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const text of ['--once', '--json', 'COUNTERSIGN_TABLE_PORT (10002)', ...FAULT_NAMES])
    expect(stdout).toContain(text);
});

test.each(['COUNTERSIGN_PORT', 'COUNTERSIGN_IMDS_PORT', 'COUNTERSIGN_TABLE_PORT'])(
  'a taken %s: exit 1, naming the port and the setting',
  async (setting) => {
    const port = await takenPort();
    const { code, stderr } = await runStart(['--once'], { [setting]: port });
    expect(code).toBe(1);
    expect(stderr).toContain(`Port ${port} of 127.0.0.1 is taken`);
    expect(stderr).toContain(`set ${setting} to another port`);
  },
);

test.each([
  [{ COUNTERSIGN_PORT: 'http' }, 'COUNTERSIGN_PORT is not a port'],
  [{ COUNTERSIGN_IMDS_PORT: '65536' }, 'COUNTERSIGN_IMDS_PORT is not a port'],
  [
    { COUNTERSIGN_PORT: '7080', COUNTERSIGN_IMDS_PORT: '7080' },
    'Port 7080 is given twice: set COUNTERSIGN_PORT or COUNTERSIGN_IMDS_PORT',
  ],
])('%j: exit 1, and what is wrong', async (env, complaint) => {
  const { code, stderr } = await runStart(['--once'], env);
  expect(code).toBe(1);
  expect(stderr).toContain(complaint);
});

test('--json alone prints one line and boots no VM; a VM of the fleet gets a licence; SIGINT ends all with 0', async () => {
  const start = spawnStart(['--json']);
  const progress = await start.says('stderr', 'Ctrl-C stops everything.');
  expect(progress).not.toContain('boots');
  const [where = {}, ...others] = jsonLines(await start.says('stdout', '\n'));
  expect(others).toEqual([]);
  const [service, imds, authority] = [String(where['service']), String(where['imds']), String(where['authority'])];
  for (const url of [service, imds]) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await send(`${service}/readyz`)).status).toBe(200);
  const [rootKey = ''] = where['rootKeys'] as readonly string[];
  expect((await send(`${service}/.well-known/jwks.jwt?root=${rootKey}`)).status).toBe(200);
  expect(where['console']).toBe(`${service}/console`);
  expect((await send(`${service}/console`)).text).toContain('<script type="module" src="/console/assets/console.');
  expect(progress).toContain(`${service}/console`);
  const licensed = await boot({ baseUrl: service, issuer: service, imdsUrl: imds, vm: 'fleet-7', key: createKey() });
  expect(licensed.status).toBe(200);
  const document = await send(`${imds}/metadata/attested/document?api-version=2020-09-01`, {
    headers: { Metadata: 'true' },
  });
  const verified = execFileSync(
    process.execPath,
    [
      join(ROOT, 'src/cli/main.ts'),
      'verify',
      '-',
      '--trust-pem',
      authority,
      '--domain',
      'metadata.emulator.test',
      '--json',
    ],
    { input: document.text, encoding: 'utf8' },
  );
  expect(JSON.parse(verified)).toMatchObject({ accepted: true, result: { cloud: 'custom', region: 'westus' } });
  const children = childrenOf(start.pid);
  expect(children).toHaveLength(2);
  start.interrupt();
  const { code, stderr, stdout } = await start.ended;
  expect({ code, lines: jsonLines(stdout).length }).toEqual({ code: 0, lines: 1 });
  expect(stderr).toContain('Stopping (SIGINT)');
  expect(children.filter(isRunning)).toEqual([]);
  await expectAllFree(where);
});

/** The operators' commands of the invitation, run as they are printed; what each writes to standard output. */
async function runPrinted(output: string): Promise<ReadonlyMap<string, string>> {
  const lines = output.slice(output.indexOf("The operators' side")).split('\n');
  const exports = lines.find((line) => line.startsWith('  export ')) ?? '';
  const commands = lines.flatMap((line) => /^ {2}npm run -s cli -- (.*)$/.exec(line)?.slice(1) ?? []);
  const run = async (command: string) => {
    const child = spawn('sh', ['-c', `${exports}\nnpm run -s cli -- ${command}`], { cwd: ROOT, detached: true });
    const ended = once(child, 'close');
    // This one goes on until Ctrl-C, which a terminal sends to the whole group.
    const isEndless = command === 'decisions tail';
    if (isEndless) child.stdout.once('data', () => process.kill(-(child.pid ?? 0), 'SIGINT'));
    const [out, complaints] = await Promise.all([readText(child.stdout), readText(child.stderr)]);
    const [code] = (await ended) as [number | null];
    if (!isEndless) expect({ command, code, complaints }).toMatchObject({ code: 0 });
    return [command, out] as const;
  };
  return new Map(await Promise.all(commands.map(run)));
}

test('without options a VM boots, then it runs until SIGINT', async () => {
  const start = spawnStart([]);
  const output = await start.says('stdout', 'Ctrl-C stops everything.');
  expect(output.indexOf('licensed\n')).toBeGreaterThan(output.indexOf('A VM boots'));
  expect(output.match(/\n {2}curl -s /g)).toHaveLength(3);
  const authority = /--trust-pem (\S+)/.exec(output)?.[1] ?? '';
  expect(existsSync(authority)).toBe(true);
  const [, COUNTERSIGN_URL = '', tokenFile = ''] = /COUNTERSIGN_URL=(\S+) .*cat (\S+)\)/.exec(output) ?? [];
  expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
  const env = { PATH: process.env['PATH'], COUNTERSIGN_URL, COUNTERSIGN_TOKEN: readFileSync(tokenFile, 'utf8') };
  const listed = execFileSync(process.execPath, [join(ROOT, 'src/cli/main.ts'), 'decisions', 'list', '--json'], {
    env,
  });
  expect(JSON.parse(listed.toString())).toHaveLength(5);
  const said = await runPrinted(output);
  expect(said.get('status')).toMatch(/^Ready: /);
  expect(said.get('search customer')).toMatch(/^Licences\nID .*\ncustomer /);
  expect(said.get('licences list')).toMatch(/^second-customer +suspended /m);
  expect([...said].find(([command]) => command.startsWith('decisions explain'))?.[1]).toContain('licence_suspended');
  expect(said.get('changes list --limit 5')).toContain('status: active → suspended');
  expect(said.get('licences suspend customer --dry-run')).toContain('active → suspended');
  expect(said.get('decisions tail')).toContain('licence_suspended');
  start.interrupt();
  expect(await start.ended).toMatchObject({ code: 0, stderr: '' });
});

test('interrupted while it starts, it stops what it started and ends with 0', async () => {
  const start = spawnStart(['--json']);
  await start.says('stderr', 'Azure Tables on port');
  const children = childrenOf(start.pid);
  start.interrupt();
  const { code, stderr } = await start.ended;
  expect(code).toBe(0);
  expect(stderr).toMatch(/\nStopping \(SIGINT\)\n$/);
  expect(children.length).toBeGreaterThan(0);
  expect(children.filter(isRunning)).toEqual([]);
});

/** Makes the folder that a start with this process id has. */
function createStartFolder(pid: number): string {
  const folder = join(ROOT, '.work', `start-${pid}`);
  mkdirSync(folder, { recursive: true });
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

test('the folder of an earlier start is removed, and the one of a start that runs is not', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  const [earlier, running] = [createStartFolder(pid), createStartFolder(process.pid)];
  const [where = {}] = jsonLines((await runStart(['--once', '--json'])).stdout);
  expect([earlier, running, String(where['log'])].map((path) => existsSync(path))).toEqual([false, true, true]);
});

/** Of a process that runs: its program and arguments. */
function commandLineOf(pid: number): string {
  return spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}

test('the service runs from the bundle, --log follows its log, and its folder goes with it', async () => {
  const start = spawnStart(['--json', '--log']);
  await start.says('stderr', 'Ctrl-C stops everything.');
  const [where = {}] = jsonLines(await start.says('stdout', '\n'));
  const folder = dirname(String(where['log']));
  const app = join(folder, 'app');
  expect(existsSync(join(app, 'functions.mjs'))).toBe(true);
  expect(childrenOf(start.pid).map(commandLineOf).join('\n')).toContain(`--root ${app} `);
  const [line = ''] = readFileSync(String(where['log']), 'utf8').split('\n');
  expect(line).not.toBe('');
  await start.says('stderr', `  service │ ${line}\n`);
  start.interrupt();
  expect((await start.ended).code).toBe(0);
  expect(existsSync(folder)).toBe(false);
});

test('--keep keeps rows, keys and authority for the next start', async () => {
  const ports = { COUNTERSIGN_PORT: String(await findFreePort()) };
  const folder = join(ROOT, '.work', `kept-${ports.COUNTERSIGN_PORT}`);
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const first = await runStart(['--once', '--json', '--keep'], ports);
  expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('(Azurite), begins empty\n') as string });
  const [before = {}] = jsonLines(first.stdout);
  const copy = join(folder, 'copied.pem');
  copyFileSync(String(before['authority']), copy);
  const start = spawnStart(['--json', '--keep'], ports);
  expect(await start.says('stderr', 'Ctrl-C stops everything.')).toContain('(Azurite), with the rows in ');
  const [after = {}] = jsonLines(await start.says('stdout', '\n'));
  expect(after['rootKeys']).toEqual(before['rootKeys']);
  const [service, imds] = [String(after['service']), String(after['imds'])];
  const tokens = after['operatorTokens'] as Readonly<Record<string, string>>;
  const headers = { Authorization: `Bearer ${tokens['Reader'] ?? ''}` };
  const licence = await send(`${service}/operator/v1/licences/second-customer`, { headers });
  expect(JSON.parse(licence.text)).toMatchObject({ licence: { id: 'second-customer', status: 'suspended' } });
  const document = await send(`${imds}/metadata/attested/document?api-version=2020-09-01`, {
    headers: { Metadata: 'true' },
  });
  const trust = ['--trust-pem', copy, '--domain', 'metadata.emulator.test', '--json'];
  const verified = execFileSync(process.execPath, [join(ROOT, 'src/cli/main.ts'), 'verify', '-', ...trust], {
    input: document.text,
  });
  expect(JSON.parse(verified.toString())).toMatchObject({ accepted: true });
  start.interrupt();
  expect((await start.ended).code).toBe(0);
  expect(existsSync(folder)).toBe(true);
});
