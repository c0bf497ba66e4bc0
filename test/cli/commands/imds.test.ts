import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { isPortFree } from '../../../src/dev/freePort.ts';
import { FAULT_NAMES } from '../../../src/emulator/faults/faults.ts';
import { spawnCli } from '../cliProcess.ts';
import { runIn } from '../documentFiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-imds-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** One for all that the tests start: making its keys takes seconds. */
const KEPT = ['--authority-dir', 'kept-authority', '--port', '0'];

const DOCUMENT = '/metadata/attested/document?api-version=2020-09-01&nonce=1234567890';

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const verify = (document: string) => {
  const trust = ['--trust-pem', 'authority.pem', '--domain', 'metadata.emulator.test'];
  return runIn(folder, ['verify', '-', '--json', ...trust], { stdin: document, now: Date.now() });
};

test.each(['SIGINT', 'SIGTERM'] as const)(
  'it says where it is, signs what its authority verifies, and ends at %s',
  async (signal) => {
    const running = spawnCli(['imds', ...KEPT, '--authority', 'authority.pem', '--json', '--vm', 'negasonic'], folder);
    const { url, vms } = JSON.parse(await running.firstLine()) as { url: string; vms: string[] };
    const customers = ['customer-production', 'customer-test', 'foreign-plan', 'without-plan', 'article'];
    expect(vms).toEqual(['negasonic', 'examplevmname', 'tracked', ...customers]);
    const answer = await fetch(url + DOCUMENT, { headers: { Metadata: 'true' } });
    const { code, out } = await verify(await answer.text());
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ result: { nonce: '1234567890', plan: { publisher: 'bitnami' } } });
    const pem = readFileSync(join(folder, 'authority.pem'), 'utf8');
    expect(pem.match(/-----BEGIN [A-Z ]+-----/g)).toEqual(new Array(4).fill('-----BEGIN CERTIFICATE-----'));
    running.signal(signal);
    const ended = await running.ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout.split('\n')).toHaveLength(2);
    expect(await isPortFree(Number(new URL(url).port))).toBe(true);
  },
);

test('for people it is one line; VMs come from a file, faults from options', async () => {
  const vm = {
    name: 'mine',
    vmId: '11111111-0000-4000-8000-000000000001',
    subscriptionId: 'aaaaaaaa-0000-4000-8000-000000000001',
  };
  writeFileSync(join(folder, 'vms.json'), JSON.stringify({ vms: [vm] }));
  const args = ['--vms', 'vms.json', '--authority', 'authority.pem', '--fault', 'expired', '--fault', 'empty-plan'];
  const running = spawnCli(['imds', ...KEPT, ...args], folder);
  const line = await running.firstLine();
  expect(line).toMatch(/^IMDS at http:\/\/127\.0\.0\.1:\d+, virtual machines at \S+\/vms\/NAME: mine, fleet-N$/);
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? '';
  const answer = await fetch(url + DOCUMENT, { headers: { Metadata: 'true' } });
  const { out } = await verify(await answer.text());
  expect(JSON.parse(out)).toMatchObject({ code: 'document_expired' });
  running.signal('SIGINT');
  expect((await running.ended).code).toBe(0);
});

