import { randomBytes } from 'node:crypto';
import fc from '../support/properties.ts';
import { jwtVerify, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { createChallenges } from '../../src/tokens/challenges.ts';
import type { ChallengeOptions } from '../../src/tokens/challenges.ts';
import { decodePart, encodePart, hmacToken, respellAt, respellSignature } from './forge.ts';

const AT = Date.UTC(2026, 0, 1) + 123;
const ISSUER = 'https://licences.example.com';
const FIRST = { kid: 'first', secret: Uint8Array.from({ length: 32 }, (_, index) => index) };
const SECOND = { kid: 'second', secret: new Uint8Array(48).fill(7) };
/** RFC 9449 section 6.1 */
const JKT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';
const JTI = 'AAECAwQFBgcICQoLDA0ODw';

const HEADER = { alg: 'HS256', typ: 'challenge+jwt', kid: 'first' };
const CLAIMS = { iss: ISSUER, iat: 1767225600, exp: 1767225900, ms: 1767225600123, jti: JTI };

const INVALID = { ok: false, code: 'challenge_invalid' };
const EXPIRED = { ok: false, code: 'challenge_expired' };

function create(options: Partial<ChallengeOptions> = {}) {
  return createChallenges({ issuer: ISSUER, secrets: [FIRST], nonceStyle: 'base32', ...options });
}

/** Computed outside of this project's code, with Python's hmac, hashlib and base64. */
const VECTORS = [
  {
    challenge:
      'eyJhbGciOiJIUzI1NiIsInR5cCI6ImNoYWxsZW5nZStqd3QiLCJraWQiOiJmaXJzdCJ9.eyJpc3MiOiJodHRwczovL2xpY2VuY2VzLmV4YW1wbGUuY29tIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NjcyMjU5MDAsIm1zIjoxNzY3MjI1NjAwMTIzLCJqdGkiOiJBQUVDQXdRRkJnY0lDUW9MREEwT0R3In0.xGS0p_jxy3A-Ar-ddNAE2QCXg2Wcv293KXHapPaJdNQ',
    claims: CLAIMS,
    base32: 'j54rx6daafp6c6qwahulimd7l7jvmxcy',
    digits: '4754838497',
  },
  {
    challenge:
      'eyJhbGciOiJIUzI1NiIsInR5cCI6ImNoYWxsZW5nZStqd3QiLCJraWQiOiJmaXJzdCJ9.eyJpc3MiOiJodHRwczovL2xpY2VuY2VzLmV4YW1wbGUuY29tIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NjcyMjU5MDAsIm1zIjoxNzY3MjI1NjAwMTIzLCJqdGkiOiJBQUVDQXdRRkJnY0lDUW9MREEwT0R3Iiwiamt0IjoiMFpjT0NPUlpOWXktRFdwcXEzMGpaeUpHSFROMGQySGdsQlYzdWlndUE0SSJ9.EXtOwVyInJHQd3cC6c-DnCxjNrP8CBS2kJuBJPBrt14',
    claims: { ...CLAIMS, jkt: JKT },
    base32: 'fidcubkw5ohdmhr3dg6rlsi7cyonnouw',
    digits: '1874718262',
  },
];

test.each(VECTORS)('takes a challenge made by other code: nonce $base32', ({ challenge, claims, base32, digits }) => {
  expect(create().check(challenge, AT)).toEqual({ ok: true, claims, nonce: base32 });
  expect(create({ nonceStyle: 'digits' }).check(challenge, AT)).toEqual({ ok: true, claims, nonce: digits });
});

test('issues what jose verifies', async () => {
  const { challenge, expiresAt } = create().issue({ at: AT, jkt: JKT });
  const { payload, protectedHeader } = await jwtVerify(challenge, FIRST.secret, {
    algorithms: ['HS256'],
    currentDate: new Date(AT),
  });
  expect(protectedHeader).toEqual(HEADER);
  expect(payload).toEqual({ ...CLAIMS, jti: payload.jti, jkt: JKT });
  expect(payload.jti).toMatch(/^[\w-]{22}$/);
  expect(expiresAt).toBe(CLAIMS.exp * 1000);
});

test('takes a challenge that jose signed', async () => {
  const token = await new SignJWT(CLAIMS).setProtectedHeader(HEADER).sign(FIRST.secret);
  expect(create().check(token, AT)).toMatchObject({ ok: true, claims: CLAIMS });
});

test('takes what it issued, at any time, with any key and in either style', () => {
  const jkts = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((octets) => Buffer.from(octets).toString('base64url'));
  const times = fc.integer({ min: 0, max: 8.64e15 - 1e9 });
  fc.assert(
    fc.property(times, fc.option(jkts), fc.constantFrom('base32', 'digits'), (at, jkt, nonceStyle) => {
      const challenges = create({ nonceStyle });
      const { challenge, nonce, expiresAt } = challenges.issue(jkt === null ? { at } : { at, jkt });
      const checked = challenges.check(challenge, at);
      expect(checked).toMatchObject({ ok: true, nonce, claims: { iss: ISSUER, ms: at, exp: expiresAt / 1000 } });
      expect(checked.ok && checked.claims.jkt).toBe(jkt ?? undefined);
      expect(nonce).toMatch(nonceStyle === 'digits' ? /^\d{10}$/ : /^[a-z2-7]{32}$/);
    }),
  );
});

test('gives every challenge a jti of its own', () => {
  const challenges = create();
  const tokens = Array.from({ length: 200 }, () => challenges.issue({ at: AT }).challenge);
  expect(new Set(tokens.map((token) => (decodePart(token, 1) as { jti: string }).jti)).size).toBe(200);
});

test('refuses every change of a single character', () => {
  const challenges = create();
  const { challenge } = challenges.issue({ at: AT, jkt: JKT });
  const accepted = Array.from(challenge).flatMap((_, index) =>
    respellAt(challenge, index).filter((token) => challenges.check(token, AT).ok),
  );
  expect(accepted).toEqual([]);
  expect(challenges.check(challenge, AT).ok).toBe(true);
});

test('refuses every character dropped or doubled', () => {
  const challenges = create();
  const { challenge } = challenges.issue({ at: AT });
  for (let index = 0; index < challenge.length; index++) {
    const dropped = challenge.slice(0, index) + challenge.slice(index + 1);
    const doubled = challenge.slice(0, index + 1) + challenge.slice(index);
    expect(challenges.check(dropped, AT)).toEqual(INVALID);
    expect(challenges.check(doubled, AT)).toEqual(INVALID);
  }
});

/** The HMAC is made over the text, so only the signature could be respelled under a good one; the others are signed anew. */
test('refuses a respelled signature that decodes to the same octets', () => {
  const { challenge } = create().issue({ at: AT });
  const respelled = respellSignature(challenge);
  expect(respelled).not.toBe(challenge);
  expect(decodeMac(respelled)).toEqual(decodeMac(challenge));
  expect(create().check(respelled, AT)).toEqual(INVALID);
});

function decodeMac(token: string): Buffer {
  return Buffer.from(token.split('.')[2] ?? '', 'base64url');
}

test('refuses padding, other alphabets and white space', () => {
  const { challenge } = create().issue({ at: AT });
  const [header = '', payload = '', mac = ''] = challenge.split('.');
  const spellings = [
    `${challenge}=`,
    `${challenge}==`,
    ` ${challenge}`,
    `${challenge}\n`,
    `${header}=.${payload}.${mac}`,
    `${header}.${payload}==.${mac}`,
    `${header}.${payload}.${mac}.`,
    `.${challenge}`,
    `${header}.${payload}`,
    `${header}..${mac}`,
    '..',
    '',
  ];
  for (const token of spellings) expect(create().check(token, AT)).toEqual(INVALID);
});

test('refuses any text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !create().check(text, AT).ok));
});

