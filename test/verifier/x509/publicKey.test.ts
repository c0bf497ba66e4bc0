import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { DerError } from '../../../src/verifier/der.ts';
import { parsePublicKeyFacts } from '../../../src/verifier/x509/publicKey.ts';
import { rsaSpki } from './writeCertificate.ts';
import { NULL, bitString, hex, integer, oid, sequence, tlv } from './writeDer.ts';

const RSA = oid('1.2.840.113549.1.1.1');
const EC = oid('1.2.840.10045.2.1');
const P_256 = oid('1.2.840.10045.3.1.7');

test.each(['P-256', 'P-384', 'P-521'] as const)('the curve %s is known', (namedCurve) => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve });
  expect(parsePublicKeyFacts(publicKey.export({ format: 'der', type: 'spki' }))).toEqual({
    type: 'ec',
    curve: namedCurve,
  });
});

test('a real RSA key', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  expect(parsePublicKeyFacts(spki)).toEqual({ type: 'rsa', bits: 2048, exponent: 65537 });
});

test.each([
  ['00', 0],
  ['01', 1],
  ['02', 2],
  ['03', 2],
  ['07', 3],
  ['08', 4],
  ['0f', 4],
  ['10', 5],
  ['00ff', 8],
  ['0100', 9],
  ['7fffffff', 31],
])('a modulus of %s has %i bits', (modulus, bits) => {
  expect(parsePublicKeyFacts(rsaSpki(modulus, '03'))).toEqual({ type: 'rsa', bits, exponent: 3 });
});

test.each([
  ['03', 3],
  ['010001', 65537],
  ['00', 0],
  ['7fffffffffff', 0x7fffffffffff],
  ['0100000000000000', Infinity],
])('the exponent %s', (digits, exponent) => {
  expect(parsePublicKeyFacts(rsaSpki('00ab', digits))).toMatchObject({ exponent });
});

test.each([
  ['another curve', sequence(sequence(EC, oid('1.3.132.0.10')), bitString(hex('04'))), '1.2.840.10045.2.1'],
  [
    'a curve that is written out',
    sequence(sequence(EC, sequence(integer('01'))), bitString(hex('04'))),
    '1.2.840.10045.2.1',
  ],
  ['DSA', sequence(sequence(oid('1.2.840.10040.4.1')), bitString(hex('00'))), '1.2.840.10040.4.1'],
  ['Ed25519', sequence(sequence(oid('1.3.101.112')), bitString(hex('00'))), '1.3.101.112'],
])('%s is another algorithm', (_, spki, algorithm) => {
  expect(parsePublicKeyFacts(spki)).toEqual({ type: 'other', algorithm });
});

test.each([
  ['something after the key', sequence(sequence(RSA, NULL), bitString(sequence(integer('03'), integer('03'))), NULL)],
  ['RSA without parameters', sequence(sequence(RSA), bitString(sequence(integer('03'), integer('03'))))],
  ['RSA with more parameters', sequence(sequence(RSA, NULL, NULL), bitString(sequence(integer('03'), integer('03'))))],
  ['a negative modulus', rsaSpki('ab', '03')],
  ['a negative exponent', rsaSpki('00ab', 'ab')],
  [
    'an RSA key of three numbers',
    sequence(sequence(RSA, NULL), bitString(sequence(integer('03'), integer('03'), integer('03')))),
  ],
  [
    'something after the RSA key',
    sequence(sequence(RSA, NULL), bitString(sequence(integer('03'), integer('03')), NULL)),
  ],
  ['an empty RSA key', sequence(sequence(RSA, NULL), bitString())],
  ['a key of some odd bits', sequence(sequence(RSA, NULL), tlv(0x03, hex('07 80')))],
  ['a curve with something after it', sequence(sequence(EC, P_256, NULL), bitString(hex('04')))],
])('%s is refused', (_, spki) => {
  expect(() => parsePublicKeyFacts(spki)).toThrow(DerError);
});
