import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { asEs256Key, readPoint, signEs256, verifyEs256 } from '../../src/tokens/es256.ts';

const INPUT = Buffer.from('header.payload');

function makePair() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return { privateKey, publicKey, x: Buffer.from(x, 'base64url'), y: Buffer.from(y, 'base64url') };
}

test('signs and verifies r ‖ s, as node:crypto does where it is told the form in an object', () => {
  const { privateKey, publicKey, x, y } = makePair();
  const told = { dsaEncoding: 'ieee-p1363' } as const;
  expect(verifyEs256(readPoint(x, y), INPUT, sign('sha256', INPUT, { key: privateKey, ...told }))).toBe(true);
  const signature = signEs256(asEs256Key(privateKey), INPUT);
  expect(signature).toHaveLength(64);
  expect(verify('sha256', INPUT, { key: publicKey, ...told }, signature)).toBe(true);
});

test('refuses another input, another key, an altered signature, and DER', () => {
  const { privateKey, x, y } = makePair();
  const other = makePair();
  const key = readPoint(x, y);
  const der = sign('sha256', INPUT, privateKey);
  const signature = signEs256(asEs256Key(privateKey), INPUT);
  const altered = Buffer.from(signature);
  altered.writeUInt8(altered.readUInt8(63) ^ 1, 63);
  expect(verifyEs256(key, INPUT, signature)).toBe(true);
  expect(verifyEs256(key, Buffer.from('header.other'), signature)).toBe(false);
  expect(verifyEs256(readPoint(other.x, other.y), INPUT, signature)).toBe(false);
  expect(verifyEs256(key, INPUT, altered)).toBe(false);
  expect(verifyEs256(key, INPUT, der)).toBe(false);
});

test('reads the key that a JWK names', () => {
  const { publicKey, x, y } = makePair();
  expect(readPoint(x, y).equals(publicKey)).toBe(true);
  expect(createPublicKey(readPoint(x, y).export({ format: 'pem', type: 'spki' })).equals(publicKey)).toBe(true);
});

test.each([
  ['a coordinate too short', (x: Buffer, y: Buffer) => [x.subarray(1), y]],
  ['a coordinate too long', (x: Buffer, y: Buffer) => [x, Buffer.concat([y, y])]],
  ['a point off the curve', (x: Buffer, y: Buffer) => [x, x.equals(y) ? Buffer.alloc(32) : x]],
  ['no point at all', () => [Buffer.alloc(32), Buffer.alloc(32)]],
] as const)('refuses %s', (_, change) => {
  const made = makePair();
  const [x = made.x, y = made.y] = change(made.x, made.y);
  expect(() => readPoint(x, y)).toThrow(Error);
});
