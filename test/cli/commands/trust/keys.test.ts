import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { OperatorRole } from '../../../../src/operators/access/roles.ts';
import { boot, createKey, send } from '../../../endToEnd/protocolClient.ts';
import { useStack } from '../../../operators/useStack.ts';
import { RootedClient } from '../../../support/rootedClient.ts';
import { runIn } from '../../documentFiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-keys-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Made by the command itself, before there is a service. */
const made = await runIn(folder, ['keys', 'create-root', '--out', 'root.pem', '--json']);
const { rootKey } = JSON.parse(made.out) as { readonly rootKey: string };

const offline = useStack({ settings: { ROOT_KEY_FILE: '', ROOT_THUMBPRINTS: rootKey } });
const online = useStack();

function runAs(role: OperatorRole, stack: typeof offline, ...args: string[]) {
  const env = { COUNTERSIGN_URL: stack().serviceUrl, COUNTERSIGN_TOKEN: stack().operatorTokens[role] };
  return runIn(folder, ['keys', ...args], { env, now: Date.now() });
}

const sign = (...more: string[]) => {
  const options = { root: 'root.pem', keys: 'keys.json', issuer: offline().serviceUrl, out: 'set.jwt' };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  return runIn(folder, ['keys', 'sign-set', ...args, '--yes', ...more], { now: Date.now() });
};

test('an offline root: the keys are written, signed and uploaded, and a client believes the licence', async () => {
  const before = await runAs('Reader', offline, 'status', '--out', 'keys.json');
  expect(before.code).toBe(0);
  expect(before.out).toMatch(/^[\w-]{43} +current +no /m);
  expect(before.out).toMatch(new RegExp(`^${rootKey} +upload +- `, 'm'));
  expect(before.out).toContain(`For your images: trust: { rootKeys: ["${rootKey}"] }\n`);
  expect(before.complaints).toContain('no key set was uploaded yet');
  expect(before.complaints).toContain('Wrote keys.json: 1 keys, 1 of them not published yet.\n');
  const { keys } = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')) as { readonly keys: readonly object[] };
  expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']]);
  expect((await sign()).code).toBe(0);
  const uploaded = await runAs('Admin', offline, 'upload', 'set.jwt');
  expect({ code: uploaded.code, complaints: uploaded.complaints }).toEqual({ code: 0, complaints: '' });
  expect(uploaded.out).toMatch(new RegExp(`^ {2}root key +${rootKey}$`, 'm'));
  const after = await runAs('Reader', offline, 'status');
  expect(after.out).toMatch(/^[\w-]{43} +current +yes /m);
  expect(after.complaints).toBe('');
  const { serviceUrl, imdsUrl } = offline();
  const { status, body } = await boot({
    baseUrl: serviceUrl,
    issuer: serviceUrl,
    imdsUrl,
    vm: 'licensed',
    key: createKey(),
  });
  expect(status).toBe(200);
  const client = new RootedClient(serviceUrl, [rootKey], Date.now);
  expect(await client.believes(String(body['licence']), serviceUrl)).toBe(true);
});

test('a set that the service does not take is exit code 2, with what to do', async () => {
  expect((await sign('--issuer', 'https://licences.contoso.com', '--out', 'other.jwt')).code).toBe(0);
  const refused = await runAs('Admin', offline, 'upload', 'other.jwt');
  expect([refused.code, refused.out]).toEqual([2, '']);
  expect(refused.complaints).toContain('request_malformed: The key set was not taken. It is for another issuer.');
  expect((await runAs('Operator', offline, 'upload', 'set.jwt')).complaints).toContain('role_missing');
  expect((await runAs('Admin', online, 'upload', 'set.jwt')).complaints).toContain('set ROOT_THUMBPRINTS');
  expect((await runAs('Admin', offline, 'upload', 'gone.jwt')).code).toBe(1);
});

test('an uploaded set is told as JSON, and so is the report', async () => {
  const { out } = await runAs('Admin', offline, 'upload', 'set.jwt', '--json');
  expect(JSON.parse(out)).toMatchObject({ root: rootKey, life: 2_592_000 });
  const report = await runAs('Reader', offline, 'status', '--json', '--out', 'again.json');
  expect(report.complaints).toBe('');
  expect(JSON.parse(report.out)).toMatchObject({ rootKeys: [{ thumbprint: rootKey, source: 'upload' }], troubles: [] });
  expect(readFileSync(join(folder, 'again.json'), 'utf8')).toBe(readFileSync(join(folder, 'keys.json'), 'utf8'));
});

test('a service that signs its sets itself shows its root key, the end of its set and the line for images', async () => {
  const { code, out } = await runAs('Reader', online, 'status');
  const [root = ''] = online().rootKeys;
  expect(code).toBe(0);
  expect(out).toMatch(new RegExp(`^${root} +setting +\\S+Z +\\S+Z +2592000 +1$`, 'm'));
  expect(out).toContain(`For your images: trust: { rootKeys: ["${root}"] }\nLicences last at most 2592000 seconds`);
  expect((await send(`${online().serviceUrl}/.well-known/countersign`)).body['rootKeys']).toEqual([root]);
});

test.each([
  [['status', 'x'], 'too many arguments'],
  [['upload'], "missing required argument 'file'"],
  [['create-root'], 'the option --out <file> is missing'],
  [['rotate'], "unknown command 'rotate'"],
])('%j is told what is wrong', async (args, complaint) => {
  const { code, out, complaints } = await runAs('Admin', online, ...args);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain(complaint);
});
