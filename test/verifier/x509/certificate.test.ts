import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { DerError } from '../../../src/verifier/der.ts';
import {
  CERTIFICATE_LIMITS,
  MAX_CERTIFICATE_OCTETS,
  isSelfIssued,
  parseCertificate,
} from '../../../src/verifier/x509/certificate.ts';
import { RSA_SPKI, extension, generalizedTime, utcTime, writeCertificate } from './writeCertificate.ts';
import type { CertificateParts } from './writeCertificate.ts';
import {
  FALSE,
  NULL,
  TRUE,
  bitString,
  commonName,
  dnsName,
  hex,
  integer,
  octetString,
  oid,
  sequence,
  tlv,
} from './writeDer.ts';

const sha256 = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex');
const parse = (parts: CertificateParts = {}) => parseCertificate(writeCertificate(parts));

const san = (critical: boolean, ...names: Uint8Array[]) => extension('2.5.29.17', sequence(...names), critical);
const basic = (...parts: Uint8Array[]) => extension('2.5.29.19', sequence(...parts), true);
const keyUsage = (bits: string) => extension('2.5.29.15', hex(bits), true);
const CERT_SIGN = keyUsage('03020204');

test('a certificate is read as it stands', () => {
  const der = writeCertificate({ extensions: [san(false, dnsName('test.example'))] });
  const certificate = parseCertificate(der);
  expect(certificate).toMatchObject({
    der,
    sha256: sha256(der),
    spki: RSA_SPKI,
    spkiSha256: sha256(RSA_SPKI),
    serial: hex('1234'),
    issuer: commonName('Test CA'),
    subject: commonName('test.example'),
    issuerCommonName: 'Test CA',
    commonName: 'test.example',
    notBefore: Date.UTC(2025, 0, 1),
    notAfter: Date.UTC(2027, 0, 1),
    keyFacts: { type: 'rsa', bits: 2048, exponent: 65537 },
    extensions: { subjectAltName: { names: [{ type: 'dns', text: 'test.example' }] } },
    fault: null,
  });
  expect(der.includes(Buffer.from(certificate.tbs))).toBe(true);
  expect(certificate.signature).toEqual(hex('00'));
});

test('both forms of time, and names without a common name', () => {
  const validity = sequence(utcTime('490101000000Z'), generalizedTime('20510101000000Z'));
  const organisation = sequence(tlv(0x31, sequence(oid('2.5.4.10'), tlv(0x0c, Buffer.from('o')))));
  const certificate = parse({ validity, subject: organisation });
  expect(certificate).toMatchObject({ notAfter: Date.UTC(2051, 0, 1), commonName: null, fault: null });
});

test('the key is made when it is asked for, once; one that is none throws', () => {
  const certificate = parse();
  expect(certificate.publicKey().asymmetricKeyType).toBe('rsa');
  expect(certificate.publicKey()).toBe(certificate.publicKey());
  const broken = parse({
    spki: sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bitString(hex('04ff'))),
  });
  expect(broken.keyFacts).toEqual({ type: 'ec', curve: 'P-256' });
  expect(() => broken.publicKey()).toThrow();
});

test.each<[string, CertificateParts]>([
  ['no version', { version: Buffer.alloc(0), extensions: null }],
  ['version 2', { version: tlv(0xa0, integer('01')) }],
])('%s is a fault', (_, parts) => {
  expect(parse(parts).fault).toBe('the certificate is not version 3 (RFC 5280 section 4.1.2.1)');
});

test('unique identifiers mean nothing', () => {
  const identifiers = Buffer.concat([tlv(0x81, hex('00ff')), tlv(0x82, hex('00ff'))]);
  expect(parse({ identifiers }).fault).toBeNull();
});

