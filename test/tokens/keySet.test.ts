import { createLocalJWKSet, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import type { PublicJwk } from '../../src/contract/wire.ts';
import { createKeySet } from '../../src/tokens/keySet.ts';
import { thumbprint } from '../../src/tokens/publicJwk.ts';
import { createKeyPair, es256Token } from './forge.ts';

const AT = Date.UTC(2026, 0, 1);
const [NEXT, CURRENT, OLD] = [createKeyPair(), createKeyPair(), createKeyPair()];
const current = { state: 'current', publicJwk: CURRENT.jwk } as const;
const next = { state: 'next', publicJwk: NEXT.jwk, from: AT + 1 } as const;
const retired = { state: 'retired', publicJwk: OLD.jwk, until: AT + 1000 } as const;

test('publishes the next key, the current one and those kept after use', () => {
  const { keys } = createKeySet([next, current, retired], AT);
  expect(keys).toEqual(
    [NEXT, CURRENT, OLD].map(({ jwk }) => ({ ...jwk, kid: thumbprint(jwk), alg: 'ES256', use: 'sig' })),
  );
});

test('drops a retired key when its time is over', () => {
  expect(createKeySet([current, retired], AT + 999).keys).toHaveLength(2);
  expect(createKeySet([current, retired], AT + 1000).keys).toHaveLength(1);
  expect(createKeySet([current, { ...retired, until: NaN }], AT).keys).toHaveLength(1);
  expect(createKeySet([current, { ...retired, until: null }], Number.MAX_SAFE_INTEGER).keys).toHaveLength(2);
});

test('is published while no key is current: licences under the last one live on', () => {
  expect(createKeySet([next, retired], AT).keys).toHaveLength(2);
});

test('lets no private member out', () => {
  // A private JWK fits the type by its shape.
  const privateJwk = {
    ...CURRENT.privateKey.export({ format: 'jwk' }),
    kid: 'other',
    use: 'enc',
    key_ops: ['sign'],
  } as unknown as PublicJwk & { d: string };
  const { keys } = createKeySet([{ state: 'current', publicJwk: privateJwk }], AT);
  expect(keys).toEqual([{ ...CURRENT.jwk, kid: thumbprint(CURRENT.jwk), alg: 'ES256', use: 'sig' }]);
  expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  expect(privateJwk.d).toMatch(/^[\w-]{43}$/);
  expect(JSON.stringify(keys)).not.toContain(privateJwk.d);
});

test('is a key set that jose verifies with', async () => {
  const keySet = createKeySet([next, current, retired], AT);
  const header = { alg: 'ES256', kid: thumbprint(OLD.jwk) };
  const token = es256Token(header, { iss: 'a' }, OLD.privateKey);
  const resolver = createLocalJWKSet({ keys: [...keySet.keys] });
  expect((await jwtVerify(token, resolver)).payload).toEqual({ iss: 'a' });
});

test.each([
  ['no key', []],
  ['two current keys', [current, { ...current, publicJwk: NEXT.jwk }]],
  ['a key twice', [current, { ...next, publicJwk: CURRENT.jwk }]],
])('refuses %s', (_, keys) => {
  expect(() => createKeySet(keys, AT)).toThrow(TypeError);
});
