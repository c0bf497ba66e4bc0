import { generateKeyPairSync } from 'node:crypto';
import fc from '../support/properties.ts';
import { calculateJwkThumbprint } from 'jose';
import { expect, test } from 'vitest';
import { isThumbprint, parsePublicJwk, publicKeyOf, thumbprint } from '../../src/tokens/publicJwk.ts';
import { createKeyPair, setTrailingBit } from './forge.ts';

/** RFC 9449 sections 4.2 and 6.1: a key and its thumbprint. */
const KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
  y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
} as const;
const THUMBPRINT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';

/** FIPS 186-4 D.1.2.3: the prime of P-256. The point with x = 5 lies on the curve, and 5 + p still fits in 32 octets. */
const PRIME = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const Y_OF_FIVE = 'RZJDuapYGAb-kTvOmYF63hHKUDxk2aPFM0FcCDJI-8w';

function coordinate(value: bigint): string {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toString('base64url');
}

test('computes the thumbprint of RFC 9449', () => {
  expect(thumbprint(KEY)).toBe(THUMBPRINT);
});

test('computes the thumbprint that jose computes, in any order of members', async () => {
  const { jwk } = createKeyPair();
  const { kty, crv, x, y } = jwk;
  expect(thumbprint(jwk)).toBe(await calculateJwkThumbprint(jwk));
  expect(thumbprint({ y, x, kty, crv })).toBe(thumbprint(jwk));
});

test('takes public keys on P-256', () => {
  expect(parsePublicJwk(KEY)).toEqual(KEY);
  for (let count = 0; count < 50; count++) {
    const { jwk } = createKeyPair();
    expect(parsePublicJwk(jwk)).toEqual(jwk);
  }
});

test('leaves out members that are not the key', () => {
  expect(parsePublicJwk({ ...KEY, kid: THUMBPRINT, ext: true, key_ops: ['verify'] })).toEqual(KEY);
});

test('refuses a private key', () => {
  expect(parsePublicJwk(createKeyPair().privateKey.export({ format: 'jwk' }))).toBeNull();
});

test('refuses a real key of another curve or kind', () => {
  const others = [
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    generateKeyPairSync('ed25519'),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ];
  for (const { publicKey } of others) expect(parsePublicJwk(publicKey.export({ format: 'jwk' }))).toBeNull();
});

const { kty, crv, x, y } = KEY;
const REFUSED: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['text', JSON.stringify(KEY)],
  ['an array', [KEY]],
  ['no y', { kty, crv, x }],
  ['a private value', { ...KEY, d: x }],
  ['kty in another case', { ...KEY, kty: 'ec' }],
  ['another crv', { ...KEY, crv: 'secp256k1' }],
  ['x as a number', { ...KEY, x: 1 }],
  ['an empty x', { ...KEY, x: '' }],
  ['x with padding', { ...KEY, x: `${x}=` }],
  ['x with a trailing bit', { ...KEY, x: setTrailingBit(x) }],
  [
    'x of 33 octets',
    { ...KEY, x: Buffer.concat([Buffer.alloc(1), Buffer.from(x, 'base64url')]).toString('base64url') },
  ],
  ['x of 31 octets', { ...KEY, x: Buffer.from(x, 'base64url').subarray(1).toString('base64url') }],
  ['y in plain base64', { ...KEY, y: y.replaceAll('_', '/') }],
  ['x and y exchanged', { ...KEY, x: y, y: x }],
  ['the origin', { ...KEY, x: coordinate(0n), y: coordinate(0n) }],
  ['x not below the prime', { ...KEY, x: coordinate(5n + PRIME), y: Y_OF_FIVE }],
  ['x equal to the prime', { ...KEY, x: coordinate(PRIME) }],
];

test.each(REFUSED)('refuses %s', (_, value) => {
  expect(parsePublicJwk(value)).toBeNull();
});

test('the point with x = 5 is a good one, so that its other spelling is refused for the spelling', () => {
  expect(parsePublicJwk({ ...KEY, x: coordinate(5n), y: Y_OF_FIVE })).not.toBeNull();
});

test('refuses points off the curve', () => {
  const octets = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(octets, (random) => {
      const other = Buffer.from(random).toString('base64url');
      return other === y || parsePublicJwk({ ...KEY, y: other }) === null || isNegative(other);
    }),
  );
});

/** The one other y on the curve for the same x. */
function isNegative(other: string): boolean {
  const value = BigInt(`0x${Buffer.from(y, 'base64url').toString('hex')}`);
  return other === coordinate(PRIME - value);
}

test('knows a thumbprint by its form', () => {
  expect(isThumbprint(THUMBPRINT)).toBe(true);
  for (const value of ['', `${THUMBPRINT}A`, THUMBPRINT.slice(1), setTrailingBit(THUMBPRINT), null, 1]) {
    expect(isThumbprint(value)).toBe(false);
  }
});

test('a key is read once: what it was read to is what verifies', () => {
  const jwk = parsePublicJwk(KEY);
  if (jwk === null) throw new Error('The key of RFC 9449 is a good one.');
  expect(publicKeyOf(jwk)).toBe(publicKeyOf(jwk));
  expect(publicKeyOf({ ...jwk }).equals(publicKeyOf(jwk))).toBe(true);
  expect(publicKeyOf(jwk).export({ format: 'jwk' })).toEqual(jwk);
});