const HEADERS: readonly (readonly [string, unknown])[] = [
  ['another algorithm', { ...HEADER, alg: 'HS512' }],
  ['no algorithm', { ...HEADER, alg: 'none' }],
  ['another typ', { ...HEADER, typ: 'proof+jwt' }],
  ['typ in another case', { ...HEADER, typ: 'Challenge+JWT' }],
  ['no typ', { alg: 'HS256', kid: 'first' }],
  ['no kid', { alg: 'HS256', typ: 'challenge+jwt' }],
  ['an unknown kid', { ...HEADER, kid: 'third' }],
  ['one more member', { ...HEADER, b64: true }],
  ['crit', { ...HEADER, crit: ['b64'], b64: true }],
  ['another order', { kid: 'first', alg: 'HS256', typ: 'challenge+jwt' }],
  ['white space', '{"alg":"HS256", "typ":"challenge+jwt","kid":"first"}'],
  ['a key twice', '{"alg":"HS256","alg":"HS256","typ":"challenge+jwt","kid":"first"}'],
  ['no JSON', 'HS256'],
];

test.each(HEADERS)('refuses a header with %s under a good HMAC', (_, header) => {
  expect(create().check(hmacToken(header, CLAIMS, FIRST.secret), AT)).toEqual(INVALID);
});

