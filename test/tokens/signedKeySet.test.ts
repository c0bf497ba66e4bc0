import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import { expect, test } from 'vitest';
import { createLocalSigner } from '../../src/tokens/localSigner.ts';
import { publishKey } from '../../src/tokens/keySet.ts';
import { thumbprint } from '../../src/tokens/publicJwk.ts';
import {
  KEY_SET_FAULTS,
  MAX_KEY_SET,
  explainKeySetFault,
  readRootOf,
  signKeySet,
  verifyKeySet,
} from '../../src/tokens/signedKeySet.ts';
import type { KeySetFault } from '../../src/tokens/signedKeySet.ts';
import { createKeyPair, decodePart, encodePart, es256Token, pkcs8, respellSignature } from './forge.ts';

const AT = Date.UTC(2026, 10, 28, 12);
const IAT = AT / 1000;
const DAY = 86_400;
const ISSUER = 'https://licences.contoso.com';
const [ROOT, OTHER_ROOT, FIRST, SECOND] = [createKeyPair(), createKeyPair(), createKeyPair(), createKeyPair()];
const ROOT_KEY = thumbprint(ROOT.jwk);
const OTHER_ROOT_KEY = thumbprint(OTHER_ROOT.jwk);
const SIGNER = createLocalSigner(pkcs8(ROOT.privateKey));
const INPUT = { issuer: ISSUER, keys: [FIRST.jwk, SECOND.jwk], life: 30 * DAY, iat: IAT, seconds: 30 * DAY };
const HEADER = { alg: 'ES256', typ: 'jwk-set+jwt', kid: ROOT_KEY, jwk: ROOT.jwk };
const CLAIMS = {
  ...{ iss: ISSUER, sub: ISSUER, iat: IAT, exp: IAT + 30 * DAY, life: 30 * DAY },
  keys: [publishKey(FIRST.jwk), publishKey(SECOND.jwk)],
};
const EXPECTED = { rootKeys: [OTHER_ROOT_KEY, ROOT_KEY], issuer: ISSUER, at: AT };

test('signs a key set whose header has alg, typ, kid and jwk alone, and whose claims are these', async () => {
  const token = await signKeySet(INPUT, SIGNER);
  expect(decodePart(token, 0)).toEqual(HEADER);
  expect(decodePart(token, 1)).toEqual(CLAIMS);
  expect(verifyKeySet(token, EXPECTED)).toEqual({ ok: true, root: ROOT_KEY, claims: CLAIMS });
  expect(readRootOf(token)).toBe(ROOT_KEY);
});

test('signs what jose verifies with the key in the header, whose thumbprint is kid', async () => {
  const token = await signKeySet(INPUT, SIGNER);
  const { jwk, kid } = decodePart(token, 0) as typeof HEADER;
  expect(await calculateJwkThumbprint(jwk)).toBe(kid);
  const { payload } = await compactVerify(token, await importJWK(jwk, 'ES256'), { algorithms: ['ES256'] });
  expect(JSON.parse(Buffer.from(payload).toString())).toEqual(CLAIMS);
});

test('32 keys under the longest issuer fit', async () => {
  const issuer = `https://licences.contoso.com/${'a'.repeat(483)}`;
  const keys = Array.from({ length: 32 }, () => createKeyPair().jwk);
  const token = await signKeySet({ ...INPUT, issuer, keys }, SIGNER);
  expect(token.length).toBeLessThan(MAX_KEY_SET);
  expect(verifyKeySet(token, { ...EXPECTED, issuer })).toMatchObject({ ok: true });
});

test.each([
  ['no key', { keys: [] }],
  ['33 keys', { keys: Array.from({ length: 33 }, () => createKeyPair().jwk) }],
  ['a key twice', { keys: [FIRST.jwk, FIRST.jwk] }],
  ['the root itself', { keys: [FIRST.jwk, ROOT.jwk] }],
  ['93 days', { seconds: 93 * DAY }],
  ['no time at all', { seconds: 0 }],
])('does not sign %s', async (_, change) => {
  await expect(signKeySet({ ...INPUT, ...change }, SIGNER)).rejects.toThrow(TypeError);
});

