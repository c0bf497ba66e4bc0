import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { connect, createServer as createSocketServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import type { Terminal } from '../../src/cli/command.ts';
import { columnsOf, wrap } from '../../src/cli/layout.ts';
import { runCommandLine } from '../../src/cli/runCommandLine.ts';
import { escapeUnprintable, jsonLine } from '../../src/cli/printable.ts';
import { formatTable } from '../../src/cli/table.ts';
import { recordIo } from './recordIo.ts';

/** How the command line behaves towards people, terminals and the programs that read it. */

async function listen(serve: RequestListener): Promise<Readonly<Record<string, string>>> {
  const server = createServer(serve);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return { COUNTERSIGN_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, COUNTERSIGN_TOKEN: 'x' };
}

const PLAIN: Terminal = { columns: 80, hasColour: false };
const VM = '02aab8a4-74ef-476e-8182-f6d2ba4166a6';
const OTHER = '11111111-0000-4000-8000-000000000009';
const LEAVING = '11111111-0000-4000-8000-000000000008';
const RAW = 'agent\u009b31m\u202etxt\u0007';

const activation = { id: 'x', etag: '"1"', vmId: VM, licence: 'fabrikam', client: RAW, keyChanges: [], seat: 3 };
const listOne: RequestListener = (_, response) => {
  response.end(JSON.stringify({ items: [activation], continuation: null }));
};

test.each([null, PLAIN])('raw words of a VM are escaped in JSON and replaced in tables, on %j', async (terminal) => {
  const env = await listen(listOne);
  const list = async (...args: string[]) => {
    const io = recordIo([], { env, terminal });
    expect(await runCommandLine(['activations', 'list', '--vm', VM, ...args], io)).toBe(0);
    return io.written.out;
  };
  const json = await list('--json');
  expect(json).toContain('agent\\u009b31m\\u202etxt\\u0007');
  expect(JSON.parse(json)).toMatchObject([{ client: RAW }]);
  expect(await list()).toContain('agent?31m?txt?');
});

test('what a terminal would obey is escaped, line ends and our own colours are not', () => {
  const red = '\u001b[31mno\u001b[39m';
  expect(escapeUnprintable(`${red}\r\na\tb\u001b[2J\u001b[8m\r\u{e0001}\n`)).toBe(
    `${red}\r\na\\u0009b\\u001b[2J\\u001b[8m\\u000d\\udb40\\udc01\n`,
  );
  expect(jsonLine({ a: '\u2028\ud800é😀' })).toBe('{"a":"\\u2028\\ud800é😀"}\n');
});

const COLUMNS = [
  ['ID', (item: Record<string, string>) => item['id']],
  ['NOTE', (item: Record<string, string>) => item['note']],
] as const;

test('a table that is wider than the terminal becomes blocks, and no id is broken', () => {
  const items = [
    { id: VM, note: 'a customer with a long story' },
    { id: VM, note: 'short' },
  ];
  const at = (columns: number) => formatTable(items, COLUMNS, { columns, hasColour: false });
  expect(formatTable(items, COLUMNS, null)).toBe(at(80));
  expect(at(66)).toMatch(/^ID +NOTE\n02aab8a4/);
  expect(at(60)).toBe(`  ID    ${VM}\n  NOTE  a customer with a long story\n\n  ID    ${VM}\n  NOTE  short\n`);
  for (const columns of [40, 45, 50, 65]) {
    const lines = at(columns).split('\n');
    expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(columns);
    expect(lines.filter((line) => line.includes(VM))).toHaveLength(2);
  }
});

test('a line is broken at blanks alone, and wide characters count twice', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap(`see ${VM} now`, 20)).toEqual(['see', VM, 'now']);
  expect(wrap('', 5)).toEqual(['']);
  expect(columnsOf('日本e\u0301😀')).toBe(7);
});

