import { createHmac, generateKeyPairSync, hash } from 'node:crypto';
import fc from '../support/properties.ts';
import { SignJWT, UnsecuredJWT } from 'jose';
import { expect, test } from 'vitest';
import { checkOfflineProof, checkProof } from '../../src/tokens/proofs.ts';
import type { CheckedProof } from '../../src/tokens/proofs.ts';
import { thumbprint } from '../../src/tokens/publicJwk.ts';
import { createKeyPair, encodePart, es256Token, respellAt, setTrailingBit } from './forge.ts';

const PAIR = createKeyPair();
const STRANGER = createKeyPair();
const JTI = 'AAECAwQFBgcICQoLDA0ODw';
const AUDIENCE = 'https://licences.example.com/v1/licences';
const EXPECTED = { jkt: thumbprint(PAIR.jwk), audience: AUDIENCE, challengeJti: JTI };
const HEADER = { alg: 'ES256', typ: 'proof+jwt', jwk: PAIR.jwk };
const CLAIMS = { aud: AUDIENCE, nonce: JTI };
const INVALID = { ok: false, code: 'proof_invalid' };
const GOOD = es256Token(HEADER, CLAIMS, PAIR.privateKey);

function check(proof: string): CheckedProof {
  return checkProof(proof, EXPECTED);
}

test('takes a proof that jose signed', async () => {
  const proof = await new SignJWT(CLAIMS).setProtectedHeader(HEADER).sign(PAIR.privateKey);
  expect(check(proof)).toEqual({ ok: true, jwk: PAIR.jwk });
});

test('takes a numeric claim after others, as languages write it that keep the order of keys', () => {
  const claims = Buffer.from(`${JSON.stringify(CLAIMS).slice(0, -1)},"7":true}`);
  expect(check(es256Token(HEADER, claims, PAIR.privateKey))).toEqual({ ok: true, jwk: PAIR.jwk });
});

test('takes header and claims in any order', () => {
  const { x, y, crv, kty } = PAIR.jwk;
  const header = { jwk: { y, x, crv, kty }, typ: 'proof+jwt', alg: 'ES256' };
  const proof = es256Token(header, { nonce: JTI, aud: AUDIENCE }, PAIR.privateKey);
  expect(check(proof)).toEqual({ ok: true, jwk: PAIR.jwk });
});

test.each([
  ['members that decide nothing', { ...HEADER, kid: 'a', jwk: { ...PAIR.jwk, kid: 'a', use: 'sig' } }, CLAIMS],
  ['claims that decide nothing', HEADER, { ...CLAIMS, iat: 1, jti: 'b' }],
  ['white space', JSON.stringify(HEADER, null, 2), JSON.stringify(CLAIMS, null, 1)],
  ['escaped slashes', HEADER, JSON.stringify(CLAIMS).replaceAll('/', '\\/')],
])('takes a proof with %s, as other libraries write it', (_, header, claims) => {
  expect(check(es256Token(header, claims, PAIR.privateKey))).toEqual({ ok: true, jwk: PAIR.jwk });
});

test.each([
  ['key', { ...EXPECTED, jkt: thumbprint(STRANGER.jwk) }],
  ['path', { ...EXPECTED, audience: 'https://licences.example.com/v1/releases' }],
  ['challenge', { ...EXPECTED, challengeJti: 'AAECAwQFBgcICQoLDA0OEA' }],
])('refuses a proof for another %s', (_, expected) => {
  expect(checkProof(GOOD, expected)).toEqual(INVALID);
  expect(check(GOOD).ok).toBe(true);
});

test('refuses a good signature by a key that is not the one of the challenge', () => {
  expect(check(es256Token({ ...HEADER, jwk: STRANGER.jwk }, CLAIMS, STRANGER.privateKey))).toEqual(INVALID);
});

test('refuses the named key where another one signed', () => {
  expect(check(es256Token(HEADER, CLAIMS, STRANGER.privateKey))).toEqual(INVALID);
});