const sign = (claims: object = CLAIMS, header: object = HEADER) => es256Token(header, claims, ROOT.privateKey);

test('takes a set that another program wrote: white space, other members of the claims, another order', () => {
  const text = JSON.stringify({ jti: 'x', nbf: 1, ...CLAIMS }, null, 2);
  const header = JSON.stringify({ jwk: ROOT.jwk, kid: ROOT_KEY, typ: 'jwk-set+jwt', alg: 'ES256' }, null, 1);
  expect(verifyKeySet(es256Token(header, text, ROOT.privateKey), EXPECTED)).toEqual({
    ...{ ok: true, root: ROOT_KEY },
    claims: CLAIMS,
  });
});

test('the longest set lasts 92 days', () => {
  expect(verifyKeySet(sign({ ...CLAIMS, exp: IAT + 92 * DAY }), EXPECTED)).toMatchObject({ ok: true });
});

test('ends at exp and begins two minutes before iat, to the millisecond; without a time neither is judged', () => {
  const token = sign();
  const verifyAt = (at: number | null) => {
    const verified = verifyKeySet(token, { ...EXPECTED, at });
    return verified.ok ? 'ok' : verified.fault;
  };
  const end = CLAIMS.exp * 1000;
  expect([end - 1, end, AT - 120_000, AT - 120_001, Number.NaN, null].map(verifyAt)).toEqual([
    ...['ok', 'ended', 'ok', 'not_yet_valid', 'not_yet_valid', 'ok'],
  ]);
});

const [KEY] = CLAIMS.keys;
const withKeys = (...keys: readonly unknown[]) => sign({ ...CLAIMS, keys });
const off = { ...FIRST.jwk, y: SECOND.jwk.y };
const headerTwice = JSON.stringify(HEADER).replace('"kid"', '"kid":"x","kid"');
const payloadTwice = JSON.stringify(CLAIMS).replace('"life"', '"iat":1,"life"');