const TEXT = JSON.stringify(CLAIMS);
const PAYLOADS: readonly (readonly [string, unknown])[] = [
  ['another issuer', { ...CLAIMS, iss: 'https://licences.example.org' }],
  ['a longer life', { ...CLAIMS, exp: CLAIMS.exp + 1 }],
  ['a shorter life', { ...CLAIMS, exp: CLAIMS.exp - 1 }],
  ['iat that is not ms', { ...CLAIMS, iat: CLAIMS.iat + 1, exp: CLAIMS.exp + 1 }],
  ['a fraction in ms', { ...CLAIMS, ms: CLAIMS.ms + 0.5 }],
  ['a negative ms', { ...CLAIMS, iat: -1, exp: 299, ms: -1000 }],
  ['ms as text', { ...CLAIMS, ms: String(CLAIMS.ms) }],
  ['ms past what a number holds', { ...CLAIMS, iat: 9007199254740, exp: 9007199255040, ms: 2 ** 53 }],
  ['ms in another notation', TEXT.replace('1767225600123', '1.767225600123e12')],
  ['iat as text', { ...CLAIMS, iat: String(CLAIMS.iat) }],
  ['no jti', { ...CLAIMS, jti: undefined }],
  ['a short jti', { ...CLAIMS, jti: 'AAECAwQFBgcICQoLDA0O' }],
  ['a jti with trailing bits', { ...CLAIMS, jti: 'AAECAwQFBgcICQoLDA0ODx' }],
  ['jti as number', { ...CLAIMS, jti: 1 }],
  ['a jkt that is none', { ...CLAIMS, jkt: 'key' }],
  ['jkt null', { ...CLAIMS, jkt: null }],
  ['jkt with trailing bits', { ...CLAIMS, jkt: `${JKT.slice(0, -1)}J` }],
  ['one more claim', { ...CLAIMS, sub: 'x' }],
  ['another order', Object.fromEntries(Object.entries(CLAIMS).reverse())],
  ['a key twice', TEXT.replace('{', '{"jti":"x",')],
  ['a key twice, alike', TEXT.replace('}', `,"jti":"${JTI}"}`)],
  ['white space', ` ${TEXT}`],
  ['an escape', TEXT.replace('https', '\\u0068ttps')],
  ['a byte order mark', `\ufeff${TEXT}`],
  ['an array', [CLAIMS]],
  ['null', 'null'],
  ['no JSON', 'claims'],
  ['nothing', ''],
];

test.each(PAYLOADS)('refuses claims with %s under a good HMAC', (_, payload) => {
  expect(create().check(hmacToken(HEADER, payload, FIRST.secret), AT)).toEqual(INVALID);
});

test('refuses a token before it reads one that is too long', () => {
  const long = hmacToken(HEADER, { ...CLAIMS, pad: 'x'.repeat(2000) }, FIRST.secret);
  expect(create().check(long, AT)).toEqual(INVALID);
  expect(create().check('A'.repeat(5_000_000), AT)).toEqual(INVALID);
});

test('stays below its own bound under the longest issuer', () => {
  const kid = 'k'.repeat(64);
  const challenges = create({ issuer: '"'.repeat(512), secrets: [{ kid, secret: FIRST.secret }] });
  expect(challenges.check(challenges.issue({ at: AT, jkt: JKT }).challenge, AT).ok).toBe(true);
});

test('expires at exp, to the millisecond', () => {
  const challenges = create();
  const { challenge, expiresAt } = challenges.issue({ at: AT });
  expect(challenges.check(challenge, expiresAt - 1).ok).toBe(true);
  expect(challenges.check(challenge, expiresAt)).toEqual(EXPIRED);
  expect(challenges.check(challenge, expiresAt + 1e12)).toEqual(EXPIRED);
});

test('an expired challenge that is also wrong is invalid', () => {
  const token = hmacToken(HEADER, { ...CLAIMS, iss: 'https://other.example' }, FIRST.secret);
  expect(create().check(token, AT + 1e9)).toEqual(INVALID);
});

