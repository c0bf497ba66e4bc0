import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { publishKey } from '../../../../src/tokens/keySet.ts';
import { createLocalRoot } from '../../../../src/tokens/rootKey.ts';
import { verifyKeySet } from '../../../../src/tokens/signedKeySet.ts';
import { createKeyPair, pkcs8 } from '../../../tokens/forge.ts';
import { spawnCli } from '../../cliProcess.ts';
import { AT, runIn } from '../../documentFiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-root-keys-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const ISSUER = 'https://licences.contoso.com';
const DAY = 86_400;
const [FIRST, SECOND, THIRD, ROOT, OTHER_ROOT] = Array.from({ length: 5 }, createKeyPair) as [
  KeyPair,
  KeyPair,
  KeyPair,
  KeyPair,
  KeyPair,
];
type KeyPair = ReturnType<typeof createKeyPair>;
const kid = ({ jwk }: KeyPair) => publishKey(jwk).kid;
const file = (name: string) => join(folder, name);
const write = (name: string, content: unknown) => {
  writeFileSync(file(name), typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
};
const keysOf = (...pairs: KeyPair[]) => ({ keys: pairs.map(({ jwk }) => publishKey(jwk)) });
write('root.pem', pkcs8(ROOT.privateKey));
write('other-root.jwk', ROOT.privateKey.export({ format: 'jwk' }));
write('next-root.pem', pkcs8(OTHER_ROOT.privateKey));
write('keys.json', keysOf(FIRST, SECOND));
write('next.json', keysOf(SECOND, THIRD));

const run = (...args: string[]) => runIn(folder, ['keys', ...args]);
const signWith = (change: Readonly<Record<string, string | undefined>> = {}) => {
  const options: Record<string, string | undefined> = {
    root: 'root.pem',
    keys: 'keys.json',
    issuer: ISSUER,
    out: 'set.jwt',
    ...change,
  };
  const given = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  return ['keys', 'sign-set', ...given];
};
const sign = (change: Readonly<Record<string, string | undefined>> = {}, now = AT, ...more: string[]) =>
  runIn(folder, [...signWith(change), '--yes', ...more], { now });
const read = (name: string) => readFileSync(file(name), 'utf8').trim();

test('a root key is made once, for its owner alone, and told by its thumbprint', async () => {
  const { code, out, complaints } = await run('create-root', '--out', 'made.pem');
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  const text = readFileSync(file('made.pem'), 'utf8');
  expect(statSync(file('made.pem')).mode & 0o777).toBe(0o600);
  expect(text).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  expect(createPrivateKey(text).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  const { kid: rootKey } = createLocalRoot(text);
  expect(out).toContain(`\n  trust: { rootKeys: ["${rootKey}"] }\n`);
  expect(out).toContain(`ROOT_THUMBPRINTS=${rootKey}\n`);
  expect(out).not.toContain('PRIVATE KEY');
  const again = await run('create-root', '--out', 'made.pem');
  expect([again.code, again.out]).toEqual([1, '']);
  expect(again.complaints).toContain('made.pem is there already, and is not overwritten');
  expect(readFileSync(file('made.pem'), 'utf8')).toBe(text);
});

test('a root key is not written through a link, and its thumbprint is JSON where that is asked for', async () => {
  symlinkSync(file('elsewhere.pem'), file('link.pem'));
  expect((await run('create-root', '--out', 'link.pem')).code).toBe(1);
  expect(existsSync(file('elsewhere.pem'))).toBe(false);
  const { out } = await run('create-root', '--out', 'json.pem', '--json');
  expect(JSON.parse(out)).toEqual({ rootKey: createLocalRoot(read('json.pem')).kid, file: 'json.pem' });
});

test('a set is signed as clients believe it: 30 days, and the life that the service has unless told otherwise', async () => {
  const { code, out, complaints } = await sign();
  expect([code, out]).toEqual([
    0,
    `Wrote set.jwt: 2 keys under root key ${kid(ROOT)}, until 2026-12-23T12:00:00Z.\nSend it to the service: countersign keys upload set.jwt\n`,
  ]);
  for (const told of [
    kid(ROOT),
    kid(FIRST),
    kid(SECOND),
    ISSUER,
    '2026-12-23T12:00:00Z, after 30 days',
    '2592000 seconds',
  ]) {
    expect(complaints).toContain(told);
  }
  expect(complaints).toContain('There is no previous set to compare with');
  const verified = verifyKeySet(read('set.jwt'), { rootKeys: [kid(ROOT)], issuer: ISSUER, at: AT });
  expect(verified).toEqual({
    ...{ ok: true, root: kid(ROOT) },
    claims: {
      ...{ iss: ISSUER, sub: ISSUER, iat: AT / 1_000, exp: AT / 1_000 + 30 * DAY, life: 30 * DAY },
      ...keysOf(FIRST, SECOND),
    },
  });
});

test('what has changed since the set before is shown, and told as JSON', async () => {
  await sign({ out: 'before.jwt' });
  const change = { keys: 'next.json', out: 'after.jwt', previous: 'before.jwt', days: '92', life: `${31 * DAY}` };
  const { code, out, complaints } = await sign(change, AT + 60_000, '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({
    ...{ rootKey: kid(ROOT), issuer: ISSUER },
    ...{ issuedAt: '2026-11-23T12:01:00Z', expiresAt: '2027-02-23T12:01:00Z', life: 31 * DAY },
    ...{ added: [kid(THIRD)], kept: [kid(SECOND)], removed: [kid(FIRST)], file: 'after.jwt' },
  });
  expect(complaints).toMatch(new RegExp(`^${kid(THIRD)} +added$`, 'm'));
  expect(complaints).toMatch(new RegExp(`^${kid(SECOND)} +kept$`, 'm'));
  expect(complaints).toMatch(new RegExp(`^${kid(FIRST)} +REMOVED: licences under it no longer count`, 'm'));
  expect(complaints).toContain('Its life was 2592000 seconds.');
});

test('a set before it may be of another root, and have ended', async () => {
  await sign({ out: 'old-root.jwt' });
  const change = { root: 'next-root.pem', out: 'new-root.jwt', previous: 'old-root.jwt' };
  const { code, complaints } = await sign(change, AT + 40 * DAY * 1_000);
  expect(code).toBe(0);
  expect(complaints).toContain(`It was signed by another root key: ${kid(ROOT)}.`);
});

test('a root key may be a JWK; one that others can read is signed with, and complained of', async () => {
  chmodSync(file('other-root.jwk'), 0o644);
  const { code, complaints } = await sign({ root: 'other-root.jwk' });
  expect(code).toBe(0);
  expect(complaints).toContain('Others can read other-root.jwk. Run: chmod 600 other-root.jwk\n');
});

test('it asks before it signs, and signs nothing without a yes', async () => {
  rmSync(file('set.jwt'), { force: true });
  const alone = await runIn(folder, signWith());
  expect([alone.code, alone.out]).toEqual([1, '']);
  expect(alone.complaints).toContain('there is no terminal to ask on. Repeat it with --yes');
  const questions: string[] = [];
  const answer = (text: string) =>
    runIn(folder, signWith(), {
      ask: (question) => {
        questions.push(question);
        return Promise.resolve(text);
      },
    });
  for (const text of ['', 'n', 'yess', 'no']) {
    const refused = await answer(text);
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.complaints).toContain('Nothing was changed');
  }
  expect(existsSync(file('set.jwt'))).toBe(false);
  expect((await answer(' Y ')).code).toBe(0);
  expect(questions[0]).toBe('Go on? [y/N] ');
  expect(existsSync(file('set.jwt'))).toBe(true);
});

