import { beforeAll, expect, test } from 'vitest';
import { readUnsignedKeySet } from '../../../src/client/trust/keySet.ts';
import { newerOf } from '../../../src/client/trust/trust.ts';
import type { KeySet } from '../../../src/client/trust/keySet.ts';
import { createSigningKey } from '../support/licenceService.ts';
import type { SigningKey } from '../support/licenceService.ts';

let key: SigningKey;

beforeAll(async () => {
  key = await createSigningKey();
});

const named = (keys: unknown) => [...readUnsignedKeySet({ keys }).keys.keys()];

test('keys are found by the thumbprint that is computed here', () => {
  expect(named([{ ...key.jwk, kid: 'another name', use: 'sig', alg: 'ES256' }])).toEqual([key.kid]);
});

test.each<[string, (jwk: object) => object]>([
  ['of another kind', () => ({ kty: 'RSA', n: 'AQAB', e: 'AQAB' })],
  ['on another curve', () => ({ kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA' })],
  ['that is not on its curve', (jwk) => ({ ...jwk, x: 'A'.repeat(43) })],
  ['with a short coordinate', (jwk) => ({ ...jwk, x: 'AA' })],
  ['for another use', (jwk) => ({ ...jwk, use: 'enc' })],
  ['for another algorithm', (jwk) => ({ ...jwk, alg: 'ES384' })],
])('a key %s is skipped, and the others count', (_, change) => {
  expect(named([change(key.jwk), key.jwk])).toEqual([key.kid]);
  expect(() => named([change(key.jwk)])).toThrow(expect.objectContaining({ code: 'key_set_unusable' }));
});

test('a coordinate that is not canonical base64url is no key: it would give one key two names', () => {
  const last = key.jwk.x.slice(-1);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const other = alphabet.charAt(alphabet.indexOf(last) + 1);
  const x = key.jwk.x.slice(0, -1) + other;
  expect(Buffer.from(x, 'base64url')).toEqual(Buffer.from(key.jwk.x, 'base64url'));
  expect(() => named([{ ...key.jwk, x }])).toThrow(expect.objectContaining({ code: 'key_set_unusable' }));
});

test.each<[string, (jwk: object) => unknown]>([
  ['a private key', (jwk) => [{ ...jwk, d: 'AAAA' }, jwk]],
  ['a secret', (jwk) => [jwk, { kty: 'oct', k: 'AAAA' }]],
  ['something that is no object', (jwk) => [jwk, 'key']],
  ['no key', () => []],
  ['too many keys', (jwk) => Array.from({ length: 33 }, () => jwk)],
  ['no list', () => 'none'],
  ['nothing', () => undefined],
])('a set with %s is unusable', (_, change) => {
  expect(() => named(change(key.jwk))).toThrow(expect.objectContaining({ code: 'key_set_unusable' }));
});

test('of two sets the one that was signed later counts', () => {
  const at = (iat: number): KeySet => ({ keys: new Map(), kept: String(iat), signed: { iat, exp: iat + 1, life: 1 } });
  const [older, newer] = [at(1), at(2)];
  expect(newerOf(older, newer)).toBe(newer);
  expect(newerOf(newer, older)).toBe(newer);
  expect(newerOf(newer, undefined)).toBe(newer);
  expect(newerOf(undefined, older)).toBe(older);
  expect(newerOf(newer, at(2))).toBe(newer);
});
