import { generateKeyPairSync, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import { createLocalSigner, SigningKeyError } from '../../src/tokens/localSigner.ts';
import { thumbprint } from '../../src/tokens/publicJwk.ts';
import { createKeyPair, pkcs8 } from './forge.ts';

const PAIR = createKeyPair();
const PRIVATE_JWK = PAIR.privateKey.export({ format: 'jwk' });
const INPUT = Buffer.from('header.payload');

test.each([
  ['PKCS#8 PEM', pkcs8(PAIR.privateKey)],
  ['PEM between white space', `\n${pkcs8(PAIR.privateKey)}\n\n`],
  ['private JWK', JSON.stringify(PRIVATE_JWK)],
  ['private JWK with metadata', JSON.stringify({ ...PRIVATE_JWK, kid: 'mine', alg: 'ES256', use: 'sig' })],
])('signs with a key given as %s', async (_, source) => {
  const signer = createLocalSigner(source);
  const signature = await signer.sign(INPUT);
  expect(signature).toHaveLength(64);
  expect(verify('sha256', INPUT, { key: PAIR.publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  expect(signer.publicJwk).toEqual(PAIR.jwk);
  expect(signer.kid).toBe(thumbprint(PAIR.jwk));
});

test('shows no private half', () => {
  const signer = createLocalSigner(JSON.stringify(PRIVATE_JWK));
  expect(JSON.stringify(signer)).not.toContain(PRIVATE_JWK.d);
  expect(Object.keys(signer).sort()).toEqual(['kid', 'publicJwk', 'sign']);
});

function pem(pair: { privateKey: KeyObject }): string {
  return pkcs8(pair.privateKey);
}

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  ['nothing', '', /neither/],
  ['other text', 'https://vault.example/keys/a', /neither/],
  ['a public JWK', JSON.stringify(PAIR.jwk), /has no private half/],
  ['broken JSON', JSON.stringify(PRIVATE_JWK).slice(0, -1), /is not complete JSON\. Do not make another key/],
  ['a public PEM', PAIR.publicKey.export({ format: 'pem', type: 'spki' }).toString(), /has no private half/],
  ['SEC1', PAIR.privateKey.export({ format: 'pem', type: 'sec1' }).toString(), /openssl pkcs8/],
  ['a broken PEM', pkcs8(PAIR.privateKey).replace('MIG', 'MIX'), /cannot be read/],
  [
    'an encrypted PEM',
    PAIR.privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'p' }).toString(),
    /is encrypted/,
  ],
  ['P-384', pem(generateKeyPairSync('ec', { namedCurve: 'P-384' })), /not on curve P-256/],
  ['secp256k1', pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })), /not on curve P-256/],
  ['RSA', pem(generateKeyPairSync('rsa', { modulusLength: 2048 })), /not on curve P-256/],
  ['Ed25519', pem(generateKeyPairSync('ed25519')), /not on curve P-256/],
  ['halves of two keys', JSON.stringify({ ...createKeyPair().jwk, d: PRIVATE_JWK.d }), /not that of its private half/],
];

test.each(REFUSED)('refuses %s and says what to do', (_, source, message) => {
  const error = catchError(() => createLocalSigner(source));
  expect(error).toBeInstanceOf(SigningKeyError);
  expect(error.message).toMatch(message);
  expect(error.message).toMatch(/openssl|az keyvault secret set/);
  expect(error.cause).toBeUndefined();
});

test('no message carries a part of the key', () => {
  for (const [, source] of REFUSED) {
    const { message, stack = '' } = catchError(() => createLocalSigner(source));
    for (const part of source.match(/[\w+/-]{20,}/g) ?? []) {
      expect(message).not.toContain(part);
      expect(stack).not.toContain(part);
    }
  }
});

function catchError(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