test('takes an iat two minutes ahead and no more', () => {
  const challenges = create();
  const { challenge } = challenges.issue({ at: AT });
  const earliest = CLAIMS.iat * 1000 - 120_000;
  expect(challenges.check(challenge, earliest).ok).toBe(true);
  expect(challenges.check(challenge, earliest - 1)).toEqual(INVALID);
});

test('refuses when the time is no number', () => {
  const { challenge } = create().issue({ at: AT });
  expect(create().check(challenge, NaN)).toEqual(INVALID);
});

test('the lifetime can be set', () => {
  const challenges = create({ lifetimeSeconds: 10 });
  const { challenge, expiresAt } = challenges.issue({ at: AT });
  expect(expiresAt).toBe((CLAIMS.iat + 10) * 1000);
  expect(challenges.check(challenge, expiresAt - 1).ok).toBe(true);
  expect(challenges.check(challenge, expiresAt)).toEqual(EXPIRED);
});

test('two secrets: the first signs, both verify, and a secret that is gone verifies nothing', () => {
  const before = create();
  const during = create({ secrets: [SECOND, FIRST] });
  const after = create({ secrets: [SECOND] });
  const old = before.issue({ at: AT }).challenge;
  const fresh = during.issue({ at: AT }).challenge;
  expect(decodePart(fresh, 0)).toEqual({ ...HEADER, kid: 'second' });
  expect(during.check(old, AT).ok).toBe(true);
  expect(during.check(fresh, AT).ok).toBe(true);
  expect(after.check(fresh, AT).ok).toBe(true);
  expect(after.check(old, AT)).toEqual(INVALID);
  expect(before.check(fresh, AT)).toEqual(INVALID);
});

test('a kid names its own secret alone', () => {
  const during = create({ secrets: [SECOND, FIRST] });
  expect(during.check(hmacToken(HEADER, CLAIMS, SECOND.secret), AT)).toEqual(INVALID);
  expect(during.check(hmacToken(HEADER, CLAIMS, randomBytes(32)), AT)).toEqual(INVALID);
  expect(during.check(hmacToken({ ...HEADER, kid: 'second' }, CLAIMS, SECOND.secret), AT).ok).toBe(true);
});

test('keeps a copy of its secrets', () => {
  const secret = Uint8Array.from(FIRST.secret);
  const challenges = create({ secrets: [{ kid: 'first', secret }] });
  const { challenge } = challenges.issue({ at: AT });
  secret.fill(0);
  expect(challenges.check(challenge, AT).ok).toBe(true);
});

const OPTIONS: readonly (readonly [string, Partial<ChallengeOptions>, RegExp])[] = [
  ['no secret', { secrets: [] }, /one or two/],
  ['three secrets', { secrets: [FIRST, SECOND, { ...FIRST, kid: 'third' }] }, /one or two/],
  ['a short secret', { secrets: [{ kid: 'a', secret: new Uint8Array(31) }] }, /32 octets/],
  ['two secrets of one kid', { secrets: [FIRST, { ...SECOND, kid: 'first' }] }, /same kid/],
  ['an empty kid', { secrets: [{ ...FIRST, kid: '' }] }, /kid/],
  ['a kid with other characters', { secrets: [{ ...FIRST, kid: 'a b' }] }, /kid/],
  ['an empty issuer', { issuer: '' }, /issuer/],
  ['an issuer that is too long', { issuer: 'h'.repeat(513) }, /issuer/],
  ['an issuer with a line break', { issuer: `${ISSUER}\n` }, /issuer/],
  ['no lifetime', { lifetimeSeconds: 0 }, /lifetime/],
  ['a lifetime in fractions', { lifetimeSeconds: 1.5 }, /lifetime/],
];

test.each(OPTIONS)('does not start with %s', (_, options, message) => {
  expect(() => create(options)).toThrow(message);
});

test.each([NaN, -1, 0.5, Infinity])('issues nothing at the time %d', (at) => {
  expect(() => create().issue({ at })).toThrow(/milliseconds/);
});

test.each(['', 'key', `${JKT}A`, encodePart('short')])('issues nothing for the jkt "%s"', (jkt) => {
  expect(() => create().issue({ at: AT, jkt })).toThrow(/thumbprint/);
});