test('colour is for terminals that have it, and says nothing alone', async () => {
  const run = async (terminal: Terminal | null) => {
    const io = recordIo([Buffer.from('no document')], { terminal });
    expect(await runCommandLine(['verify', '-'], io)).toBe(2);
    return io.written.out;
  };
  const coloured = await run({ columns: 500, hasColour: true });
  const plain = await run({ columns: 500, hasColour: false });
  expect(coloured).toMatch(/^\u001b\[31mrejected: document_malformed\u001b\[39m\n/);
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(plain);
  expect(await run(null)).toBe(plain);
});

const LICENCE = {
  offer: { offer: 'a/b/c', status: 'active', seats: 20, trial: { days: 30, seats: 5 } },
  licence: {
    ...{ id: 'fabrikam', status: 'active', seats: 20, overage: 2, skus: '*', validUntil: null, offer: 'a/b/c' },
    subscriptions: [
      { cloud: 'AzurePublicCloud', subscription: VM, until: null },
      { cloud: 'AzurePublicCloud', subscription: LEAVING, until: '2027-06-01T00:00:00Z' },
    ],
    customer: { name: 'Fabrikam', reference: null, contact: null },
  },
  subscription: VM,
  override: { status: 'active', seats: null, overage: null, validUntil: null, features: {}, note: '' },
  effect: { vms: 12, licences: [], pins: ['Contoso CA'], clouds: ['AzurePublicCloud'] },
  etag: '"1"',
  changedBy: 'somebody',
  changedAt: '2026-11-23T00:00:00Z',
  items: [{ id: 'x', licence: 'fabrikam', uses: 3, used: [] }],
};

/** A service with one licence, and what was written to it. */
async function oneLicence() {
  const writes: string[] = [];
  const env = await listen((request, response) => {
    const { method = '', url = '' } = request;
    if (method !== 'GET' && !url.includes('dryRun=true')) writes.push(`${method} ${url}`);
    response.end(JSON.stringify(LICENCE));
  });
  const run = async (args: readonly string[], answers: readonly string[] | null) => {
    const left = [...(answers ?? [])];
    const ask = answers === null ? null : () => Promise.resolve(left.shift() ?? '');
    const io = recordIo([], { env, ask });
    const code = await runCommandLine(args, io);
    return { code, ...io.written };
  };
  return { run, writes };
}

const STOPPING: readonly (readonly [readonly string[], string])[] = [
  [['licences', 'suspend', 'fabrikam'], 'Suspends the licence fabrikam. 12 VMs have a seat under it.'],
  [['licences', 'revoke', 'fabrikam'], 'Revokes the licence fabrikam. 12 VMs have a seat under it.'],
  [['licences', 'delete', 'fabrikam'], 'Deletes the licence fabrikam. 12 VMs have a seat under it.'],
  [['licences', 'set', 'fabrikam', '--seats', '5'], 'Changes seats from 20 to 5 of the licence fabrikam.'],
  [['licences', 'set', 'fabrikam', '--valid-until', '2027-01-01T00:00:00Z'], 'Changes validUntil from -'],
  [['licences', 'set', 'fabrikam', '--skus', 'a,b'], 'Changes skus from * to a, b'],
  [
    ['licences', 'set', 'fabrikam', '--end-subscription', `${VM}=2027-01-01T00:00:00Z`],
    `Changes subscriptions, without or with an end for ${VM} of the licence fabrikam.`,
  ],
  [
    ['licences', 'set', 'fabrikam', '--add-subscription', OTHER, '--remove-subscription', VM],
    `Changes subscriptions, without or with an end for ${VM} of the licence fabrikam.`,
  ],
  [
    ['licences', 'set', 'fabrikam', '--remove-subscription', LEAVING],
    `Changes subscriptions, without or with an end for ${LEAVING} of the licence fabrikam.`,
  ],
  [
    ['licences', 'set', 'fabrikam', '--end-subscription', `${LEAVING}=2026-12-01T00:00:00Z`],
    `Changes subscriptions, without or with an end for ${LEAVING} of the licence fabrikam.`,
  ],
  [['licences', 'set', 'fabrikam', '--overage', '5%'], 'Changes overage from 2 to 5% of the licence fabrikam.'],
  [['offers', 'set', 'a/b/c', '--trial-days', 'none'], 'Changes trial from'],
  [['offers', 'set', 'a/b/c', '--trial-seats', '1'], 'Changes trial from'],
  [['claims', 'revoke', 'x'], 'Revokes the claim code x of the licence fabrikam, which has 3 of 3 uses left.'],
  [['offers', 'override', 'set', 'a/b/c', '--subscription', VM, '--seats', '1'], 'Changes seats from 20 to 1'],
  [['offers', 'override', 'remove', 'a/b/c', '--subscription', VM], 'Removes the override of the subscription'],
  [['offers', 'suspend', 'a/b/c'], 'Suspends the offer'],
  [['offers', 'delete', 'a/b/c'], 'Deletes the offer'],
  [['activations', 'block', VM, '--licence', 'fabrikam'], `Blocks the VM ${VM} under fabrikam.`],
  [
    ['trust', 'remove', 'ab12', '--cloud', 'AzurePublicCloud'],
    'Removes the pin ab12 of AzurePublicCloud. It is of Contoso CA. AzurePublicCloud is left without a complete path',
  ],
  [
    ['trust', 'distrust', 'ab12'],
    'Distrusts ab12. It is of Contoso CA. AzurePublicCloud is left without a complete path',
  ],
];

test.each(STOPPING)('%j tells its effect and asks', async (args, effect) => {
  const { run, writes } = await oneLicence();
  const unasked = await run(args, null);
  expect(unasked).toMatchObject({ code: 1, out: '' });
  expect(unasked.complaints).toContain(effect);
  expect(unasked.complaints).toContain('Repeat it with --yes');
  for (const answer of ['', 'n', 'no', 'yesterday']) {
    const refused = await run(args, [answer]);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.complaints).toContain('Nothing was changed.');
  }
  expect(writes).toEqual([]);
  expect((await run(args, ['y'])).code).toBe(0);
  expect((await run([...args, '--yes'], null)).code).toBe(0);
  expect(writes).toHaveLength(2);
});

test.each([
  [['licences', 'set', 'fabrikam', '--seats', '30']],
  [['licences', 'set', 'fabrikam', '--seats', 'unlimited', '--skus', '*', '--valid-until', 'none', '--note', 'x']],
  [['licences', 'resume', 'fabrikam']],
  [['offers', 'override', 'set', 'a/b/c', '--subscription', VM, '--seats', '30']],
  [['offers', 'override', 'set', 'a/b/c', '--subscription', VM, '--note', 'x']],
  [['activations', 'unblock', VM, '--licence', 'fabrikam']],
])('%j stops nobody, and does not ask', async (args) => {
  const { run } = await oneLicence();
  const { complaints } = await run(args, null);
  expect(complaints).not.toContain('--yes');
});

const MAIN = join(resolve(import.meta.dirname, '../..'), 'src/cli/main.ts');

const DECISION = { id: OTHER, at: '2026-11-23T00:00:00Z', code: 'licence_issued', vmId: VM, plan: null };

/** The command with standard input, and a reader that has gone: before it writes, or after its first octets. */
async function readLittle(
  args: readonly string[],
  { input = '', after }: { input?: string; after: 'nothing' | 'some' },
) {
  const csv = 'id,cloud\n'.padEnd(4 * 1024 * 1024, 'licence,emulator\n');
  const licences = JSON.stringify({ licences: Array.from({ length: 20_000 }, (_, id) => ({ id: `licence-${id}` })) });
  const items = Array.from({ length: 1_000 }, (_, seat) => ({ ...activation, seat }));
  const decisions = JSON.stringify({ items: [DECISION], continuation: null });
  const answers = {
    decisions,
    exports: csv,
    catalogue: licences,
    activations: JSON.stringify({ items, continuation: null }),
  };
  const env = await listen(({ url = '' }, response) => {
    response.end(Object.entries(answers).find(([name]) => url.includes(name))?.[1]);
  });
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...env, PATH: process.env['PATH'] } });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => undefined).end(input);
  const complaints = readAll(child.stderr);
  const ended = once(child, 'close');
  if (after === 'some') await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code, signal] = (await ended) as [number | null, string | null];
  return { code, signal, complaints: withoutWaits(await complaints) };
}

