import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/cli/runCommandLine.ts';
import { parseFormerKeys } from '../../../../src/tokens/formerKeys.ts';
import { createTablesStore } from '../../../../src/tables/createTablesStore.ts';
import { createLocalSigner } from '../../../../src/tokens/localSigner.ts';
import { signKeySet } from '../../../../src/tokens/signedKeySet.ts';
import type { PublicJwk } from '../../../../src/contract/wire.ts';
import { send } from '../../../endToEnd/protocolClient.ts';
import { createKeyPair, pkcs8 } from '../../../tokens/forge.ts';
import { operate, useStack } from '../../../operators/useStack.ts';
import { createTestTables } from '../../../support/azurite.ts';
import { emptyStore } from '../../../support/emptyStore.ts';
import { recordIo } from '../../recordIo.ts';

/** `backup`, `restore` and `restore confirm` against a real service whose store is lost in between. */

const tables = createTestTables();
const stack = useStack({ store: tables });
const folder = mkdtempSync(join(tmpdir(), 'countersign-backup-'));
const { connectionString, tablePrefix } = tables;
const store = createTablesStore({ connection: { connectionString }, tablePrefix });
afterAll(() => {
  rmSync(folder, { recursive: true });
});

type Ask = (question: string) => Promise<string>;

async function run(args: readonly string[], ask: Ask | null = null) {
  const env = { COUNTERSIGN_URL: stack().serviceUrl, COUNTERSIGN_TOKEN: stack().operatorTokens.Admin };
  const io = recordIo([], { env, directory: folder, ask });
  const code = await runCommandLine(args, io);
  return { code, ...io.written };
}

const BLOCKED = '11111111-0000-4000-8000-00000000beef';

beforeAll(async () => {
  const block = { licence: 'http-standard', vmId: BLOCKED };
  expect((await operate(stack(), 'POST /blocks', { body: block })).status).toBe(200);
});

test('a backup is whole or not there, and its owner alone can read it', async () => {
  writeFileSync(join(folder, 'day.backup'), 'of yesterday');
  const { code, out, complaints } = await run(['backup', '--out', 'day.backup']);
  expect([code, complaints]).toEqual([0, '']);
  expect(out).toMatch(/^day\.backup written:$[^]*^ +offers +\d+$[^]*^ +public signing keys +1$/m);
  expect(statSync(join(folder, 'day.backup')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['day.backup']);
  const text = readFileSync(join(folder, 'day.backup'), 'utf8');
  expect(text).not.toMatch(/"d":|PRIVATE KEY/);
  expect(text.split('\n').some((line) => line.startsWith('{"kind":"vm"') && line.includes(BLOCKED))).toBe(true);
  expect((await run(['backup', '--out', 'no/such/folder.backup'])).code).toBe(1);
});

/** As every command that can stop somebody: told, asked, tried, done with a reason. */
async function expectManners(args: readonly string[], told: { readonly effect: RegExp; readonly change: RegExp }) {
  const unasked = await run(args);
  expect([unasked.code, unasked.out]).toEqual([1, '']);
  expect(unasked.complaints).toMatch(told.effect);
  expect(unasked.complaints).toMatch(/Repeat it with --yes/);
  const refused = await run(args, () => Promise.resolve('n'));
  expect([refused.code, refused.complaints]).toEqual([1, expect.stringMatching(/Nothing was changed\.$/m)]);
  const tried = await run([...args, '--dry-run']);
  expect(tried.code, tried.complaints).toBe(0);
  expect(tried.out).toMatch(told.change);
  const json = await run([...args, '--dry-run', '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ dryRun: true });
  expect((await operate(stack(), 'GET /changes?kind=restore')).body['items']).not.toMatchObject([
    { reason: args.join() },
  ]);
  const done = await run([...args, '--yes', '--reason', args.join()]);
  expect([done.code, done.complaints]).toEqual([0, expect.stringMatching(told.effect)]);
  const changes = (await operate(stack(), 'GET /changes?kind=restore')).body['items'] as readonly object[];
  expect(changes[0]).toMatchObject({ kind: 'restore', state: 'done', reason: args.join() });
  return done;
}

test('a store is lost and restored: each step tells its effect, asks, can be tried, and keeps its reason', async () => {
  const before = (await operate(stack(), 'GET /catalogue')).body;
  await emptyStore({ store, tables });
  const restored = await expectManners(['restore', 'day.backup'], {
    effect:
      /^Restores the backup of 20\S+Z \(\d+ parts?, signed by \S{43}, which this service serves\)\. Until countersign restore confirm, /m,
    change: /^Nothing was restored\. Would be:$[^]*^ +offers +\d+ new, 0 replaced, 0 left as they are$/m,
  });
  const keysOut = ['--keys-out', 'former.json', '--dry-run'];
  expect((await run(['restore', 'day.backup', ...keysOut])).code).toBe(0);
  expect(parseFormerKeys(readFileSync(join(folder, 'former.json'), 'utf8'))).toHaveLength(1);
  expect(restored.complaints).toMatch(
    /^After the restore, repeat each erasure \(countersign privacy erase\) that was not over at 20\S+Z\. .* know of none\.$/m,
  );
  expect(restored.out).toMatch(/^Seats are not exact until 20\S+Z\.$/m);
  expect((await operate(stack(), 'GET /catalogue')).body).toEqual(before);
  const status = await run(['status']);
  expect(status.out).toMatch(/was restored, and no denial is signed/);
  await expectManners(['restore', 'confirm'], {
    effect: /^Confirms the restore\. From now on refusals are signed/m,
    change: /confirmedAt +- → 20/m,
  });
  // Again it would change nothing.
  const again = await run(['restore', 'day.backup', '--dry-run']);
  expect(again).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^ +offers +0 new, 0 replaced, \d+ left/m) as string,
  });
});

