import { createHash } from 'node:crypto';
import { importJWK, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { LICENCE_CODES } from '../../src/contract/codes.ts';
import { DENIAL_CODES, denialClaims, isDenialCode, signDenial } from '../../src/tokens/denials.ts';
import type { DenialInput } from '../../src/tokens/denials.ts';
import { createKeySet } from '../../src/tokens/keySet.ts';
import { verifyLicence } from '../../src/tokens/licences.ts';
import { createLocalSigner } from '../../src/tokens/localSigner.ts';
import { createKeyPair, pkcs8 } from './forge.ts';

const PAIR = createKeyPair();
const SIGNER = createLocalSigner(pkcs8(PAIR.privateKey));
const AT = Date.UTC(2026, 0, 1) + 500;
/** Text is all that a denial is told of it: who calls has verified it. */
const PROOF = 'eyJhbGciOiJFUzI1NiJ9.eyJub25jZSI6IkEifQ.AAAA';
const INPUT: DenialInput = {
  issuer: 'https://licences.example.com',
  vmId: '5f2c8a1e-0d3b-4c6f-9a7e-1b2c3d4e5f60',
  publisher: 'Contoso',
  product: 'router',
  code: 'licence_revoked',
  issuedAt: AT,
  challengeJti: 'AAECAwQFBgcICQoLDA0ODw',
  proof: PROOF,
};
const CLAIMS = denialClaims(INPUT);

test('has exactly the claims of the protocol', () => {
  expect(CLAIMS).toEqual({
    iss: 'https://licences.example.com',
    sub: 'urn:azure:vm:5f2c8a1e-0d3b-4c6f-9a7e-1b2c3d4e5f60',
    aud: 'Contoso/router',
    code: 'licence_revoked',
    iat: 1767225600,
    exp: 1767225900,
    jti: 'AAECAwQFBgcICQoLDA0ODw',
    pth: createHash('sha256').update(PROOF, 'ascii').digest('base64url'),
  });
});

test('another proof of the same challenge has another hash', () => {
  const other = denialClaims({ ...INPUT, proof: `${PROOF.slice(0, -1)}B` });
  expect({ ...other, pth: CLAIMS.pth }).toEqual(CLAIMS);
  expect(other.pth).not.toBe(CLAIMS.pth);
});

test('is signed with alg, typ and kid alone in its header', async () => {
  const denial = await signDenial(CLAIMS, SIGNER);
  const key = await importJWK(PAIR.jwk, 'ES256');
  const { payload, protectedHeader } = await jwtVerify(denial, key, { currentDate: new Date(AT) });
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'licence-denial+jwt', kid: SIGNER.kid });
  expect(payload).toEqual(CLAIMS);
});

test('is no licence', async () => {
  const keySet = createKeySet([{ state: 'current', publicJwk: PAIR.jwk }], AT);
  const denial = await signDenial(CLAIMS, SIGNER);
  const verified = verifyLicence(denial, keySet, { issuer: CLAIMS.iss, audience: CLAIMS.aud, at: AT });
  expect(verified).toEqual({ ok: false, reason: 'invalid' });
});

test('what an operator did not mean is never signed', () => {
  const unsigned = LICENCE_CODES.filter((code) => !isDenialCode(code));
  expect(unsigned).toEqual([
    'plan_missing',
    'plan_unknown',
    'subscription_not_licensed',
    'licence_not_yet_valid',
    'claim_invalid',
    'key_required',
    'key_changed',
    'offline_not_allowed',
  ]);
  expect(DENIAL_CODES).toHaveLength(LICENCE_CODES.length - unsigned.length);
  expect(isDenialCode('internal_error')).toBe(false);
});
