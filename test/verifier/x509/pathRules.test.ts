import { expect, test } from 'vitest';
import { parseCertificate } from '../../../src/verifier/x509/certificate.ts';
import type { Certificate } from '../../../src/verifier/x509/certificate.ts';
import {
  findIssuerFault,
  findLeafFault,
  findPurposeFault,
  findValidityCode,
  findWeakKey,
} from '../../../src/verifier/x509/pathRules.ts';
import type { PathRules } from '../../../src/verifier/x509/pathRules.ts';
import { rules } from './pki.ts';
import { extension, rsaSpki, writeCertificate } from './writeCertificate.ts';
import type { CertificateParts } from './writeCertificate.ts';
import { TRUE, commonName, directoryName, dnsName, hex, integer, octetString, oid, sequence, tlv } from './writeDer.ts';

const SKI = extension('2.5.29.14', octetString(hex('0102')));
const AKI = extension('2.5.29.35', sequence(tlv(0x80, hex('0a0b'))));
const CA = extension('2.5.29.19', sequence(TRUE), true);
const CERT_SIGN = extension('2.5.29.15', hex('03020204'), true);
const POLICY_CONSTRAINTS = extension('2.5.29.36', sequence(tlv(0x80, hex('00'))), true);
const CONSTRAINTS = extension('2.5.29.30', sequence(tlv(0xa0, sequence(dnsName('a')))), true);

const read = (parts: CertificateParts): Certificate => parseCertificate(writeCertificate(parts));
const caWith = (...extensions: Uint8Array[]) => read({ extensions });
const usage = (...purposes: string[]) => extension('2.5.29.37', sequence(...purposes.map(oid)));

interface Place {
  readonly isAnchor?: boolean;
  readonly below?: number;
  readonly rules?: Partial<PathRules>;
}

const issuerFault = (ca: Certificate, { isAnchor = false, below = 0, rules: change }: Place = {}) =>
  findIssuerFault(ca, isAnchor, below, rules(change));
const leafFault = (leaf: Certificate, change?: Partial<PathRules>) => findLeafFault(leaf, rules(change));

test.each([
  [{ type: 'ec', curve: 'P-256' }],
  [{ type: 'rsa', bits: 2048, exponent: 65537 }],
  [{ type: 'rsa', bits: 8192, exponent: 3 }],
  [{ type: 'rsa', bits: 4096, exponent: 2 ** 33 - 1 }],
] as const)('a key that may stand on a path: %j', (facts) => {
  expect(findWeakKey(facts)).toBeNull();
});

test.each([
  [{ type: 'other', algorithm: '1.3.101.112' }, 'algorithm 1.3.101.112'],
  [{ type: 'rsa', bits: 2040, exponent: 65537 }, 'less than 2048 bits'],
  [{ type: 'rsa', bits: 8200, exponent: 65537 }, 'more than 8192 bits'],
  [{ type: 'rsa', bits: 2049, exponent: 65537 }, 'whole number of octets'],
  [{ type: 'rsa', bits: 2048, exponent: 1 }, 'exponent'],
  [{ type: 'rsa', bits: 2048, exponent: 65536 }, 'exponent'],
  [{ type: 'rsa', bits: 2048, exponent: 2 ** 33 + 1 }, 'exponent'],
  [{ type: 'rsa', bits: 2048, exponent: Infinity }, 'exponent'],
] as const)('a key that may not: %j', (facts, part) => {
  expect(findWeakKey(facts)).toContain(part);
});

test('validity: both ends inclusive, in whole seconds', () => {
  const certificate = read({});
  const { notBefore, notAfter } = certificate;
  const at = (time: number) => findValidityCode(certificate, time);
  expect([notBefore - 1, notBefore, notAfter, notAfter + 999, notAfter + 1000].map(at)).toEqual([
    'certificate_not_yet_valid',
    null,
    null,
    null,
    'certificate_expired',
  ]);
});

test('an issuer without fault, in each place', () => {
  const ca = caWith(CA, CERT_SIGN, SKI, AKI);
  expect(issuerFault(ca)).toBeNull();
  expect(issuerFault(ca, { isAnchor: true, below: 7 })).toBeNull();
  expect(issuerFault(caWith(CA, SKI, AKI))).toBeNull();
});

const NOT_CRITICAL = extension('2.5.29.19', sequence(TRUE));

test.each<[string, Certificate, Place]>([
  ['an issuer is not a CA', caWith(SKI, AKI), {}],
  ['an issuer is not a CA', caWith(extension('2.5.29.19', sequence()), SKI, AKI), {}],
  ['basic constraints are not critical', caWith(NOT_CRITICAL, SKI, AKI), { isAnchor: true }],
  [
    'a path length is exceeded',
    caWith(extension('2.5.29.19', sequence(TRUE, integer('01')), true), SKI, AKI),
    { below: 2 },
  ],
  ['may not sign certificates', caWith(CA, extension('2.5.29.15', hex('03020780'), true), SKI, AKI), {}],
  [
    'empty subject',
    read({ subject: sequence(), extensions: [CA, SKI, AKI, extension('2.5.29.17', sequence(dnsName('a')), true)] }),
    {},
  ],
  ['policy constraints', caWith(CA, SKI, AKI, POLICY_CONSTRAINTS), {}],
  ['without subject key identifier', caWith(CA, AKI), {}],
  ['no authority key identifier', caWith(CA, SKI), {}],
  ['no authority key identifier', caWith(CA, SKI, extension('2.5.29.35', sequence())), { isAnchor: true }],
  ['unknown', caWith(CA, SKI, AKI, extension('1.2.3', hex('0500'), true)), {}],
  ['less than 2048 bits', read({ spki: rsaSpki('00ab', '03'), extensions: [CA, SKI, AKI] }), {}],
  ['not this key', caWith(CA, SKI, AKI), { rules: { findKeyFault: () => 'not this key' } }],
])('an issuer’s fault: %s', (part, ca, place) => {
  expect(issuerFault(ca, place)).toContain(part === 'unknown' ? 'is not known' : part);
});

