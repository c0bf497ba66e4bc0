import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { addModulus, forgeWithExponent3, lenientPrefix } from '../../../src/emulator/vectors/forgery.ts';

/** That the forgeries are as good as forgeries get: else refusing them would prove nothing. */

const MESSAGE = Buffer.from('{"vmId":""}');

function toNumber(octets: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(octets).toString('hex')}`);
}

test('cubed, the forged signature begins as a real one does', () => {
  const cube = toNumber(forgeWithExponent3(MESSAGE)) ** 3n;
  const octets = Buffer.from(cube.toString(16).padStart(512, '0'), 'hex');
  const prefix = lenientPrefix(MESSAGE);
  expect(octets).toHaveLength(256);
  expect(octets.subarray(0, prefix.length)).toEqual(prefix);
});

test('node:crypto refuses it under a key of exponent 3', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
  expect(verify('sha256', MESSAGE, publicKey, forgeWithExponent3(MESSAGE))).toBe(false);
});

test('a signature and the modulus added up are the same number to the modulus', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const modulus = toNumber(Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url'));
  let sum: Buffer | null = null;
  for (let round = 0; sum === null; round++) {
    const message = Buffer.from(String(round));
    const signature = sign('sha256', message, privateKey);
    sum = addModulus(signature, publicKey);
    if (sum === null) continue;
    expect(toNumber(sum) % modulus).toBe(toNumber(signature));
    expect(verify('sha256', message, publicKey, signature)).toBe(true);
    expect(verify('sha256', message, publicKey, sum)).toBe(false);
  }
});