/** On a busy machine a command can wait for more than a second, and says so. */
function withoutWaits(complaints: string): string {
  return complaints.replace(/^(?:waiting for the service …|… \d+ s)\n/gm, '');
}

const QUIETLY = { code: 0, signal: null, complaints: '' };

test.each([
  [['licences', 'export']],
  [['licences', 'export', '--json']],
  [['activations', 'list', '--vm', VM, '--limit', '1000']],
  [['activations', 'list', '--vm', VM, '--limit', '1000', '--json']],
  [['--help']],
  [['licences', 'import', '--help']],
  [['verify', '--batch']],
])('a reader that closes the pipe ends %j quietly', async (args) => {
  const input = '{"id":1,"document":""}\n'.repeat(5_000);
  expect(await readLittle(args, { input, after: 'nothing' })).toEqual(QUIETLY);
  expect(await readLittle(args, { input, after: 'some' })).toEqual(QUIETLY);
});

// Between processes of Node a pipe is a socket. One that is closed before all was read can answer a write with
// ECONNRESET instead of EPIPE, if it is closed during the write. A reset TCP connection always does.
test('a reader that resets the connection ends the command quietly', async () => {
  const server = createSocketServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const output = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[reader]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(output, 'connect')]);
  const child = spawn(process.execPath, [MAIN, 'verify', '--batch'], {
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', output, 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  output.destroy();
  const complaints = readAll(child.stderr);
  const ended = once(child, 'close');
  child.stdin.on('error', () => undefined).write('{"id":1,"document":""}\n');
  await once(reader, 'data');
  reader.resetAndDestroy();
  child.stdin.end('{"id":2,"document":""}\n');
  const [code, signal] = (await ended) as [number | null, string | null];
  expect({ code, signal, complaints: await complaints }).toEqual(QUIETLY);
});

