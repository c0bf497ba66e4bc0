import { expect, test } from 'vitest';
import { decodeExtensions } from '../../../src/verifier/x509/extensions.ts';
import type { RawExtension } from '../../../src/verifier/x509/extensions.ts';
import {
  FALSE,
  NULL,
  TRUE,
  commonName,
  directoryName,
  dnsName,
  hex,
  integer,
  octetString,
  oid,
  sequence,
  tlv,
  uriName,
} from './writeDer.ts';

const raw = (type: string, value: Uint8Array, critical = false): RawExtension => ({ oid: type, critical, value });

const SKI = '2.5.29.14';
const KEY_USAGE = '2.5.29.15';
const SAN = '2.5.29.17';
const BASIC = '2.5.29.19';
const CONSTRAINTS = '2.5.29.30';
const POLICIES = '2.5.29.32';
const AKI = '2.5.29.35';
const POLICY_CONSTRAINTS = '2.5.29.36';
const EKU = '2.5.29.37';
const INHIBIT_ANY = '2.5.29.54';
const AIA = '1.3.6.1.5.5.7.1.1';

const keyId = tlv(0x80, hex('0102'));
const authority = tlv(0xa1, directoryName(commonName('a')));
const authoritySerial = tlv(0x82, hex('05'));

test.each([
  [raw(SKI, octetString(hex('0102'))), { subjectKeyIdentifier: { critical: false, keyIdentifier: hex('0102') } }],
  [raw(KEY_USAGE, hex('030205a0'), true), { keyUsage: { digitalSignature: true, keyCertSign: false } }],
  [raw(KEY_USAGE, hex('03020106')), { keyUsage: { digitalSignature: false, keyCertSign: true } }],
  [raw(KEY_USAGE, hex('0303070080')), { keyUsage: { digitalSignature: false, keyCertSign: false } }],
  [raw(SAN, sequence(dnsName('a')), true), { subjectAltName: { critical: true, names: [{ type: 'dns', text: 'a' }] } }],
  [raw(BASIC, sequence()), { basicConstraints: { critical: false, ca: false, pathLength: null } }],
  [raw(BASIC, sequence(TRUE), true), { basicConstraints: { critical: true, ca: true, pathLength: null } }],
  [raw(BASIC, sequence(TRUE, integer('00'))), { basicConstraints: { critical: false, ca: true, pathLength: 0 } }],
  [
    raw(BASIC, sequence(TRUE, integer('00ffffff'))),
    { basicConstraints: { critical: false, ca: true, pathLength: 0xffffff } },
  ],
  [
    raw(BASIC, sequence(TRUE, integer('0100000000'))),
    { basicConstraints: { critical: false, ca: true, pathLength: Infinity } },
  ],
  [
    raw(CONSTRAINTS, sequence(tlv(0xa0, sequence(dnsName('a')))), true),
    { nameConstraints: { critical: true, constraints: { permitted: [{ type: 'dns', host: 'a' }], excluded: [] } } },
  ],
  [raw(POLICIES, sequence(sequence(oid('2.5.29.32.0')), sequence(oid('1.2.3'), sequence(NULL))), true), {}],
  [raw(INHIBIT_ANY, integer('00'), true), {}],
  [raw(POLICY_CONSTRAINTS, sequence(tlv(0x80, hex('00'))), true), { policyConstraints: { critical: true } }],
  [
    raw(EKU, sequence(oid('1.3.6.1.5.5.7.3.1'))),
    { extendedKeyUsage: { critical: false, purposes: ['1.3.6.1.5.5.7.3.1'] } },
  ],
  [
    raw(AKI, sequence()),
    { authorityKeyIdentifier: { critical: false, keyIdentifier: null, issuerNames: [], serial: null } },
  ],
  [
    raw(AKI, sequence(keyId)),
    { authorityKeyIdentifier: { critical: false, keyIdentifier: hex('0102'), issuerNames: [], serial: null } },
  ],
  [
    raw(AKI, sequence(keyId, authority, authoritySerial)),
    { authorityKeyIdentifier: { keyIdentifier: hex('0102'), issuerNames: [{ type: 'directory' }], serial: hex('05') } },
  ],
  [
    raw(
      AIA,
      sequence(
        sequence(oid('1.3.6.1.5.5.7.48.1'), uriName('http://a')),
        sequence(oid('1.3.6.1.5.5.7.48.2'), uriName('http://b')),
      ),
    ),
    {},
  ],
  [raw('1.2.3.4', hex('ff')), {}],
])('an extension is decoded: %j', (extension, expected) => {
  const { extensions, fault } = decodeExtensions([extension]);
  expect(fault).toBeNull();
  expect(extensions).toMatchObject(expected);
  expect(Object.keys(extensions)).toEqual(Object.keys(expected));
});

