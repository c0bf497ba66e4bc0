import { expect, test } from 'vitest';
import {
  encodeElement,
  encodeLength,
  readChildren,
  readElement,
  rewriteElement,
  TAG,
} from '../../../src/emulator/documents/der.ts';

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
const octets = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

test.each([
  [0, '00'],
  [127, '7f'],
  [128, '8180'],
  [256, '820100'],
  [65_536, '83010000'],
])('the length %i is written as %s', (length, text) => {
  expect(hex(encodeLength(length))).toBe(text);
});

test('a length can have more octets than it needs', () => {
  expect(hex(encodeLength(5, 1))).toBe('8105');
  expect(hex(encodeLength(5, 3))).toBe('83000005');
});

test('elements are read back as they were written', () => {
  const long = encodeElement(TAG.octetString, new Uint8Array(300));
  const whole = encodeElement(TAG.sequence, octets('0500'), long);
  const element = readElement(whole);
  expect(element).toEqual({ tag: 0x30, start: 0, contents: 4, end: whole.length });
  expect(readChildren(whole, element).map(({ tag, start }) => [tag, start])).toEqual([
    [5, 4],
    [4, 6],
  ]);
});

test('rewriting an element puts every length around it right', () => {
  const before = octets('3008' + '0500' + 'a004' + '0402' + '0102');
  const after = rewriteElement(before, [1, 0], () => new Uint8Array([4, 1, 9]));
  expect(hex(after)).toBe('3007' + '0500' + 'a003' + '040109');
  expect(() => rewriteElement(before, [2], (each) => each)).toThrow(RangeError);
});
