import { expect, test } from 'vitest';
import {
  hasSignatureOf as hasParsedSignatureOf,
  parseCompactJws,
  signCompactJws,
} from '../../src/tokens/compactJws.ts';
import { createLocalSigner } from '../../src/tokens/localSigner.ts';
import { SigningKeyUnavailableError } from '../../src/tokens/signer.ts';
import type { Signer } from '../../src/tokens/signer.ts';
import { createKeyPair } from './forge.ts';

/** RFC 7515 appendix A.3: key and token. */
const KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
} as const;
const D = 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI';
const TOKEN =
  'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q';

function hasSignatureOf(token: string, key: typeof KEY | ReturnType<typeof createKeyPair>['jwk']): boolean {
  const jws = parseCompactJws(token, 1000);
  if (jws === null) throw new Error('The test wrote no token.');
  return hasParsedSignatureOf(jws, key);
}

const SIGNER = createLocalSigner(JSON.stringify({ ...KEY, d: D }));

test('verifies the token of RFC 7515 A.3, and under its key alone', () => {
  expect(hasSignatureOf(TOKEN, KEY)).toBe(true);
  expect(hasSignatureOf(TOKEN, createKeyPair().jwk)).toBe(false);
  expect(hasSignatureOf(TOKEN.replace('DtEh', 'DtEi'), KEY)).toBe(false);
});

test('takes a token apart', () => {
  const jws = parseCompactJws(TOKEN, TOKEN.length);
  expect(jws?.headerText).toBe('eyJhbGciOiJFUzI1NiJ9');
  expect(jws?.signingInput).toBe(TOKEN.slice(0, TOKEN.lastIndexOf('.')));
  expect(jws?.payload.toString()).toContain('"iss":"joe"');
  expect(jws?.signature).toHaveLength(64);
  expect(parseCompactJws(TOKEN, TOKEN.length - 1)).toBeNull();
});

test.each([0, 1, 2])('takes part %d in its one spelling', (index) => {
  const parts = ['e30', 'e30', 'AA'];
  expect(parseCompactJws(parts.join('.'), 100)).not.toBeNull();
  for (const spelling of ['AB', 'AA==', 'A+A+', 'A/A/', 'A A', 'A', 'AA\n']) {
    expect(parseCompactJws(parts.with(index, spelling).join('.'), 100)).toBeNull();
  }
});

/** Signed well, whatever the header says. */
async function signWith(header: string): Promise<string> {
  const signingInput = `${Buffer.from(header).toString('base64url')}.e30`;
  return `${signingInput}.${Buffer.from(await SIGNER.sign(Buffer.from(signingInput))).toString('base64url')}`;
}

test('verifies no other algorithm', async () => {
  const header = Buffer.from('{"alg":"none"}').toString('base64url');
  expect(hasSignatureOf(`${header}.e30.`, KEY)).toBe(false);
  expect(hasSignatureOf(await signWith('{"alg":"ES256"}'), KEY)).toBe(true);
  for (const alg of ['"none"', '"ES384"', '"es256"', 'null', '["ES256"]']) {
    expect(hasSignatureOf(await signWith(`{"alg":${alg}}`), KEY)).toBe(false);
  }
});

test('verifies nothing under a header that is none, or that calls something critical', async () => {
  const critical = ['["b64"]', '["exp"]', '[]', 'null'].map((crit) => `{"alg":"ES256","b64":true,"crit":${crit}}`);
  for (const header of ['', '[]', '"ES256"', '{"alg":"ES256","alg":"ES256"}', ...critical]) {
    expect(hasSignatureOf(await signWith(header), KEY)).toBe(false);
  }
});

test('a key that is none is an error, not a bad signature', () => {
  expect(() => hasSignatureOf(TOKEN, { ...KEY, y: KEY.x as unknown as typeof KEY.y })).toThrow(TypeError);
});

test('writes a token with its own key', async () => {
  const token = await signCompactJws('licence+jwt', { iss: 'é' }, SIGNER);
  const jws = parseCompactJws(token, 1000);
  expect(jws?.header.toString()).toBe(`{"alg":"ES256","typ":"licence+jwt","kid":"${SIGNER.kid}"}`);
  expect(jws?.payload.toString()).toBe('{"iss":"é"}');
  expect(hasSignatureOf(token, KEY)).toBe(true);
});

test('hands on that the key cannot be used', async () => {
  const away: Signer = { ...SIGNER, sign: () => Promise.reject(new SigningKeyUnavailableError('The vault is away.')) };
  await expect(signCompactJws('licence+jwt', {}, away)).rejects.toBeInstanceOf(SigningKeyUnavailableError);
});

test('lets no signature in DER out', async () => {
  const der: Signer = { ...SIGNER, sign: () => Promise.resolve(new Uint8Array(70)) };
  await expect(signCompactJws('licence+jwt', {}, der)).rejects.toThrow(/64 octets/);
});
