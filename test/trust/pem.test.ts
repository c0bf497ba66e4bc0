import fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import { readCertificateOctets, readPemBlocks, writePem } from '../../src/trust/pem.ts';

const DER = Uint8Array.from({ length: 400 }, (_, index) => (index === 0 ? 0x30 : 0x82 ^ (index & 0xff)));
const octetsOf = (file: Uint8Array | string) => readCertificateOctets(Buffer.from(file)).map((der) => Buffer.from(der));

test('what is written is read, between any text', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1 })), fc.stringMatching(/^[\w .:\n]*$/), (ders, text) => {
      const file = ders.map((der) => text + writePem(der)).join('') + text;
      expect(readPemBlocks(file).map((block) => block && Buffer.from(block))).toEqual(
        ders.map((der) => Buffer.from(der)),
      );
    }),
  );
});

test('lines may end in CR LF or not be broken at all', () => {
  const pem = writePem(DER);
  expect(pem.split('\n').every((line) => line.length <= 64)).toBe(true);
  expect(octetsOf(pem.replaceAll('\n', '\r\n'))).toEqual([Buffer.from(DER)]);
  expect(octetsOf(pem.replace(/(?<=[\w+/=])\n(?=[\w+/=])/g, ''))).toEqual([Buffer.from(DER)]);
});

test('a block that is not closed, is empty or is no base64 is none', () => {
  const pem = writePem(DER);
  const open = pem.replace(/-----END.*\n/, '');
  expect(readPemBlocks(open)).toEqual([null]);
  expect(readPemBlocks(open + pem).map((block) => block !== null)).toEqual([false, true]);
  expect(readPemBlocks(writePem(new Uint8Array()))).toEqual([null]);
  expect(readPemBlocks(pem.replace('\ng', '\n*'))).toEqual([pem.includes('\ng') ? null : expect.anything()]);
  expect(readPemBlocks(pem.replace(/\n(.)/, '\n*$1'))).toEqual([null]);
});

test('blocks of other kinds are passed over', () => {
  expect(readPemBlocks(writePem(DER).replaceAll('CERTIFICATE', 'PRIVATE KEY'))).toEqual([]);
  expect(readPemBlocks(writePem(DER).replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'))).toEqual([]);
});

test('DER is told from PEM by its first octets, and is one certificate', () => {
  expect(octetsOf(DER)).toEqual([Buffer.from(DER)]);
  expect(octetsOf(`0 is the first octet\n${writePem(DER)}`)).toEqual([Buffer.from(DER)]);
  expect(octetsOf('')).toEqual([]);
  expect(octetsOf('<html>not found</html>')).toEqual([]);
});
