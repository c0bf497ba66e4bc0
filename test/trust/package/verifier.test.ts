import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { expect, expectTypeOf, test } from 'vitest';
import { createTrust, verifyEvidence } from '../../../src/trust/package/index.ts';
import type { EvidenceCode, Policy, Trust, Verification, VerifyOptions } from '../../../src/trust/package/index.ts';
import { expectedDocuments, hasShared, listShared, readSharedText } from '../../support/shared.ts';

const AT = Date.UTC(2026, 6, 1);

function readCertificates(): readonly string[] {
  return listShared('pki', 'certificates').map((name) => readSharedText('pki', 'certificates', name));
}

function readDocument(file: string): string {
  return readSharedText('attested-documents', file).trim();
}

test.skipIf(!hasShared)('genuine documents are judged as they should be, whatever form certificates come in', () => {
  const texts = readCertificates();
  const forms = [texts, texts.join('\n'), texts.map((text) => new TextEncoder().encode(text))];
  for (const certificates of forms) {
    const trust = createTrust({ certificates, nodeRoots: false });
    expect(trust.missing).toEqual([]);
    for (const { file, at, expect: verdict, code } of expectedDocuments()) {
      const verification = verifyEvidence(readDocument(file), { trust, at: Date.parse(at) });
      const told = verification.accepted ? 'accept' : verification.code;
      expect(told, file).toBe(verdict === 'accept' ? 'accept' : code);
    }
  }
});

test.skipIf(!hasShared)('a nonce, a maximum age and the accepted clouds are compared', () => {
  const trust = createTrust({ certificates: readCertificates() });
  const genuine = expectedDocuments().findLast(({ expect: verdict }) => verdict === 'accept');
  if (genuine === undefined) throw new Error('There is no genuine document.');
  const at = Date.parse(genuine.at);
  const judge = (options: Partial<VerifyOptions>): string => {
    const verification = verifyEvidence(readDocument(genuine.file), { trust, at, ...options });
    return verification.accepted ? 'accepted' : verification.code;
  };
  const { nonce } = genuine.content;
  expect(judge({ nonce: String(nonce) })).toBe('accepted');
  expect(judge({ nonce: '1234567890' })).toBe('nonce_mismatch');
  expect(judge({ at: at + 3_600_000, policy: { maximumAge: 60_000 } })).toBe('document_too_old');
  expect(judge({ policy: { acceptedClouds: ['AzureChinaCloud'] } })).toBe('cloud_not_accepted');
  const china = createTrust({ certificates: readCertificates(), clouds: ['AzureChinaCloud'] });
  expect(judge({ trust: china })).toBe('cloud_not_accepted');
  expect(judge({ trust: createTrust() })).toBe('issuer_certificate_missing');
});

test('what is no certificate, or not a pinned one, is skipped; what is missing is listed', () => {
  const none = createTrust();
  const trust = createTrust({ certificates: ['no PEM', new Uint8Array([0x30, 0x82, 1, 2]), new Uint8Array()] });
  expect(trust.missing).toEqual(none.missing);
  expect(trust.missing.length).toBeGreaterThan(10);
  const china = createTrust({ clouds: ['AzureChinaCloud'] });
  expect(new Set(china.missing.map(({ cloud }) => cloud))).toEqual(new Set(['AzureChinaCloud']));
  expect(() => createTrust({ nodeRoots: false })).toThrow('no trust anchor');
});

test('evidence of any other type is a malformed document', () => {
  const trust = createTrust();
  for (const evidence of [undefined, null, 7, {}, [], '', 'AAAA', new Uint8Array()]) {
    expect(verifyEvidence(evidence, { trust, at: AT })).toMatchObject({ accepted: false, code: 'document_malformed' });
  }
});

const trusted = createTrust();

test.each<[string, object]>([
  ['a nonce that was lost', { nonce: undefined }],
  ['a nonce that is null', { nonce: null }],
  ['an empty nonce', { nonce: '' }],
  ['a time that is none', { at: Number.NaN }],
  ['a date', { at: new Date(AT) }],
  ['a maximum age that is no number', { policy: { maximumAge: Number.NaN } }],
  ['a clock skew without end', { policy: { clockSkew: Infinity } }],
  ['a claim that does not exist', { policy: { requiredClaims: ['vmid'] } }],
  ['a trust that was made otherwise', { trust: { clouds: [], missing: [] } }],
])('options that would weaken a check without a word are refused: %s', (_, options) => {
  const all = { trust: trusted, at: AT, ...options } as VerifyOptions;
  expect(() => verifyEvidence('AAAA', all)).toThrow(TypeError);
});

test('trust is refused for clouds that do not exist, for none, and for certificates of another type', () => {
  expect(() => createTrust({ clouds: ['AzureCloud' as 'AzurePublicCloud'] })).toThrow(TypeError);
  expect(() => createTrust({ clouds: [] })).toThrow(TypeError);
  const numbers: readonly unknown[] = [7];
  expect(() => createTrust({ certificates: numbers as readonly string[] })).toThrow(TypeError);
});

test('the types are those that the documentation names', () => {
  expectTypeOf(createTrust).returns.toEqualTypeOf<Trust>();
  expectTypeOf(verifyEvidence).returns.toEqualTypeOf<Verification>();
  expectTypeOf<Extract<Verification, { accepted: false }>['code']>().toEqualTypeOf<EvidenceCode>();
  expectTypeOf<{ maximumAge: null }>().toExtend<Policy>();
  // @ts-expect-error the verification time is a parameter, and not left out
  expect(() => verifyEvidence('AAAA', { trust: trusted })).toThrow(TypeError);
  // @ts-expect-error a nonce that may be undefined would not be compared
  expect(() => verifyEvidence('AAAA', { trust: trusted, at: AT, nonce: undefined })).toThrow(TypeError);
});

test('the programs of the README are JavaScript, and import what there is', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../../src/trust/package/README.md'), 'utf8');
  const programs = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, program = '']) => program);
  expect(programs).toHaveLength(4);
  for (const program of programs) {
    expect(program).toContain("import { createTrust, verifyEvidence } from '@countersign/verifier';");
    expect(() => transformSync(program, { loader: 'js', format: 'esm' })).not.toThrow();
  }
});
