import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ConfigurationError, readConfig } from '../../src/app/config.ts';
import { thumbprint } from '../../src/tokens/publicJwk.ts';
import { createKeyPair, pkcs8 } from '../tokens/forge.ts';
import { GOOD_SETTINGS, SIGNING_KEY } from './settings.ts';

type Change = Readonly<Record<string, string | undefined>>;

const folder = mkdtempSync(join(tmpdir(), 'countersign-roots-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const [FIRST, SECOND, SIGNER] = [createKeyPair(), createKeyPair(), createKeyPair()];
const [FIRST_KID, SECOND_KID] = [thumbprint(FIRST.jwk), thumbprint(SECOND.jwk)];
const FIRST_PEM = pkcs8(FIRST.privateKey);
const jwk = ({ privateKey }: typeof FIRST) => privateKey.export({ format: 'jwk' });
const setOf = (...keys: readonly object[]) => JSON.stringify({ keys });
const file = (name: string) => join(folder, name);
writeFileSync(file('first.pem'), FIRST_PEM);
writeFileSync(file('second.jwk'), JSON.stringify(jwk(SECOND)));
const ROOT_VAULT = 'https://kv-root.vault.azure.net/keys/root';
const VERSION = 'ab'.repeat(16);

const withRoot = (change: Change): Change => ({ ...GOOD_SETTINGS, ROOT_KEY: undefined, ...change });
const rootOf = (change: Change) => readConfig(withRoot(change)).root;

function problemsOf(change: Change): readonly string[] {
  try {
    readConfig(withRoot(change));
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    const [, ...lines] = error instanceof Error ? error.message.split('\n') : [];
    return lines.map((line) => line.replace('  - ', ''));
  }
  return [];
}

const setting = (...thumbprints: string[]) => ({ kind: 'setting', thumbprints });

test.each<[string, Change, object]>([
  ['a PEM', { ROOT_KEY: FIRST_PEM }, setting(FIRST_KID)],
  ['a JWK', { ROOT_KEY: JSON.stringify(jwk(FIRST)) }, setting(FIRST_KID)],
  ['two as a JWK set', { ROOT_KEY: setOf(jwk(SECOND), jwk(FIRST)) }, setting(SECOND_KID, FIRST_KID)],
  ['a file', { ROOT_KEY_FILE: file('first.pem') }, setting(FIRST_KID)],
  ['two files', { ROOT_KEY_FILE: `${file('second.jwk')}, ${file('first.pem')}` }, setting(SECOND_KID, FIRST_KID)],
  ['a vault key', { ROOT_KEY_URL: ROOT_VAULT }, { kind: 'vault', keyUrls: [ROOT_VAULT] }],
  [
    'two vault keys, one with its version',
    { ROOT_KEY_URL: `${ROOT_VAULT},${ROOT_VAULT}/${VERSION}` },
    { kind: 'vault', keyUrls: [ROOT_VAULT, `${ROOT_VAULT}/${VERSION}`] },
  ],
  ['a thumbprint', { ROOT_THUMBPRINTS: FIRST_KID }, { kind: 'upload', thumbprints: [FIRST_KID] }],
  [
    'two thumbprints',
    { ROOT_THUMBPRINTS: `${FIRST_KID}, ${SECOND_KID}` },
    { kind: 'upload', thumbprints: [FIRST_KID, SECOND_KID] },
  ],
  ['none on a loopback issuer', { ISSUER: 'http://127.0.0.1:7071' }, { kind: 'none' }],
])('root keys: %s', (_, change, expected) => {
  expect(rootOf(change)).toMatchObject(expected);
});

test('without a root key a service starts on a loopback issuer alone, and is told what to do', () => {
  expect(problemsOf({})).toEqual([
    'a root key is missing, which only a service on a loopback ISSUER may do without: make one with "countersign keys create-root --out FILE", then set ROOT_KEY_URL, ROOT_KEY_FILE or ROOT_KEY, or ROOT_THUMBPRINTS for a root key that stays offline',
  ]);
  for (const name of ['ROOT_KEY', 'ROOT_KEY_FILE', 'ROOT_KEY_URL', 'ROOT_THUMBPRINTS']) {
    expect(problemsOf({ [name]: '' })).toEqual([expect.stringMatching(/^a root key is missing/)]);
  }
});

const TOO_MANY = /^at most one of ROOT_KEY, ROOT_KEY_FILE, ROOT_KEY_URL, ROOT_THUMBPRINTS may be set, and/;
const VAULT_FORM = /^ROOT_KEY_URL must be one or two https:\/\/VAULT\/keys\/NAME/;
const THUMBPRINT_FORM = /^ROOT_THUMBPRINTS must be one or two RFC 7638 thumbprints/;
const SHARED = /^a root key is among the signing keys/;

test.each<[string, Change, RegExp]>([
  ['two sources', { ROOT_KEY: FIRST_PEM, ROOT_THUMBPRINTS: FIRST_KID }, TOO_MANY],
  ['a key and a vault’s', { ROOT_KEY_FILE: file('first.pem'), ROOT_KEY_URL: ROOT_VAULT }, TOO_MANY],
  ['what is no key', { ROOT_KEY: 'hunter2' }, /^ROOT_KEY: The root key is neither PKCS#8 PEM nor a JWK/],
  ['one key twice', { ROOT_KEY: setOf(jwk(FIRST), jwk(FIRST)) }, /^ROOT_KEY has one root key twice/],
  ['three keys', { ROOT_KEY: setOf(...[FIRST, SECOND, SIGNER].map(jwk)) }, /^ROOT_KEY: There are 3 root keys/],
  ['a file that is not there', { ROOT_KEY_FILE: file('gone') }, /^ROOT_KEY_FILE: .*gone cannot be read \(ENOENT\)/],
  ['three files', { ROOT_KEY_FILE: 'a,b,c' }, /^ROOT_KEY_FILE: There are 3 root keys/],
  ['a vault without https', { ROOT_KEY_URL: ROOT_VAULT.replace('https', 'http') }, VAULT_FORM],
  ['a vault without a key', { ROOT_KEY_URL: 'https://kv-root.vault.azure.net/' }, VAULT_FORM],
  ['a version that is none', { ROOT_KEY_URL: `${ROOT_VAULT}/latest` }, VAULT_FORM],
  ['one vault key twice', { ROOT_KEY_URL: `${ROOT_VAULT},${ROOT_VAULT}` }, /^ROOT_KEY_URL has one entry twice/],
  ['three vault keys', { ROOT_KEY_URL: [1, 2, 3].map((n) => `${ROOT_VAULT}${n}`).join() }, VAULT_FORM],
  ['a short thumbprint', { ROOT_THUMBPRINTS: FIRST_KID.slice(1) }, THUMBPRINT_FORM],
  ['a thumbprint in hexadecimal', { ROOT_THUMBPRINTS: 'ab'.repeat(32) }, THUMBPRINT_FORM],
  ['a comma too many', { ROOT_THUMBPRINTS: `${FIRST_KID},` }, THUMBPRINT_FORM],
  ['a thumbprint twice', { ROOT_THUMBPRINTS: `${FIRST_KID},${FIRST_KID}` }, /^ROOT_THUMBPRINTS has one entry twice/],
  ['the signing key itself', { ROOT_KEY: SIGNING_KEY }, SHARED],
  ['a key that is to sign', { ROOT_KEY: FIRST_PEM, SIGNING_KEY: setOf(jwk(SIGNER), jwk(FIRST)) }, SHARED],
  ['a key that has signed', { ROOT_THUMBPRINTS: FIRST_KID, SIGNING_KEY: setOf(jwk(SIGNER), FIRST.jwk) }, SHARED],
  [
    'a version of the vault’s signing key',
    { ROOT_KEY_URL: `${ROOT_VAULT}/${VERSION}`, SIGNING_KEY: undefined, SIGNING_KEY_URL: ROOT_VAULT },
    SHARED,
  ],
  ['a life of no time', { ROOT_KEY: FIRST_PEM, LICENCE_LIFE_SECONDS: '299' }, /^LICENCE_LIFE_SECONDS must be from 300/],
])('%s is one problem', (_, change, problem) => {
  const problems = problemsOf(change);
  expect(problems).toEqual([expect.stringMatching(problem)]);
  expect(problems.join()).not.toContain('hunter2');
});

test('a licence lives for 30 days at most unless told otherwise', () => {
  expect(readConfig(GOOD_SETTINGS).LICENCE_LIFE_SECONDS).toBe(2_592_000);
});
