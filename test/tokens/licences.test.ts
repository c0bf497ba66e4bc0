import { createLocalJWKSet, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { createKeySet } from '../../src/tokens/keySet.ts';
import { licenceClaims } from '../../src/tokens/licenceClaims.ts';
import { signLicence, verifyLicence } from '../../src/tokens/licences.ts';
import { createLocalSigner } from '../../src/tokens/localSigner.ts';
import { createKeyPair, decodePart, es256Token, pkcs8, respellAt, respellSignature } from './forge.ts';
import { INPUT, ISSUED_AT } from './licenceInput.ts';

const PAIR = createKeyPair();
const STRANGER = createKeyPair();
const SIGNER = createLocalSigner(pkcs8(PAIR.privateKey));
const KEY_SET = createKeySet([{ state: 'current', publicJwk: SIGNER.publicJwk }], ISSUED_AT);
const CLAIMS = licenceClaims(INPUT);
const HEADER = { alg: 'ES256', typ: 'licence+jwt', kid: SIGNER.kid };
const EXPECTED = { issuer: INPUT.issuer, audience: 'Contoso/router', at: ISSUED_AT };
const LICENCE = await signLicence(CLAIMS, SIGNER);
const INVALID = { ok: false, reason: 'invalid' };

test('signs a licence with alg, typ and kid alone in its header', () => {
  expect(decodePart(LICENCE, 0)).toEqual(HEADER);
  expect(decodePart(LICENCE, 1)).toEqual(CLAIMS);
});

test('signs what jose verifies against the published key set', async () => {
  const { payload } = await jwtVerify(LICENCE, createLocalJWKSet({ keys: [...KEY_SET.keys] }), {
    algorithms: ['ES256'],
    typ: 'licence+jwt',
    issuer: INPUT.issuer,
    audience: 'Contoso/router',
    currentDate: new Date(ISSUED_AT),
  });
  expect(payload).toEqual(CLAIMS);
});

test('verifies its own licence', () => {
  expect(verifyLicence(LICENCE, KEY_SET, EXPECTED)).toEqual({ ok: true, claims: CLAIMS });
});

test('leaves the audience to a caller that says so', () => {
  expect(verifyLicence(LICENCE, KEY_SET, { ...EXPECTED, audience: null })).toMatchObject({ ok: true });
});

test.each([
  ['issuer', { ...EXPECTED, issuer: 'https://licences.example.org' }],
  ['audience', { ...EXPECTED, audience: 'Contoso/firewall' }],
  ['audience in another case', { ...EXPECTED, audience: 'contoso/router' }],
])('refuses a licence of another %s', (_, expected) => {
  expect(verifyLicence(LICENCE, KEY_SET, expected)).toEqual(INVALID);
});

test('ends at exp, to the millisecond', () => {
  const end = CLAIMS.exp * 1000;
  expect(end).toBeLessThanOrEqual(INPUT.times.expiresAt);
  expect(verifyLicence(LICENCE, KEY_SET, { ...EXPECTED, at: end - 1 }).ok).toBe(true);
  expect(verifyLicence(LICENCE, KEY_SET, { ...EXPECTED, at: end })).toEqual({ ok: false, reason: 'expired' });
});

test('is valid from nbf, two minutes before it was issued', () => {
  const earliest = CLAIMS.nbf * 1000;
  expect(CLAIMS.iat - CLAIMS.nbf).toBe(120);
  const early = { ok: false, reason: 'not_yet_valid' };
  expect(verifyLicence(LICENCE, KEY_SET, { ...EXPECTED, at: earliest }).ok).toBe(true);
  expect(verifyLicence(LICENCE, KEY_SET, { ...EXPECTED, at: earliest - 1 })).toEqual(early);
  expect(verifyLicence(LICENCE, KEY_SET, { ...EXPECTED, at: NaN })).toEqual(early);
});

test('a retired key verifies until it leaves the key set', () => {
  const keys = [
    { state: 'current', publicJwk: STRANGER.jwk },
    { state: 'retired', publicJwk: PAIR.jwk, until: ISSUED_AT + 1000 },
  ] as const;
  expect(verifyLicence(LICENCE, createKeySet(keys, ISSUED_AT), EXPECTED).ok).toBe(true);
  expect(verifyLicence(LICENCE, createKeySet(keys, ISSUED_AT + 1000), EXPECTED)).toEqual(INVALID);
});

const HEADERS: readonly (readonly [string, unknown])[] = [
  ['a denial’s typ', { ...HEADER, typ: 'licence-denial+jwt' }],
  ['another typ', { ...HEADER, typ: 'JWT' }],
  ['no typ', { alg: 'ES256', kid: SIGNER.kid }],
  ['no kid', { alg: 'ES256', typ: 'licence+jwt' }],
  ['an unknown kid', { ...HEADER, kid: 'other' }],
  ['alg none', { ...HEADER, alg: 'none' }],
  ['jku', { ...HEADER, jku: 'https://example.com/keys' }],
  ['x5u', { ...HEADER, x5u: 'https://example.com/cert' }],
  ['jwk', { ...HEADER, jwk: PAIR.jwk }],
  ['crit', { ...HEADER, crit: ['b64'], b64: true }],
  ['no JSON', 'x'],
];

test.each(HEADERS)('refuses a header with %s under a good signature', (_, header) => {
  expect(verifyLicence(es256Token(header, CLAIMS, PAIR.privateKey), KEY_SET, EXPECTED)).toEqual(INVALID);
});

const PAYLOADS: readonly (readonly [string, unknown])[] = [
  ['no exp', { ...CLAIMS, exp: undefined }],
  ['aud as a list', { ...CLAIMS, aud: ['Contoso/router'] }],
  ['a claim twice', JSON.stringify(CLAIMS).replace('{', '{"exp":9999999999,')],
  ['no JSON', 'x'],
];

test.each(PAYLOADS)('refuses claims with %s under a good signature', (_, payload) => {
  expect(verifyLicence(es256Token(HEADER, payload, PAIR.privateKey), KEY_SET, EXPECTED)).toEqual(INVALID);
});

test('forged by the same recipe, a good licence is taken: the refusals above have one cause each', () => {
  expect(verifyLicence(es256Token(HEADER, CLAIMS, PAIR.privateKey), KEY_SET, EXPECTED).ok).toBe(true);
});

test('refuses a key that is not in the key set', () => {
  expect(verifyLicence(es256Token(HEADER, CLAIMS, STRANGER.privateKey), KEY_SET, EXPECTED)).toEqual(INVALID);
  expect(verifyLicence(LICENCE, { keys: [] }, EXPECTED)).toEqual(INVALID);
});

test('refuses every change of a single character, and the same octets respelled', () => {
  for (let index = 0; index < LICENCE.length; index++) {
    for (const token of respellAt(LICENCE, index, 'Aw_')) {
      expect(verifyLicence(token, KEY_SET, EXPECTED)).toEqual(INVALID);
    }
  }
  for (const token of [respellSignature(LICENCE), `${LICENCE}=`, '', '..', 'A'.repeat(5_000_000)]) {
    expect(verifyLicence(token, KEY_SET, EXPECTED)).toEqual(INVALID);
  }
});

test('signs no licence that it would not read', async () => {
  const { licence } = CLAIMS;
  const withNote = (length: number) => ({
    ...CLAIMS,
    licence: { ...licence, features: { note: 'x'.repeat(length) } },
  });
  const long = await signLicence(withNote(11_000), SIGNER);
  expect(verifyLicence(long, KEY_SET, EXPECTED).ok).toBe(true);
  await expect(signLicence(withNote(13_000), SIGNER)).rejects.toThrow(/shorten the offer's features/);
});
