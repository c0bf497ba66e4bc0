import { CompactSign } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { verifySignedKeySet } from '../../../src/client/trust/signedKeySet.ts';
import { createSigningKey } from '../support/licenceService.ts';
import type { SigningKey } from '../support/licenceService.ts';
import { NOW } from '../support/vectors.ts';

const ISSUER = 'https://licences.example.test';
const IAT = NOW / 1000;
const DAY = 86_400;

let root: SigningKey;
let signing: SigningKey;

beforeAll(async () => {
  root = await createSigningKey();
  signing = await createSigningKey();
});

interface Change {
  readonly claims?: object;
  readonly header?: object;
  readonly key?: SigningKey;
}

async function sign({ claims, header, key = root }: Change = {}): Promise<string> {
  const sound = { iss: ISSUER, sub: ISSUER, iat: IAT, exp: IAT + 30 * DAY, life: 30 * DAY, keys: [signing.jwk] };
  return new CompactSign(Buffer.from(JSON.stringify({ ...sound, ...claims })))
    .setProtectedHeader({ alg: 'ES256', typ: 'jwk-set+jwt', kid: key.kid, jwk: key.jwk, ...header })
    .sign(key.privateKey, { crit: { b64: true, x: true } });
}

const verify = (text: string, rootKeys: readonly string[] = [root.kid]) =>
  verifySignedKeySet(text, { issuer: ISSUER, rootKeys });

test('a set under a pinned root gives its keys and terms, and is kept as it came', async () => {
  const text = await sign();
  const { keys, kept, signed } = verify(text, ['A'.repeat(43), root.kid]);
  expect([...keys.keys()]).toEqual([signing.kid]);
  expect(kept).toBe(text);
  expect(signed).toEqual({ iat: IAT, exp: IAT + 30 * DAY, life: 30 * DAY });
});

test('92 days are the longest life of a set', async () => {
  expect(verify(await sign({ claims: { exp: IAT + 92 * DAY } })).signed?.exp).toBe(IAT + 92 * DAY);
  const longer = await sign({ claims: { exp: IAT + 92 * DAY + 1 } });
  expect(() => verify(longer)).toThrow('(exp)');
});

test.each<[string, Change, string]>([
  ['another issuer', { claims: { iss: 'https://other.example.test' } }, 'iss or sub'],
  ['another subject', { claims: { sub: 'https://other.example.test' } }, 'iss or sub'],
  ['no subject', { claims: { sub: undefined } }, 'iss or sub'],
  ['no end', { claims: { exp: undefined } }, 'iat, exp or life'],
  ['no life', { claims: { life: undefined } }, 'iat, exp or life'],
  ['a negative life', { claims: { life: -1 } }, 'iat, exp or life'],
  ['a life in fractions', { claims: { life: 0.5 } }, 'iat, exp or life'],
  ['an end before its beginning', { claims: { exp: IAT } }, 'exp'],
  ['another typ', { header: { typ: 'JWT' } }, 'alg or typ'],
  ['a further header member', { header: { cty: 'x' } }, 'header'],
  ['crit', { header: { crit: ['x'], x: 1 } }, 'header'],
  ['b64', { header: { crit: ['b64'], b64: true } }, 'header'],
  ['no kid', { header: { kid: undefined } }, 'header'],
  ['the kid of another key', { header: { kid: 'A'.repeat(43) } }, 'root key'],
  ['no jwk', { header: { jwk: undefined } }, 'header'],
  ['a jwk of another kind', { header: { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } } }, 'jwk'],
])('%s is not believed', async (_, change, what) => {
  const text = await sign(change);
  expect(() => verify(text)).toThrow(expect.objectContaining({ code: 'key_set_untrusted' }));
  expect(() => verify(text)).toThrow(`(${what})`);
});

test('a further member of jwk is not believed, whatever it says', async () => {
  const text = await sign({ header: { jwk: { ...root.jwk, alg: 'ES256' } } });
  expect(() => verify(text)).toThrow('(jwk)');
});

test('a root that is not pinned is not believed', async () => {
  const stranger = await createSigningKey();
  const text = await sign({ key: stranger });
  expect(() => verify(text)).toThrow('(root key)');
});

test("a pinned root's name and key over a stranger's signature are not believed", async () => {
  const stranger = await createSigningKey();
  const text = await sign({ key: stranger, header: { kid: root.kid, jwk: root.jwk } });
  expect(() => verify(text)).toThrow('(signature)');
});

test('a set that was changed after it was signed is not believed', async () => {
  const [header, , signature] = (await sign()).split('.');
  const [, payload] = (await sign({ claims: { life: 365 * DAY } })).split('.');
  expect(() => verify(`${header}.${payload}.${signature}`)).toThrow('(signature)');
});

test.each(['', 'abc', 'e30.e30.AA', 'x'.repeat(20_000)])('%.20s is no set', (text) => {
  expect(() => verify(text)).toThrow(expect.objectContaining({ code: 'key_set_untrusted' }));
});

test('a root among the keys, and one that is pinned beside it, sign no licences', async () => {
  const second = await createSigningKey();
  const text = await sign({ claims: { keys: [root.jwk, second.jwk, signing.jwk] } });
  expect([...verify(text, [root.kid, second.kid]).keys.keys()]).toEqual([signing.kid]);
});

test('a set with nothing but roots is unusable', async () => {
  const text = await sign({ claims: { keys: [root.jwk] } });
  expect(() => verify(text)).toThrow(expect.objectContaining({ code: 'key_set_unusable' }));
});
