import fc from '../support/properties.ts';
import { beforeAll, expect, test } from 'vitest';
import { createAuthority } from '../../src/emulator/authority/authority.ts';
import { checkNonce, checkTimes } from '../../src/verifier/appraise.ts';
import type { EvidencePolicy } from '../../src/verifier/appraise.ts';
import type { AttestedDocument } from '../../src/verifier/attestedDocument.ts';
import { EvidenceError } from '../../src/verifier/evidenceError.ts';
import { parseCertificate } from '../../src/verifier/x509/certificate.ts';
import type { Certificate } from '../../src/verifier/x509/certificate.ts';
import { runKeys } from '../support/runKeys.ts';

const SECOND = 1000;
const HOUR = 60 * 60 * SECOND;
const CREATED_ON = Date.UTC(2026, 6, 1, 12);

const DOCUMENT: AttestedDocument = {
  ...{ vmId: null, subscriptionId: null, sku: null, licenseType: null, plan: null, nonce: '1234567890' },
  ...{ createdOn: CREATED_ON, expiresOn: CREATED_ON + 6 * HOUR },
};
const POLICY: EvidencePolicy = { acceptedClouds: [], requiredClaims: [], maximumAge: null, clockSkew: 120 * SECOND };
const VALIDITY = { notBefore: CREATED_ON - HOUR, notAfter: CREATED_ON + HOUR };

let leaf: Certificate;

beforeAll(async () => {
  const { der } = await (await createAuthority({ at: CREATED_ON, keys: runKeys('emulator') })).issueLeaf(VALIDITY);
  leaf = parseCertificate(der);
});

interface Situation {
  readonly document?: Partial<AttestedDocument>;
  readonly policy?: Partial<EvidencePolicy>;
  readonly validity?: Partial<typeof VALIDITY>;
  readonly at?: number;
}

function appraise({ document = {}, policy = {}, validity = {}, at = CREATED_ON }: Situation): string {
  try {
    checkTimes({ ...DOCUMENT, ...document }, { ...leaf, ...validity }, { ...POLICY, ...policy }, at);
    return 'passed';
  } catch (error) {
    return error instanceof EvidenceError ? `${error.check}: ${error.code}` : 'another error';
  }
}

test('the times come back, known to be there', () => {
  const { createdOn, expiresOn } = DOCUMENT;
  expect(checkTimes(DOCUMENT, leaf, POLICY, CREATED_ON)).toEqual({ createdOn, expiresOn });
});

test.each<[string, Situation, string]>([
  ['without createdOn', { document: { createdOn: null } }, 'content: claim_missing'],
  ['without expiresOn', { document: { expiresOn: null } }, 'content: claim_missing'],
  ['for no time', { document: { expiresOn: CREATED_ON } }, 'time: document_malformed'],
  ['backwards', { document: { expiresOn: CREATED_ON - SECOND } }, 'time: document_malformed'],
  ['for a second', { document: { expiresOn: CREATED_ON + SECOND } }, 'passed'],
  ['for a day', { document: { expiresOn: CREATED_ON + 24 * HOUR } }, 'passed'],
  ['for a day and a second', { document: { expiresOn: CREATED_ON + 24 * HOUR + SECOND } }, 'time: document_malformed'],
  ['at the last moment of the skew before', { at: CREATED_ON - 120 * SECOND }, 'passed'],
  ['before the skew', { at: CREATED_ON - 120 * SECOND - 1 }, 'time: document_not_yet_valid'],
  ['at the last moment of the skew behind', { at: CREATED_ON + 6 * HOUR + 120 * SECOND }, 'passed'],
  ['behind the skew', { at: CREATED_ON + 6 * HOUR + 120 * SECOND + 1 }, 'time: document_expired'],
  ['at the maximum age', { policy: { maximumAge: HOUR }, at: CREATED_ON + HOUR + 120 * SECOND }, 'passed'],
  [
    'beyond the maximum age',
    { policy: { maximumAge: HOUR }, at: CREATED_ON + HOUR + 120 * SECOND + 1 },
    'time: document_too_old',
  ],
  ['under a leaf that ends in that second', { validity: { notAfter: CREATED_ON } }, 'passed'],
  ['under a leaf that ended before', { validity: { notAfter: CREATED_ON - SECOND } }, 'time: certificate_expired'],
  ['under a leaf that begins then', { validity: { notBefore: CREATED_ON } }, 'passed'],
  [
    'under a leaf that begins later',
    { validity: { notBefore: CREATED_ON + SECOND } },
    'time: certificate_not_yet_valid',
  ],
])('a document %s', (_, situation, expected) => {
  expect(appraise(situation)).toBe(expected);
});

test('without skew a document holds from its first moment to its last, and at no other', () => {
  fc.assert(
    fc.property(fc.integer({ min: -HOUR, max: 7 * HOUR }), (offset) => {
      const holds = offset >= 0 && offset <= 6 * HOUR;
      const verdict = appraise({ policy: { clockSkew: 0 }, at: CREATED_ON + offset });
      expect(verdict === 'passed').toBe(holds);
    }),
  );
});

test('only the nonce itself will do', () => {
  fc.assert(
    fc.property(fc.string(), fc.option(fc.string()), (wanted, nonce) => {
      const check = () => {
        checkNonce({ ...DOCUMENT, nonce }, wanted);
      };
      if (nonce === wanted) expect(check).not.toThrow();
      else expect(check).toThrow(expect.objectContaining({ check: 'nonce', code: 'nonce_mismatch' }));
    }),
  );
  expect(() => {
    checkNonce(DOCUMENT, '1234567890');
  }).not.toThrow();
});

test('what is refused is not repeated in the error', () => {
  expect(() => {
    checkNonce({ ...DOCUMENT, nonce: 'theirs-1' }, 'wanted-2');
  }).toThrow(expect.not.objectContaining({ message: expect.stringMatching(/theirs-1|wanted-2/) as string }));
});