/** The command whose standard output is a file, opened so. */
function writeInto(path: string, flags: string) {
  const output = openSync(path, flags);
  onTestFinished(() => {
    closeSync(output);
  });
  const { status, stderr } = spawnSync(process.execPath, [MAIN, '--help'], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', output, 'pipe'],
    encoding: 'utf8',
  });
  return { status, stderr };
}

test.skipIf(!existsSync('/dev/full'))('output for which there is no space is a complaint', () => {
  expect(writeInto('/dev/full', 'w')).toEqual({
    status: 1,
    stderr:
      'countersign: standard output cannot be written: there is no space left. Free some space, or send it elsewhere\n',
  });
});

test('output that cannot be written for another reason is a complaint without a word of space', () => {
  expect(writeInto(MAIN, 'r')).toEqual({
    status: 1,
    stderr: 'countersign: standard output cannot be written: EBADF. Send it elsewhere\n',
  });
});

const WAITING = 'Waiting for decisions. Ctrl-C ends this.\n';
/** No second question comes while the test runs: nothing is written that could find the reader gone. */
const TAIL = ['decisions', 'tail', '--interval', '3600'];

test('a command that waits ends soon after the reader of its socket has gone', async () => {
  expect(await readLittle(TAIL, { after: 'some' })).toEqual({ ...QUIETLY, complaints: WAITING });
});

const hasGnuTail = process.platform === 'linux' && spawnSync('tail', ['--version']).stdout.includes('GNU');

/** The command in a shell, with a pipe to another program. It has printed one decision when this returns. */
async function tailInto(program: string) {
  const env = await listen((_, response) => {
    response.end(JSON.stringify({ items: [DECISION], continuation: null }));
  });
  const script = `{ "$0" "$@" & echo "pid $!" >&2; wait $!; echo "ended $?" >&2; } | ${program}`;
  const child = spawn('sh', ['-c', script, process.execPath, MAIN, ...TAIL], {
    env: { ...env, PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { out: '', complaints: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.complaints += text));
  const closed = once(child, 'close');
  while (!written.complaints.includes(WAITING)) await once(child.stderr, 'data');
  const pid = Number(/^pid (\d+)$/m.exec(written.complaints)?.[1]);
  onTestFinished(() => {
    if (child.exitCode === null) process.kill(pid, 'SIGKILL');
  });
  const end = async () => {
    await closed;
    return { out: written.out, complaints: withoutWaits(written.complaints).replace(/^pid \d+\n/, '') };
  };
  return { pid, end };
}

test.skipIf(!hasGnuTail)('a command that waits ends soon after the reader of its pipe has gone', async () => {
  const { end } = await tailInto('head -n 1');
  const { out, complaints } = await end();
  expect(out).toMatch(/^TIME +CODE +VM/);
  expect(complaints).toBe(`${WAITING}ended 0\n`);
});

test.skipIf(!hasGnuTail).each([
  ['SIGTERM', 0],
  ['SIGKILL', 137],
] as const)('%s: the reader of the pipe sees its end, though something watched it', async (signal, code) => {
  const { pid, end } = await tailInto('cat');
  process.kill(pid, signal);
  const { out, complaints } = await end();
  expect(out).toContain(VM);
  expect(complaints).toMatch(new RegExp(`^${WAITING}(?:Killed\n)?ended ${code}\n$`));
});
