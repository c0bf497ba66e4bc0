import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { createKeySet } from '../../src/tokens/keySet.ts';
import { createLocalKeys } from '../../src/tokens/localKeys.ts';
import { SigningKeyError } from '../../src/tokens/localSigner.ts';
import { thumbprint } from '../../src/tokens/publicJwk.ts';
import { SigningKeyUnavailableError } from '../../src/tokens/signer.ts';
import { createKeyPair } from './forge.ts';

const AT = Date.UTC(2026, 0, 1);
const [FIRST, SECOND, THIRD] = [createKeyPair(), createKeyPair(), createKeyPair()];

const privateJwk = ({ privateKey }: typeof FIRST) => privateKey.export({ format: 'jwk' });
const setOf = (...keys: readonly object[]) => JSON.stringify({ keys }, null, 2);

test('one key, as PEM or JWK, signs and is published', async () => {
  const pem = FIRST.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  for (const source of [pem, JSON.stringify(privateJwk(FIRST))]) {
    const keys = createLocalKeys(source);
    expect((await keys.readSigner(AT)).kid).toBe(thumbprint(FIRST.jwk));
    const published = await keys.readPublished(AT);
    expect(published).toEqual({
      keys: [{ state: 'current', publicJwk: FIRST.jwk }],
      asOf: AT,
      goodUntil: Number.POSITIVE_INFINITY,
      troubles: [],
    });
  }
});

test('the first key of a set signs; the others are published, to come or retired', async () => {
  const keys = createLocalKeys(setOf(privateJwk(FIRST), privateJwk(SECOND), { ...THIRD.jwk, kid: 'old', use: 'sig' }));
  expect((await keys.readSigner(AT)).kid).toBe(thumbprint(FIRST.jwk));
  const published = await keys.readPublished(AT);
  expect(published.keys).toEqual([
    { state: 'current', publicJwk: FIRST.jwk },
    { state: 'next', publicJwk: SECOND.jwk, from: null },
    { state: 'retired', publicJwk: THIRD.jwk, until: null },
  ]);
  expect(createKeySet(published.keys, AT).keys.map(({ kid }) => kid)).toEqual(
    [FIRST, SECOND, THIRD].map(({ jwk }) => thumbprint(jwk)),
  );
});

test('of the keys that may sign, the first with its private half signs; the choices are tried in their order', async () => {
  const keys = createLocalKeys(setOf(privateJwk(FIRST), privateJwk(SECOND), THIRD.jwk));
  const only = (...pairs: readonly (typeof FIRST)[]) => {
    const kids = pairs.map(({ jwk }) => thumbprint(jwk));
    return (kid: string) => kids.includes(kid);
  };
  const kidOf = async (...choices: readonly ((kid: string) => boolean)[]) => (await keys.readSigner(AT, choices)).kid;
  expect(await kidOf(only(SECOND, THIRD))).toBe(thumbprint(SECOND.jwk));
  expect(await kidOf(only(THIRD), only(SECOND), only(FIRST))).toBe(thumbprint(SECOND.jwk));
  expect(await kidOf(only(SECOND, FIRST))).toBe(thumbprint(FIRST.jwk));
  for (const choices of [[], [only(THIRD)]]) {
    await expect(keys.readSigner(AT, choices)).rejects.toThrow(SigningKeyUnavailableError);
  }
});

const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });

test.each([
  ['no key', setOf()],
  ['a first key without its private half', setOf(FIRST.jwk, privateJwk(SECOND))],
  ['a key twice', setOf(privateJwk(FIRST), FIRST.jwk)],
  ['another curve', setOf(privateJwk(FIRST), P384.publicKey.export({ format: 'jwk' }))],
  ['another curve with its private half', setOf(privateJwk(FIRST), P384.privateKey.export({ format: 'jwk' }))],
  ['halves of two keys', setOf(privateJwk(FIRST), { ...privateJwk(SECOND), ...THIRD.jwk })],
  ['what is no key', setOf(privateJwk(FIRST), [])],
  ['too many keys', setOf(privateJwk(FIRST), ...Array.from({ length: 32 }, () => SECOND.jwk))],
  ['keys that are no list', '{"keys":{}}'],
  ['half a text', '{"keys":['],
])('refuses a set with %s, and quotes nothing of it', (_, source) => {
  const read = () => createLocalKeys(source);
  expect(read).toThrow(SigningKeyError);
  expect(read).toThrow(expect.not.objectContaining({ message: expect.stringMatching(/[\w-]{43}/) as string }) as Error);
});