test('a key set that is named counts under the root key that is named alone, and the dry run says which one that is', async () => {
  const root = createLocalSigner(pkcs8(createKeyPair().privateKey), 'root key');
  const { body } = await send(`${stack().serviceUrl}/.well-known/jwks.json`);
  const keys = body['keys'] as readonly PublicJwk[];
  const input = { issuer: stack().serviceUrl, keys, life: 1, iat: 1, seconds: 10 };
  writeFileSync(join(folder, 'set.jwt'), await signKeySet(input, root));
  const dryRun = ['restore', 'day.backup', '--dry-run', '--key-set', 'set.jwt', '--root'];
  const told = await run([...dryRun, root.kid]);
  expect([told.code, told.complaints]).toEqual([
    0,
    expect.stringMatching(`signed by \\S{43}, of the key set that root key ${root.kid} signed\\)`),
  ]);
  const json = await run([...dryRun, root.kid, '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ root: root.kid });
  const other = await run([...dryRun, 'A'.repeat(43)]);
  expect([other.code, other.complaints]).toEqual([2, expect.stringContaining('It is signed by another root key.')]);
});

test('what is not a backup, or not the one that was signed, is refused before anything is asked', async () => {
  const text = readFileSync(join(folder, 'day.backup'), 'utf8');
  for (const [name, content, message] of [
    ['empty', '', 'its first line is not that of a backup'],
    ['cut', text.slice(0, -10), 'is not as it was written'],
    ['changed', text.replace(BLOCKED, BLOCKED.replace('beef', 'cafe')), 'is not as it was written'],
  ] as const) {
    writeFileSync(join(folder, name), content);
    const { code, complaints } = await run(['restore', name, '--yes']);
    expect([code, complaints]).toEqual([1, expect.stringContaining(message)]);
  }
  for (const args of [
    ['--unsigned'],
    ['--unsigned', '--reason', 'x', '--keys-out', 'k.json'],
    ['--unsigned', '--reason', 'x', '--key-set', 'set.jwt', '--root', 'A'.repeat(43)],
    ['--pin', 'ab'],
    ['--key-set', 'x'],
    ['--root', 'x'],
  ]) {
    expect((await run(['restore', 'day.backup', '--yes', ...args])).code).toBe(1);
  }
});

test('an erasure that was made again is to be repeated once, and told with its last time', async () => {
  const subscription = '22222222-0000-4000-8000-000000000001';
  const erase = ['privacy', 'erase', '--cloud', 'emulator', '--subscription', subscription, '--yes'];
  for (const reason of ['first', 'second']) {
    const erased = await run([...erase, '--reason', reason]);
    expect(erased.code, erased.complaints).toBe(0);
  }
  const { body } = await operate(stack(), 'GET /changes?kind=privacy');
  const [newest, ...older] = body['items'] as readonly { readonly key: string; readonly at: string }[];
  expect(older.map(({ key }) => key)).toContain(newest?.key);
  const json = await run(['restore', 'day.backup', '--dry-run', '--json']);
  const expected = { key: newest?.key, at: newest?.at };
  expect(JSON.parse(json.out)).toMatchObject({ erased: [expected] });
  const { complaints } = await run(['restore', 'day.backup', '--dry-run']);
  expect(complaints).toContain(`know of these:\n  ${expected.key ?? ''}, ${expected.at ?? ''}\n`);
});