const { x, y } = PAIR.jwk;
const HEADERS: readonly (readonly [string, unknown])[] = [
  ['a private key', { ...HEADER, jwk: PAIR.privateKey.export({ format: 'jwk' }) }],
  ['a key with a respelled coordinate', { ...HEADER, jwk: { ...PAIR.jwk, x: setTrailingBit(x) } }],
  ['no key', { alg: 'ES256', typ: 'proof+jwt' }],
  ['a kid instead', { alg: 'ES256', typ: 'proof+jwt', kid: EXPECTED.jkt }],
  ['jku', { ...HEADER, jku: 'https://example.com/keys' }],
  ['x5c', { ...HEADER, x5c: [] }],
  ['crit', { ...HEADER, crit: ['exp'], exp: 1 }],
  ['b64', { ...HEADER, b64: true }],
  ['b64 made critical', { ...HEADER, b64: false, crit: ['b64'] }],
  ['another typ', { ...HEADER, typ: 'licence+jwt' }],
  ['typ in another case', { ...HEADER, typ: 'PROOF+JWT' }],
  ['typ as a media type', { ...HEADER, typ: 'application/proof+jwt' }],
  ['no typ', { alg: 'ES256', jwk: PAIR.jwk }],
  ['alg none', { ...HEADER, alg: 'none' }],
  ['alg ES384', { ...HEADER, alg: 'ES384' }],
  ['alg in another case', { ...HEADER, alg: 'es256' }],
  ['alg twice', JSON.stringify(HEADER).replace('{', '{"alg":"none",')],
  ['the key twice', JSON.stringify(HEADER).replace('}}', `},"jwk":${JSON.stringify(PAIR.jwk)}}`)],
  ['a coordinate twice', JSON.stringify(HEADER).replace('"x":', `"x":"${y}","x":`)],
  ['an array', [HEADER]],
  ['no JSON', 'ES256'],
  ['nothing', ''],
];

test.each(HEADERS)('refuses a header with %s under a good signature', (_, header) => {
  expect(check(es256Token(header, CLAIMS, PAIR.privateKey))).toEqual(INVALID);
});

const PAYLOADS: readonly (readonly [string, unknown])[] = [
  ['no aud', { nonce: JTI }],
  ['aud as a list', { ...CLAIMS, aud: [AUDIENCE] }],
  ['aud in another case', { ...CLAIMS, aud: AUDIENCE.toUpperCase() }],
  ['no nonce', { aud: AUDIENCE }],
  ['nonce null', { ...CLAIMS, nonce: null }],
  ['nonce twice', `{"nonce":"x","aud":"${AUDIENCE}","nonce":"${JTI}"}`],
  ['an array', [CLAIMS]],
  ['null', 'null'],
  ['deep nesting', '['.repeat(500) + ']'.repeat(500)],
  ['nothing', ''],
];

test.each(PAYLOADS)('refuses claims with %s under a good signature', (_, payload) => {
  expect(check(es256Token(HEADER, payload, PAIR.privateKey))).toEqual(INVALID);
});

test('refuses unsigned proofs and other algorithms', async () => {
  const unsecured = new UnsecuredJWT(CLAIMS).encode();
  const input = `${encodePart({ ...HEADER, alg: 'HS256' })}.${encodePart(CLAIMS)}`;
  const publicPem = PAIR.publicKey.export({ format: 'pem', type: 'spki' });
  const confused = `${input}.${createHmac('sha256', publicPem).update(input).digest('base64url')}`;
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const p384 = await new SignJWT(CLAIMS)
    .setProtectedHeader({ ...HEADER, alg: 'ES384', jwk: { kty: 'EC' } })
    .sign(other.privateKey);
  for (const proof of [unsecured, confused, p384]) expect(check(proof)).toEqual(INVALID);
});