/** One change each to a valid set. */
const REFUSED: readonly (readonly [what: string, token: () => string, fault: KeySetFault])[] = [
  ['nothing', () => '', 'malformed'],
  ['two parts', () => 'a.b', 'malformed'],
  ['a longer text than any set', () => `${sign()}${'A'.repeat(MAX_KEY_SET)}`, 'malformed'],
  ['a respelled signature', () => respellSignature(sign()), 'malformed'],
  ['another algorithm', () => sign(CLAIMS, { ...HEADER, alg: 'ES384' }), 'malformed'],
  ['no algorithm', () => sign(CLAIMS, { ...HEADER, alg: 'none' }), 'malformed'],
  ['the type of a licence', () => sign(CLAIMS, { ...HEADER, typ: 'licence+jwt' }), 'malformed'],
  ['one more member in the header', () => sign(CLAIMS, { ...HEADER, jku: 'https://x.example' }), 'malformed'],
  ['a critical member', () => sign(CLAIMS, { ...HEADER, crit: ['b64'], b64: false }), 'malformed'],
  ['no key in the header', () => sign(CLAIMS, { ...HEADER, jwk: undefined }), 'malformed'],
  ['more in the header’s key', () => sign(CLAIMS, { ...HEADER, jwk: { ...ROOT.jwk, use: 'sig' } }), 'malformed'],
  ['a private key', () => sign(CLAIMS, { ...HEADER, jwk: ROOT.privateKey.export({ format: 'jwk' }) }), 'malformed'],
  ['a kid that is not the key’s', () => sign(CLAIMS, { ...HEADER, kid: OTHER_ROOT_KEY }), 'malformed'],
  ['a header member twice', () => es256Token(headerTwice, CLAIMS, ROOT.privateKey), 'malformed'],
  ['no claims', () => sign([]), 'malformed'],
  ['a claim twice', () => es256Token(HEADER, payloadTwice, ROOT.privateKey), 'malformed'],
  ['a time as text', () => sign({ ...CLAIMS, exp: String(CLAIMS.exp) }), 'malformed'],
  ['half a second', () => sign({ ...CLAIMS, iat: IAT + 0.5 }), 'malformed'],
  ['no life', () => sign({ ...CLAIMS, life: undefined }), 'malformed'],
  ['a life of nothing', () => sign({ ...CLAIMS, life: 0 }), 'malformed'],
  ['keys that are no list', () => sign({ ...CLAIMS, keys: {} }), 'malformed'],
  ['a root that nobody believes', strangersSet, 'root_unknown'],
  ['the signature of another key', () => es256Token(HEADER, CLAIMS, OTHER_ROOT.privateKey), 'signature_invalid'],
  ['claims that were exchanged', exchangedClaims, 'signature_invalid'],
  ['another issuer', () => sign({ ...CLAIMS, iss: `${ISSUER}.example` }), 'issuer_unexpected'],
  ['another subject', () => sign({ ...CLAIMS, sub: `${ISSUER}/` }), 'issuer_unexpected'],
  ['92 days and a second', () => sign({ ...CLAIMS, exp: IAT + 92 * DAY + 1 }), 'lasts_too_long'],
  ['an end before the beginning', () => sign({ ...CLAIMS, exp: IAT }), 'lasts_too_long'],
  ['no key', () => withKeys(), 'keys_unusable'],
  ['too many keys', manyKeys, 'keys_unusable'],
  ['a key twice', () => withKeys(KEY, KEY), 'keys_unusable'],
  ['a point that is not on the curve', () => withKeys({ ...KEY, ...off, kid: thumbprint(off) }), 'keys_unusable'],
  ['a key under another’s name', () => withKeys({ ...KEY, kid: thumbprint(SECOND.jwk) }), 'keys_unusable'],
  ['a key for encryption', () => withKeys({ ...KEY, use: 'enc' }), 'keys_unusable'],
  ['a key of another algorithm', () => withKeys({ ...KEY, alg: 'ES384' }), 'keys_unusable'],
  ['a key with more members', () => withKeys({ ...KEY, x5u: 'https://x.example' }), 'keys_unusable'],
  ['a key with its private half', () => withKeys({ ...KEY, d: FIRST.jwk.x }), 'keys_unusable'],
  ['what is no key', () => withKeys('key'), 'keys_unusable'],
  ['the root among the keys', () => withKeys(KEY, publishKey(ROOT.jwk)), 'root_among_keys'],
  ['the other root among the keys', () => withKeys(publishKey(OTHER_ROOT.jwk)), 'root_among_keys'],
  ['a time to come', () => sign({ ...CLAIMS, iat: IAT + 121 }), 'not_yet_valid'],
  ['a time that is over', () => sign({ ...CLAIMS, iat: IAT - 30 * DAY, exp: IAT }), 'ended'],
];

function strangersSet(): string {
  const stranger = createKeyPair();
  return es256Token({ ...HEADER, kid: thumbprint(stranger.jwk), jwk: stranger.jwk }, CLAIMS, stranger.privateKey);
}

function exchangedClaims(): string {
  const [header = '', , signature = ''] = sign().split('.');
  return [header, encodePart({ ...CLAIMS, life: 31 * DAY }), signature].join('.');
}

function manyKeys(): string {
  return withKeys(...Array.from({ length: 33 }, () => publishKey(createKeyPair().jwk)));
}

test.each(REFUSED)('refuses %s', (_, token, fault) => {
  expect(verifyKeySet(token(), EXPECTED)).toEqual({ ok: false, fault });
});

test('every fault has a case here, and an explanation that says what to do', () => {
  expect([...new Set(REFUSED.map(([, , fault]) => fault))].sort()).toEqual([...KEY_SET_FAULTS].sort());
  for (const fault of KEY_SET_FAULTS) expect(explainKeySetFault(fault)).toMatch(/^[A-Z].*\. .*\.$|^It has ended\. /);
});

test('a set that no root of ours signed is not searched for more', () => {
  const rootKeys: readonly string[] = [];
  expect(verifyKeySet(sign(), { ...EXPECTED, rootKeys })).toEqual({ ok: false, fault: 'root_unknown' });
});

test('the root of what is no signed key set is none', () => {
  expect(['', 'a.b.c', sign(CLAIMS, { ...HEADER, typ: 'JWT' })].map(readRootOf)).toEqual([null, null, null]);
});