test.each<[string, CertificateParts, string]>([
  ['two signature algorithms', { outerAlgorithm: sequence(oid('1.2.840.113549.1.1.12'), NULL) }, '4.1.1.2'],
  ['an empty issuer', { issuer: sequence() }, '4.1.2.4'],
  ['an empty subject alone', { subject: sequence() }, '4.2.1.6'],
  [
    'an empty subject beside a name that is not critical',
    { subject: sequence(), extensions: [san(false, dnsName('a'))] },
    '4.2.1.6',
  ],
  ['an alternative name in no form', { extensions: [san(true, dnsName('a b'))] }, '4.2.1.6'],
  [
    'a critical subject key identifier',
    { extensions: [extension('2.5.29.14', octetString(hex('01')), true)] },
    '4.2.1.2',
  ],
  [
    'a critical authority key identifier',
    { extensions: [extension('2.5.29.35', sequence(tlv(0x80, hex('01'))), true)] },
    '4.2.1.1',
  ],
  ['certificate signing by no CA', { extensions: [basic(), CERT_SIGN] }, '4.2.1.9'],
  ['certificate signing without basic constraints', { extensions: [CERT_SIGN] }, '4.2.1.9'],
  ['a path length of no CA', { extensions: [basic(integer('00'))] }, '4.2.1.9'],
  ['an unknown critical extension', { extensions: [extension('1.2.3.4', NULL, true)] }, '4.2'],
])('%s is a fault', (_, parts, section) => {
  expect(parse(parts).fault).toContain(`(RFC 5280 section ${section})`);
});

test.each<[string, CertificateParts]>([
  ['an empty subject beside a critical name', { subject: sequence(), extensions: [san(true, dnsName('a'))] }],
  ['a CA that signs certificates', { extensions: [basic(TRUE, integer('00')), CERT_SIGN] }],
  ['a leaf that says it is none', { extensions: [basic(), keyUsage('03020780')] }],
  ['no extensions', { extensions: null }],
])('%s is no fault', (_, parts) => {
  expect(parse(parts).fault).toBeNull();
});

test.each<[string, CertificateParts]>([
  ['version 1 written out', { version: tlv(0xa0, integer('00')) }],
  ['version 4', { version: tlv(0xa0, integer('03')) }],
  ['a version of two octets', { version: tlv(0xa0, integer('0102')) }],
  ['two versions', { version: tlv(0xa0, integer('02'), integer('02')) }],
  ['a time too many', { validity: sequence(utcTime('250101000000Z'), utcTime('270101000000Z'), NULL) }],
  ['a time too few', { validity: sequence(utcTime('250101000000Z')) }],
  ['something after the extensions', { extensions: null, identifiers: tlv(0xa4, NULL) }],
  ['an empty list of extensions', { extensions: [] }],
  [
    'an extension whose criticality is written out as false',
    { extensions: [sequence(oid('1.2.3'), FALSE, octetString())] },
  ],
  ['an extension with something after it', { extensions: [sequence(oid('1.2.3'), octetString(), NULL)] }],
  ['an extension without value', { extensions: [sequence(oid('1.2.3'))] }],
  ['something after the signature', { trailing: NULL }],
  ['a signature of some odd bits', { signature: tlv(0x03, hex('0780')) }],
  ['a name that is broken', { subject: sequence(NULL) }],
  ['a key that is broken', { spki: sequence(NULL) }],
])('%s cannot be read', (_, parts) => {
  expect(() => parse(parts)).toThrow(DerError);
});

test('budgets: octets, depth, elements', () => {
  const padded = (size: number) =>
    writeCertificate({ extensions: [extension('1.2.3', octetString(Buffer.alloc(size)))] });
  const most = MAX_CERTIFICATE_OCTETS - (padded(90_000).length - 90_000);
  expect(parseCertificate(padded(most)).der).toHaveLength(MAX_CERTIFICATE_OCTETS);
  expect(() => parseCertificate(padded(most + 1))).toThrow('a certificate of more than 100 KiB');
  const deep = (levels: number): Uint8Array => (levels === 0 ? NULL : sequence(deep(levels - 1)));
  expect(() => parse({ identifiers: deep(CERTIFICATE_LIMITS.depth - 2) })).toThrow('unexpected element');
  expect(() => parse({ identifiers: deep(CERTIFICATE_LIMITS.depth - 1) })).toThrow('nested too deeply');
  const wide = (count: number) => parse({ identifiers: sequence(...Array<Buffer>(count).fill(NULL)) });
  expect(() => wide(CERTIFICATE_LIMITS.elements - 100)).toThrow('unexpected element');
  expect(() => wide(CERTIFICATE_LIMITS.elements)).toThrow('too many elements');
  expect([MAX_CERTIFICATE_OCTETS, CERTIFICATE_LIMITS]).toEqual([102_400, { depth: 16, elements: 8192 }]);
});

test('self-issued is a matter of names alone', () => {
  expect(isSelfIssued(parse({ subject: commonName('Test CA') }))).toBe(true);
  expect(isSelfIssued(parse())).toBe(false);
});
