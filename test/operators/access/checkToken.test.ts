import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startIssuer } from '../../../src/dev/issuer/startIssuer.ts';
import type { LocalIssuer } from '../../../src/dev/issuer/startIssuer.ts';
import { readConfig } from '../../../src/app/config.ts';
import { createOperatorKeySet } from '../../../src/operators/access/operatorKeySet.ts';
import { checkToken } from '../../../src/operators/access/checkToken.ts';
import type { TokenRules } from '../../../src/operators/access/checkToken.ts';
import { GOOD_SETTINGS } from '../../app/settings.ts';
import { runKeys } from '../../support/runKeys.ts';

const AT = Date.UTC(2026, 10, 23, 12);
const NOW = { at: AT, log: () => undefined };
const SECOND = 1000;
const LIFETIME = 12 * 60 * 60 * SECOND;

let issuer: LocalIssuer;
let rules: TokenRules;

beforeAll(async () => {
  issuer = await startIssuer({ clock: () => AT, keys: runKeys('emulator') });
  rules = rulesOf(issuer);
});
afterAll(() => issuer.close());

/** As the service makes them from its settings. */
function rulesOf({ settings }: LocalIssuer): TokenRules {
  const { directory } = readConfig({
    ...GOOD_SETTINGS,
    ISSUER: 'http://127.0.0.1:7071',
    ...settings,
  });
  if (directory === null) throw new Error('The settings name a directory.');
  return { directory, keySet: createOperatorKeySet(directory.keySetUrl) };
}

const bearer = async (claims: Record<string, unknown> = {}, roles: readonly string[] = ['Operator']) =>
  `Bearer ${await issuer.issueToken({ roles, claims })}`;

test('a good token names the operator and the roles that the service knows', async () => {
  const operator = await checkToken(await bearer({}, ['Operator', 'Gardener']), rules, NOW);
  const id = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;
  expect(operator).toEqual({ id, name: null, roles: ['Operator'] });
});

test.each([
  ['Ada Lovelace', 'Ada Lovelace'],
  [' Ada\u202e\n Lovelace ', 'Ada Lovelace'],
  ['x'.repeat(1_000), 'x'.repeat(128)],
  ['\u0000', null],
  [7, null],
] as const)('the name of a person is for people: %j', async (claim, name) => {
  expect((await checkToken(await bearer({ name: claim }), rules, NOW)).name).toBe(name);
});

test('the scheme is read without regard to case, as RFC 9110 has it', async () => {
  const token = await bearer();
  expect((await checkToken(token.replace('Bearer', 'bearer'), rules, NOW)).roles).toEqual(['Operator']);
});

test('a token without roles has none', async () => {
  expect((await checkToken(await bearer({ roles: undefined }), rules, NOW)).roles).toEqual([]);
});

test.each([null, '', '  '])('without a token (%j) it is token_missing', async (authorization) => {
  await expect(checkToken(authorization, rules, NOW)).rejects.toMatchObject({ code: 'token_missing' });
});

test.each([
  'Basic dXNlcjpwYXNz',
  'Bearer',
  'Bearer a b',
  'Bearer a.b.c',
  'Bearer a, Bearer b',
  `Bearer ${'a'.repeat(20_000)}`,
])('the header %.20s is token_invalid', async (authorization) => {
  await expect(checkToken(authorization, rules, NOW)).rejects.toMatchObject({ code: 'token_invalid' });
});

test.each([
  ['another audience', { aud: '00000000-0000-4000-8000-00000000000a' }, 'audience'],
  ['another issuer', { iss: 'https://sts.windows.net/x/' }, 'issuer'],
  ['another tenant', { tid: '00000000-0000-4000-8000-00000000000a' }, 'directory'],
  ['no tenant', { tid: undefined }, 'version 2.0'],
  ['version 1.0', { ver: '1.0' }, 'version 2.0'],
  ['an ID token’s claims', { azp: undefined }, 'version 2.0'],
  ['no object id', { oid: undefined }, 'version 2.0'],
  ['roles that are text', { roles: 'Admin' }, 'version 2.0'],
  ['no end', { exp: undefined }, 'end'],
  ['no beginning', { nbf: undefined }, 'not valid yet'],
  ['no time of issue', { iat: undefined }, 'time of issue'],
  ['an end that is text', { exp: '2099' }, 'end'],
])('%s is token_invalid, and the detail says so', async (_, claims, detail) => {
  await expect(checkToken(await bearer(claims), rules, NOW)).rejects.toMatchObject({
    code: 'token_invalid',
    detail: expect.stringContaining(detail) as string,
  });
});

test.each([
  ['two minutes past its end', LIFETIME + 120 * SECOND, false],
  ['just before that', LIFETIME + 119 * SECOND, true],
  ['more than two minutes before its beginning', -121 * SECOND, false],
  ['two minutes before its beginning', -120 * SECOND, true],
])('%s', async (_, offset, isValid) => {
  const checked = checkToken(await bearer(), rules, { ...NOW, at: AT + offset });
  await (isValid
    ? expect(checked).resolves.toBeDefined()
    : expect(checked).rejects.toMatchObject({ code: 'token_invalid' }));
});

test('a token of another key, of another algorithm or without a signature is refused', async () => {
  const claims = JSON.parse(Buffer.from((await bearer()).split('.')[1] ?? '', 'base64url').toString()) as object;
  const { kid } = JSON.parse(Buffer.from((await bearer()).split(/[ .]/)[1] ?? '', 'base64url').toString()) as {
    kid: string;
  };
  const { privateKey } = await runKeys('other')('forger');
  const forged = [
    await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey),
    await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'other' }).sign(privateKey),
    await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS512', kid }).sign(privateKey),
    await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256', kid }).sign(Buffer.alloc(32)),
    new UnsecuredJWT({ ...claims }).encode(),
  ];
  for (const token of forged) {
    await expect(checkToken(`Bearer ${token}`, rules, NOW)).rejects.toMatchObject({ code: 'token_invalid' });
  }
});

test('no refusal repeats anything of the token', async () => {
  const token = await bearer({ aud: 'https://other.example' });
  const error: unknown = await checkToken(token, rules, NOW).catch((caught: unknown) => caught);
  expect(String(error)).not.toContain('other.example');
  expect(String(error)).not.toContain(token.slice(20, 60));
});

test('the key set is fetched once, and is not asked again for every unknown key', async () => {
  const own = await startIssuer({ clock: () => AT, keys: runKeys('emulator') });
  const ownRules = rulesOf(own);
  const token = `Bearer ${await own.issueToken({ roles: ['Reader'] })}`;
  for (let time = 0; time < 3; time += 1) await checkToken(token, ownRules, NOW);
  expect(own.keySetRequests()).toBe(1);
  await own.rotateKey();
  const next = `Bearer ${await own.issueToken({ roles: ['Reader'] })}`;
  await expect(checkToken(next, ownRules, NOW)).rejects.toMatchObject({ code: 'token_invalid' });
  expect(own.keySetRequests()).toBe(1);
  expect((await checkToken(next, rulesOf(own), NOW)).roles).toEqual(['Reader']);
  await own.close();
});

test('a directory that does not answer is no fault of the token', async () => {
  const own = await startIssuer({ clock: () => AT, keys: runKeys('emulator') });
  const token = `Bearer ${await own.issueToken({ roles: ['Reader'] })}`;
  await own.close();
  await expect(checkToken(token, rulesOf(own), NOW)).rejects.toMatchObject({ name: 'OperatorKeySetError' });
});