test('a port that is taken is named, with what changes it', async () => {
  const port = await takenPort();
  const { code, out, complaints } = await runIn(folder, ['imds', '--port', String(port)]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toBe(
    `countersign imds: port ${port} of 127.0.0.1 is in use. Stop what uses it, or choose another with --port\n`,
  );
});

test('an authority’s file that cannot be written ends it, with nothing left running', async () => {
  const { code, stdout, stderr } = await spawnCli(['imds', ...KEPT, '--authority', 'gone/authority.pem'], folder).ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('gone/authority.pem');
  expect(existsSync(join(folder, 'gone'))).toBe(false);
});

test.each([
  [['imds', 'file'], "too many arguments for 'imds'"],
  [['imds', '--port', '65536'], "'65536' is invalid. Write a number from 0"],
  [['imds', '--port', 'x'], "'x' is invalid. Write a number from 0"],
  [['imds', '--port', '-1'], '--port'],
  [['imds', '--bind', 'localhost'], "'localhost' is invalid. Write an IP address"],
  [['imds', '--lifetime', '90'], "'90' is invalid. Write a time from 1s on"],
  [['imds', '--rate-limit', 'x'], "'x' is invalid. Write a whole number from 1 on, or 0"],
  [['imds', '--unknown-version', '500'], "'500' is invalid. Write 400 or 404"],
  [['imds', '--fault', 'no-such'], "'no-such' is invalid. The faults are wrong-signer, "],
])('%j is wrong usage', async (args, complaint) => {
  const { code, out, complaints } = await runIn(folder, args);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain(complaint);
  expect(complaints).toContain('See: countersign imds --help');
});

test.each([
  [['--vms', 'gone.json'], 'gone.json'],
  [['--scenario', 'gone.json'], 'gone.json'],
  [['--vm', 'nobody'], 'There is no VM nobody: choose one of examplevmname, negasonic, tracked'],
])('%j is a system error that says what to change', async (args, complaint) => {
  const { code, complaints } = await runIn(folder, ['imds', '--port', '0', ...args]);
  expect(code).toBe(1);
  expect(complaints).toContain(complaint);
});

const VM = { name: 'db-1', vmId: '0d4f0d5c-7c0f-4f0e-9b9e-6d2b2d6a9e11' };
const SUBSCRIPTION = '"subscriptionId":"7f8b6a52-1d2e-4c3b-8a9f-0e1d2c3b4a59"';

test.each([
  ['UTF-8 with a mark', (text: string) => Buffer.from(`\ufeff${text}`)],
  ['UTF-16 with a mark', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
])('VMs of a file in %s are read', async (_, encode) => {
  const vm = `${JSON.stringify(VM).slice(0, -1)},${SUBSCRIPTION}}`;
  writeFileSync(join(folder, 'marked.json'), encode(`{"vms":[${vm}]}`));
  const running = spawnCli(['imds', ...KEPT, '--vms', 'marked.json', '--json'], folder);
  expect(JSON.parse(await running.firstLine())).toMatchObject({ vms: ['db-1'] });
  running.signal('SIGINT');
  expect((await running.ended).code).toBe(0);
});

test('a key that a VM has twice is refused by its name', async () => {
  const vm = `${JSON.stringify(VM).slice(0, -1)},${SUBSCRIPTION},"name":"db-2"}`;
  writeFileSync(join(folder, 'twice.json'), `{"vms":[${vm}]}`);
  const { code, out, complaints } = await runIn(folder, ['imds', '--port', '0', '--vms', 'twice.json']);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain(
    'twice.json cannot be read as JSON: line 1, vms[0]: the key "name" appears twice in one object',
  );
});

const VERSIONS = '/metadata/versions';
const headers = { Metadata: 'true' };

/** Starts it with JSON, and ends it with the test. */
async function start(...args: string[]) {
  const running = spawnCli(['imds', ...KEPT, '--json', ...args], folder);
  const { url } = JSON.parse(await running.firstLine()) as { url: string };
  const end = () => {
    running.signal('SIGINT');
    return running.ended;
  };
  return { url, end };
}

test('an authority that a folder keeps is the same at the next start, at the same address', async () => {
  const first = await start('--authority', 'first.pem');
  await first.end();
  const second = await start('--authority', 'second.pem');
  expect(second.url).toBe(first.url);
  const [one, two] = ['first.pem', 'second.pem'].map((file) => readFileSync(join(folder, file), 'utf8'));
  expect(two).toBe(one);
  await second.end();
});

test('it answers where it is bound, and warns of a network', async () => {
  const inside = await start('--bind', '127.0.0.2');
  expect(inside.url).toMatch(/^http:\/\/127\.0\.0\.2:\d+$/);
  expect((await fetch(inside.url + VERSIONS, { headers })).status).toBe(200);
  expect((await inside.end()).stderr).toBe('');
  const outside = await start('--bind', '0.0.0.0');
  expect((await outside.end()).stderr).toBe(
    'countersign imds: 0.0.0.0 is neither a loopback nor a link-local address. Everybody who reaches it gets documents and tokens that the emulator signs; use it only where all of them may.\n',
  );
});

test('an address that the machine does not have is told with what adds it', async () => {
  const { code, stderr } = await spawnCli(['imds', ...KEPT, '--bind', '203.0.113.77'], folder).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('203.0.113.77 is no address of this machine. Add it');
});

test('its log has a line a request, for programs and for people', async () => {
  const logged = await start('--log');
  await fetch(`${logged.url}/vms/negasonic${VERSIONS}?secret`, { headers });
  const { stderr } = await logged.end();
  expect(JSON.parse(stderr)).toMatchObject({ vm: 'negasonic', method: 'GET', path: VERSIONS, status: 200 });
  expect(stderr).not.toContain('secret');
  const running = spawnCli(['imds', ...KEPT, '--log', '--fault', 'gone'], folder);
  const [url] = /http:\S+(?=,)/.exec(await running.firstLine()) ?? [];
  await fetch(`${url ?? ''}/metadata/instance`, { headers });
  running.signal('SIGINT');
  expect((await running.ended).stderr).toMatch(
    /^\d{4}-\d\d-\d\dT[\d:.]+Z - GET \/metadata\/instance 410 [\d.]+ ms fault gone\n$/,
  );
});

test('a scenario holds from the start on, and the control API changes it', async () => {
  writeFileSync(join(folder, 'outage.json'), JSON.stringify({ steps: [{ for: '1h', answer: 410 }] }));
  const running = spawnCli(['imds', ...KEPT, '--json', '--scenario', 'outage.json', '--control-port', '0'], folder);
  const { url, control } = JSON.parse(await running.firstLine()) as { url: string; control: string };
  expect((await fetch(url + VERSIONS, { headers })).status).toBe(410);
  const cleared = await fetch(`${control}/scenario`, { method: 'DELETE', headers: { 'Countersign-Control': 'true' } });
  expect(await cleared.json()).toMatchObject({ url, scenario: null });
  expect((await fetch(url + VERSIONS, { headers })).status).toBe(200);
  running.signal('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
});

test('lifetime, rate and the old answer to unknown versions are options', async () => {
  const odd = await start('--lifetime', '90s', '--rate-limit', '2', '--unknown-version', '404');
  const { signature } = (await (await fetch(odd.url + DOCUMENT, { headers })).json()) as { signature: string };
  const { createdOn, expiresOn } = (JSON.parse((await verify(signature)).out) as { result: Record<string, string> })
    .result;
  expect(Date.parse(expiresOn ?? '') - Date.parse(createdOn ?? '')).toBe(90_000);
  const unknown = await fetch(`${odd.url}/vms/fleet-1/metadata/instance?api-version=2020-01-01`, { headers });
  expect(unknown.status).toBe(404);
  const many = await Promise.all([1, 2, 3].map(() => fetch(`${odd.url}/vms/fleet-2${VERSIONS}`, { headers })));
  expect(many.map(({ status }) => status).sort()).toEqual([200, 200, 429]);
  await odd.end();
});

test('--check reads the files and ends', async () => {
  writeFileSync(join(folder, 'good.json'), JSON.stringify({ vms: [{ ...VM, subscriptionId: VM.vmId }] }));
  writeFileSync(join(folder, 'bad.json'), JSON.stringify({ vms: [{ ...VM, subscription: VM.vmId }] }));
  writeFileSync(join(folder, 'steps.json'), JSON.stringify({ steps: [{ for: '1s', vm: 'db-1', answer: 410 }] }));
  expect(await runIn(folder, ['imds', '--check', '--vms', 'good.json', '--scenario', 'steps.json'])).toEqual({
    ...{ code: 0, complaints: '' },
    out: 'Nothing is wrong: 1 virtual machines (db-1), 1 steps\n',
  });
  const good = await runIn(folder, ['imds', '--check', '--json', '--vms', 'good.json']);
  expect(JSON.parse(good.out)).toEqual({ vms: ['db-1'], steps: 0 });
  const bad = await runIn(folder, ['imds', '--check', '--vms', 'bad.json']);
  expect([bad.code, bad.out]).toEqual([2, '']);
  expect(bad.complaints).toContain('there is no field "subscription". Did you mean "subscriptionId"?');
  expect((await runIn(folder, ['imds', '--check', '--vms', 'gone.json'])).code).toBe(1);
  const foreign = await runIn(folder, ['imds', '--check', '--scenario', 'steps.json']);
  expect([foreign.code, foreign.complaints]).toEqual([2, expect.stringContaining('There is no VM db-1')]);
});

test('the schema of the file with VMs can be printed', async () => {
  const { code, out } = await runIn(folder, ['imds', '--vm-schema']);
  expect([code, JSON.parse(out)]).toMatchObject([0, { properties: { vms: { type: 'array' } } }]);
});

test('its help names every fault', async () => {
  const { out } = await runIn(folder, ['imds', '--help']);
  for (const name of FAULT_NAMES) expect(out).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'));
});