test('basic constraints of an intermediate need not be critical', () => {
  expect(issuerFault(caWith(NOT_CRITICAL, SKI, AKI))).toBeNull();
});

test('a path length counts what is below', () => {
  const ca = caWith(extension('2.5.29.19', sequence(TRUE, integer('01')), true), SKI, AKI);
  expect(issuerFault(ca, { below: 1 })).toBeNull();
});

test('key identifiers are asked for where the caller wants them', () => {
  expect(issuerFault(caWith(CA), { rules: { requiresKeyIdentifiers: false } })).toBeNull();
  expect(leafFault(read({ extensions: null }), { requiresKeyIdentifiers: false })).toBeNull();
  expect(leafFault(read({ extensions: null }))).toContain('no authority key identifier');
});

test('an anchor may do without an authority, and its serial number is its own business', () => {
  expect(issuerFault(caWith(CA, SKI), { isAnchor: true })).toBeNull();
  const zero = read({ serial: integer('00'), extensions: [CA, SKI, AKI] });
  expect(issuerFault(zero, { isAnchor: true })).toBeNull();
  expect(issuerFault(zero)).toContain('serial number');
});

const selfSigned = (authority: Uint8Array) =>
  read({ subject: commonName('Test CA'), extensions: [CA, SKI, extension('2.5.29.35', authority)] });
const own = tlv(0x80, hex('0102'));
const named = (text: string, digits: string) => [tlv(0xa1, directoryName(commonName(text))), tlv(0x82, hex(digits))];

test.each([
  ['its own key', sequence(own), null],
  ['its own name and number', sequence(own, ...named('test  ca', '1234')), null],
  ['another key', sequence(tlv(0x80, hex('0103'))), 'names another'],
  ['another name', sequence(own, ...named('Other CA', '1234')), 'names another'],
  ['another number', sequence(own, ...named('Test CA', '1235')), 'names another'],
  ['no directory name', sequence(own, tlv(0xa1, dnsName('a')), tlv(0x82, hex('1234'))), 'names another'],
])('a self-signed anchor that names %s as its authority', (_, authority, part) => {
  const fault = issuerFault(selfSigned(authority), { isAnchor: true });
  if (part === null) expect(fault).toBeNull();
  else expect(fault).toContain(part);
  expect(issuerFault(selfSigned(authority))).toBeNull();
});

test.each(['00', 'ff', `01${'00'.repeat(20)}`])('the serial number %s is a fault', (digits) => {
  expect(leafFault(read({ serial: integer(digits), extensions: [AKI] }))).toContain('serial number');
});

test.each(['01', '00ff', `7f${'00'.repeat(19)}`])('the serial number %s is none', (digits) => {
  expect(leafFault(read({ serial: integer(digits), extensions: [AKI] }))).toBeNull();
});

test('a leaf: its own faults first, then the caller’s', () => {
  expect(leafFault(read({ extensions: [AKI] }), { findLeafFault: () => 'not this leaf' })).toBe('not this leaf');
  expect(leafFault(read({ extensions: [AKI, CONSTRAINTS] }))).toContain('name constraints');
  expect(leafFault(read({ extensions: [AKI, CONSTRAINTS, CA, SKI] }))).toBeNull();
  expect(leafFault(read({ extensions: [AKI, POLICY_CONSTRAINTS] }))).toContain('policy constraints');
});

const A = '1.2.3.1';
const B = '1.2.3.2';
const ANY = '2.5.29.37.0';
const NO_EKU = read({});
const withUsage = (...purposes: string[]) => read({ extensions: [usage(...purposes)] });

test.each<[Certificate[], string[], string | null]>([
  [[NO_EKU, NO_EKU], [], null],
  [[NO_EKU, NO_EKU], [A], null],
  [[withUsage(A, B), withUsage(A)], [A], null],
  [[withUsage(A, B), withUsage(A)], [A, B], 'does not allow the purpose'],
  [[withUsage(A), withUsage(ANY)], [A], 'does not allow the purpose'],
  [[withUsage(A), NO_EKU, withUsage(B, A)], [], null],
  [[withUsage(A), withUsage(ANY)], [], null],
  [[withUsage(ANY)], [], null],
  [[withUsage(A), withUsage(B)], [], 'leave no purpose'],
  [[withUsage(A, B), withUsage(B, '1.2.3.3'), withUsage('1.2.3.3', A)], [], 'leave no purpose'],
])('purposes along a path, case %#', (certificates, purposes, part) => {
  const fault = findPurposeFault(certificates, purposes);
  if (part === null) expect(fault).toBeNull();
  else expect(fault).toContain(part);
});