test.each([
  ['a value that is no DER', raw(SKI, hex('0482'))],
  ['something after the value', raw(SKI, Buffer.concat([octetString(), NULL]))],
  ['another type of value', raw(SKI, NULL)],
  ['a key usage without a bit', raw(KEY_USAGE, hex('0302 0700'))],
  ['an empty key usage', raw(KEY_USAGE, hex('030100'))],
  ['no alternative name', raw(SAN, sequence())],
  ['cA written out as false', raw(BASIC, sequence(FALSE))],
  ['a negative path length', raw(BASIC, sequence(TRUE, integer('ff')))],
  ['more basic constraints', raw(BASIC, sequence(TRUE, integer('00'), NULL))],
  ['no name constraint', raw(CONSTRAINTS, sequence())],
  ['no policy', raw(POLICIES, sequence())],
  ['a policy without identifier', raw(POLICIES, sequence(sequence()))],
  ['policy constraints that are none', raw(POLICY_CONSTRAINTS, NULL)],
  ['a negative number of certificates', raw(INHIBIT_ANY, integer('80'))],
  ['no purpose', raw(EKU, sequence())],
  ['a purpose that is none', raw(EKU, sequence(NULL))],
  ['an authority without serial number', raw(AKI, sequence(keyId, authority))],
  ['an authority’s serial number alone', raw(AKI, sequence(keyId, authoritySerial))],
  ['an authority without name', raw(AKI, sequence(keyId, tlv(0xa1), authoritySerial))],
  ['more of an authority', raw(AKI, sequence(keyId, NULL))],
  ['critical authority information access', raw(AIA, sequence(sequence(oid('1.2.3'), uriName('a'))), true)],
  ['no authority information', raw(AIA, sequence())],
  ['authority information without location', raw(AIA, sequence(sequence(oid('1.2.3'))))],
  ['more authority information', raw(AIA, sequence(sequence(oid('1.2.3'), uriName('a'), NULL)))],
])('%s is a fault', (_, extension) => {
  const { extensions, fault } = decodeExtensions([extension]);
  expect(fault).toContain(`extension ${extension.oid} is malformed: DerError: `);
  expect(extensions).toEqual({});
});

test('an unknown critical extension is a fault, and hides nothing else', () => {
  const { extensions, fault } = decodeExtensions([raw('1.2.3.4', NULL, true), raw(SKI, octetString(hex('01')))]);
  expect(fault).toBe('critical extension 1.2.3.4 is not known (RFC 5280 section 4.2)');
  expect(extensions.subjectKeyIdentifier).toBeDefined();
});

test.each(['1.2.3.4', SKI])('an extension that stands twice is a fault: %s', (type) => {
  const twice = raw(type, octetString(hex('01')));
  expect(decodeExtensions([twice, twice]).fault).toBe(`extension ${type} stands twice (RFC 5280 section 4.2)`);
});

test('the first fault is told', () => {
  const faults = [raw('1.2.3.4', NULL, true), raw(SKI, NULL), raw('1.2.3.4', NULL, true)];
  expect(decodeExtensions(faults).fault).toContain('critical extension 1.2.3.4');
});

test('budgets: depth, elements, purposes', () => {
  const deep = (levels: number): Uint8Array => (levels === 0 ? NULL : sequence(deep(levels - 1)));
  const nested = (levels: number) =>
    decodeExtensions([raw(POLICIES, sequence(sequence(oid('1.2.3'), deep(levels))))]).fault;
  expect(nested(10)).toBeNull();
  expect(nested(11)).toContain('nested too deeply');
  const names = (count: number) =>
    decodeExtensions([raw(SAN, sequence(...Array<Buffer>(count).fill(dnsName('a'))))]).fault;
  expect(names(8191)).toBeNull();
  expect(names(8192)).toContain('too many elements');
  const purposes = (count: number) =>
    decodeExtensions([raw(EKU, sequence(...Array<Buffer>(count).fill(oid('1.2.3'))))]).fault;
  expect(purposes(100)).toBeNull();
  expect(purposes(101)).toContain('unexpected element');
});