test('refuses a signature of another form', () => {
  const [header = '', payload = '', signature = ''] = GOOD.split('.');
  const octets = Buffer.from(signature, 'base64url');
  const forms = [
    Buffer.alloc(0),
    Buffer.alloc(64),
    octets.subarray(0, 63),
    Buffer.concat([octets, Buffer.alloc(1)]),
    Buffer.alloc(64, 0xff),
  ];
  for (const form of forms) {
    expect(check(`${header}.${payload}.${form.toString('base64url')}`)).toEqual(INVALID);
  }
});

test('refuses every change of a single character', () => {
  const accepted: string[] = [];
  for (let index = 0; index < GOOD.length; index++) {
    for (const proof of respellAt(GOOD, index, 'AQgw-_=.')) if (check(proof).ok) accepted.push(proof);
  }
  expect(accepted).toEqual([]);
});

test('refuses respelled parts that decode to the same octets', () => {
  const parts = GOOD.split('.');
  let count = 0;
  for (const [index, part] of parts.entries()) {
    const respelled = [`${part}=`, setTrailingBit(part)].filter((text) => text !== null);
    for (const text of respelled) {
      count++;
      expect(check(parts.with(index, text).join('.'))).toEqual(INVALID);
    }
  }
  expect(count).toBeGreaterThan(3);
});

test('refuses what is too long', () => {
  const long = es256Token(HEADER, JSON.stringify(CLAIMS) + ' '.repeat(2000), PAIR.privateKey);
  expect(check(long)).toEqual(INVALID);
  expect(check('A'.repeat(5_000_000))).toEqual(INVALID);
});

test('refuses any text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !check(text).ok));
});

const DOCUMENT = Buffer.from('a document');
const OFFLINE_AUDIENCE = 'https://licences.example.com/operator/v1/offline-activations';
const OFFLINE_HEADER = { ...HEADER, typ: 'offline-proof+jwt' };
const OFFLINE_CLAIMS = {
  ...{ aud: OFFLINE_AUDIENCE, product: 'contoso/gateway', jti: JTI },
  doc: hash('sha256', DOCUMENT, 'base64url'),
};

const checkOffline = (header: object, claims: object, privateKey = PAIR.privateKey) =>
  checkOfflineProof(es256Token(header, claims, privateKey), { audience: OFFLINE_AUDIENCE, document: DOCUMENT });

test('takes an offline proof, and says whose it is and what it is for', () => {
  const expected = { ok: true, jkt: thumbprint(PAIR.jwk), jti: JTI, product: 'contoso/gateway' };
  expect(checkOffline(OFFLINE_HEADER, OFFLINE_CLAIMS)).toEqual(expected);
  expect(checkOffline({ ...OFFLINE_HEADER, kid: 'a' }, { ...OFFLINE_CLAIMS, iat: 1 })).toEqual(expected);
});

test.each<[string, object, object]>([
  ['typ', HEADER, OFFLINE_CLAIMS],
  ['key', { ...OFFLINE_HEADER, jwk: STRANGER.jwk }, OFFLINE_CLAIMS],
  ['source of its key', { ...OFFLINE_HEADER, jku: 'https://licences.example.com' }, OFFLINE_CLAIMS],
  ['path', OFFLINE_HEADER, { ...OFFLINE_CLAIMS, aud: AUDIENCE }],
  ['document', OFFLINE_HEADER, { ...OFFLINE_CLAIMS, doc: hash('sha256', 'another', 'base64url') }],
  ['product, of 300 characters', OFFLINE_HEADER, { ...OFFLINE_CLAIMS, product: 'x'.repeat(300) }],
  ['product, a list', OFFLINE_HEADER, { ...OFFLINE_CLAIMS, product: ['contoso/gateway'] }],
  ['jti, too short', OFFLINE_HEADER, { ...OFFLINE_CLAIMS, jti: 'a' }],
  ['jti, with a space', OFFLINE_HEADER, { ...OFFLINE_CLAIMS, jti: `${JTI} ` }],
])('refuses an offline proof with another %s', (_, header, claims) => {
  expect(checkOffline(header, claims)).toEqual(INVALID);
});