write('private.json', { keys: [FIRST.privateKey.export({ format: 'jwk' })] });
write('renamed.json', { keys: [{ ...publishKey(FIRST.jwk), kid: kid(SECOND) }] });
write('twice.json', keysOf(FIRST, FIRST));
write('none.json', { keys: [] });
write('many.json', keysOf(...Array.from({ length: 33 }, createKeyPair)));
write('list.json', [FIRST.jwk]);
write('rooted.json', keysOf(FIRST, ROOT));
write('curve.json', { keys: [generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' })] });
write('broken.json', '{"keys":');
write('large.json', 'x'.repeat(65 * 1024));

test.each([
  ['private.json', 2, 'key 1 of private.json is a private key: give its public half alone'],
  ['renamed.json', 2, 'key 1 of renamed.json has a kid that is not its thumbprint'],
  ['twice.json', 2, 'keys_unusable: It must have 1 to 32 public EC keys'],
  ['none.json', 2, 'keys_unusable: It must have 1 to 32 public EC keys'],
  ['many.json', 2, 'keys_unusable: It must have 1 to 32 public EC keys'],
  ['list.json', 2, 'list.json is not a JWK set'],
  ['rooted.json', 2, 'root_among_keys: A root key is among its keys.'],
  ['curve.json', 2, 'key 1 of curve.json is not an EC key on P-256'],
  ['broken.json', 1, 'broken.json cannot be read as JSON'],
  ['large.json', 1, 'large.json is larger than 64 KiB'],
  ['gone.json', 1, 'there is no such file or folder'],
])('the keys of %s are not signed', async (keys, code, complaint) => {
  rmSync(file('refused.jwt'), { force: true });
  const refused = await sign({ keys, out: 'refused.jwt' });
  expect([refused.code, refused.out]).toEqual([code, '']);
  expect(refused.complaints).toContain(complaint);
  expect(existsSync(file('refused.jwt'))).toBe(false);
});

write('foreign.jwt', 'a.b.c');

test.each<[string, Readonly<Record<string, string | undefined>>, number, string]>([
  ['no root', { root: undefined }, 1, 'the option --root <file> is missing'],
  ['no keys', { keys: undefined }, 1, 'the option --keys <file> is missing'],
  ['no issuer', { issuer: undefined }, 1, 'the option --issuer <url> is missing'],
  ['no file', { out: undefined }, 1, 'the option --out <file> is missing'],
  ['an issuer with a slash', { issuer: `${ISSUER}/` }, 1, '--issuer must be an https URL without a trailing slash'],
  ['93 days', { days: '93' }, 1, 'Write a whole number from 1 to 92'],
  ['no days', { days: '0' }, 1, 'Write a whole number from 1 to 92'],
  ['a life in words', { life: 'P30D' }, 1, 'Write a whole number from 1 to 999999999'],
  ['a public key as the root', { root: 'keys.json' }, 1, 'keys.json: The root key cannot be read.'],
  ['the root as the file to write', { out: './root.pem' }, 1, '--out names the file root.pem, which is an input'],
  ['a previous set that is none', { previous: 'foreign.jwt' }, 2, 'malformed: foreign.jwt cannot be the previous set.'],
])('%s is refused', async (_, change, code, complaint) => {
  const refused = await sign(change);
  expect([refused.code, refused.out]).toEqual([code, '']);
  expect(refused.complaints).toContain(complaint);
  expect(read('root.pem')).toBe(pkcs8(ROOT.privateKey).trim());
});

test('a set is later than the one before: a clock that is behind is told', async () => {
  await sign({ out: 'later.jwt' });
  const { code, complaints } = await sign({ previous: 'later.jwt' });
  expect(code).toBe(1);
  expect(complaints).toContain(
    'the clock says 2026-11-23T12:00:00Z, and the previous set was signed at 2026-11-23T12:00:00Z',
  );
});

test('a set before it of another issuer, or changed since, is refused', async () => {
  await sign({ out: 'mine.jwt' });
  const other = await sign({ previous: 'mine.jwt', issuer: 'https://other.contoso.com' }, AT + 1_000);
  expect([other.code, other.complaints]).toEqual([2, expect.stringContaining('issuer_unexpected: mine.jwt cannot be')]);
  const [header, payload] = read('mine.jwt').split('.');
  write('forged.jwt', `${header ?? ''}.${payload ?? ''}.${'A'.repeat(86)}`);
  expect((await sign({ previous: 'forged.jwt' }, AT + 1_000)).complaints).toContain('signature_invalid');
});

test('as a process without a terminal it ends by itself, with exit code 1 and the name of the option', async () => {
  const { code, stdout, stderr } = await spawnCli(signWith({ out: 'process.jwt' }), folder, { stdin: 'y\n' }).ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('--yes');
  expect(existsSync(file('process.jwt'))).toBe(false);
});
