import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import type { KeyKind } from '../../../src/emulator/authority/keys.ts';
import { parseCertificate } from '../../../src/verifier/x509/certificate.ts';
import type { Certificate } from '../../../src/verifier/x509/certificate.ts';
import { findSignatureFault } from '../../../src/verifier/x509/signatureAlgorithm.ts';
import { issueCa, issueLeaf, parseIssued } from './pki.ts';
import { writeCertificate } from './writeCertificate.ts';
import { NULL, bitString, hex, oid, sequence } from './writeDer.ts';
import { runKeys } from '../../support/runKeys.ts';

const keys = runKeys('signatures');

const RSA_SHA256 = '1.2.840.113549.1.1.11';
const DOES_NOT_VERIFY = 'the signature does not verify with the issuer’s key';

/** A certificate with this algorithm, really signed, and its issuer. */
function signedWith(
  algorithm: Uint8Array,
  digest: string | null,
  { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject },
) {
  const parts = { innerAlgorithm: algorithm, outerAlgorithm: algorithm };
  const { tbs } = parseCertificate(writeCertificate(parts));
  const issuer = parseCertificate(writeCertificate({ spki: publicKey.export({ format: 'der', type: 'spki' }) }));
  const certificate = parseCertificate(
    writeCertificate({ ...parts, signature: bitString(sign(digest, tbs, privateKey)) }),
  );
  return { certificate, issuer };
}

test.each<[string, string, KeyKind | 'p-521', Uint8Array[]]>([
  [RSA_SHA256, 'sha256', 'rsa-2048', [NULL]],
  [RSA_SHA256, 'sha256', 'rsa-2048', []],
  ['1.2.840.113549.1.1.12', 'sha384', 'rsa-2048', [NULL]],
  ['1.2.840.113549.1.1.13', 'sha512', 'rsa-2048', [NULL]],
  ['1.2.840.10045.4.3.2', 'sha256', 'p-256', []],
  ['1.2.840.10045.4.3.2', 'sha256', 'p-384', []],
  ['1.2.840.10045.4.3.3', 'sha384', 'p-384', []],
  ['1.2.840.10045.4.3.4', 'sha512', 'p-521', []],
])('%s with %s by %s counts', async (type, digest, kind, parameters) => {
  const pair = kind === 'p-521' ? generateKeyPairSync('ec', { namedCurve: 'P-521' }) : await keys('key', kind);
  const { certificate, issuer } = signedWith(sequence(oid(type), ...parameters), digest, pair);
  expect(findSignatureFault(certificate, issuer)).toBeNull();
});

test.each<[string, Uint8Array, string, KeyKind, string]>([
  [
    'SHA-1',
    sequence(oid('1.2.840.113549.1.1.5'), NULL),
    'sha1',
    'rsa-2048',
    'signature algorithm 1.2.840.113549.1.1.5 is not accepted',
  ],
  [
    'SHA-1 by ECDSA',
    sequence(oid('1.2.840.10045.4.1')),
    'sha1',
    'p-256',
    'signature algorithm 1.2.840.10045.4.1 is not accepted',
  ],
  [
    'other parameters',
    sequence(oid(RSA_SHA256), sequence()),
    'sha256',
    'rsa-2048',
    `signature algorithm ${RSA_SHA256} has parameters`,
  ],
  [
    'NULL twice',
    sequence(oid(RSA_SHA256), NULL, NULL),
    'sha256',
    'rsa-2048',
    `signature algorithm ${RSA_SHA256} has parameters`,
  ],
  [
    'NULL of ECDSA',
    sequence(oid('1.2.840.10045.4.3.2'), NULL),
    'sha256',
    'p-256',
    'signature algorithm 1.2.840.10045.4.3.2 has parameters',
  ],
  [
    'the other kind of key',
    sequence(oid(RSA_SHA256), NULL),
    'sha256',
    'p-256',
    'the signature algorithm is not of the kind of the issuer’s key',
  ],
  ['another digest', sequence(oid(RSA_SHA256), NULL), 'sha384', 'rsa-2048', DOES_NOT_VERIFY],
])('%s does not count', async (_, algorithm, digest, kind, fault) => {
  const { certificate, issuer } = signedWith(algorithm, digest, await keys('key', kind));
  expect(findSignatureFault(certificate, issuer)).toBe(fault);
});

test('another key, another content, no signature', async () => {
  const root = await issueCa('root');
  const leaf = parseIssued(await issueLeaf(root));
  const stranger = parseIssued(await issueCa('stranger'));
  const other = parseIssued(await issueLeaf(root, { subject: 'CN=other' }));
  const fault = (certificate: Certificate, issuer: Certificate) => findSignatureFault(certificate, issuer);
  expect(fault(leaf, parseIssued(root))).toBeNull();
  expect(fault(leaf, stranger)).toBe(DOES_NOT_VERIFY);
  expect(fault({ ...leaf, tbs: other.tbs }, parseIssued(root))).toBe(DOES_NOT_VERIFY);
  for (const digits of ['', '00', '3000', '3006020100020100']) {
    expect(fault({ ...leaf, signature: hex(digits) }, parseIssued(root))).toBe(DOES_NOT_VERIFY);
  }
});

test('an issuer’s key that is none verifies nothing', async () => {
  const leaf = parseIssued(await issueLeaf(await issueCa('root')));
  const offCurve = bitString(hex(`04${'01'.repeat(64)}`));
  const spki = sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), offCurve);
  expect(findSignatureFault(leaf, parseCertificate(writeCertificate({ spki })))).toBe(DOES_NOT_VERIFY);
});
