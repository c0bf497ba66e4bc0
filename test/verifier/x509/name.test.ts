import { expect, test } from 'vitest';
import { DerError } from '../../../src/verifier/der.ts';
import { parseName, readCommonName, readDirectoryString } from '../../../src/verifier/x509/name.ts';
import { CN, NULL, commonName, hex, name, oid, printable, sequence, set, tlv, utf8 } from './writeDer.ts';

const O = '2.5.4.10';

test('a name is its relative names in order, each a set', () => {
  const two = set(sequence(oid(CN), utf8('a')), sequence(oid(O), utf8('b')));
  const parsed = parseName(sequence(two, set(sequence(oid(O), printable('c')))));
  expect(parsed.map((relative) => relative.map(({ type }) => type))).toEqual([[CN, O], [O]]);
  expect(parsed[1]?.[0]?.value).toEqual(printable('c'));
  expect(parseName(sequence())).toEqual([]);
});

test.each([
  ['an empty relative name', sequence(set())],
  ['an attribute without value', sequence(set(sequence(oid(CN))))],
  ['an attribute with two values', sequence(set(sequence(oid(CN), utf8('a'), utf8('b'))))],
  ['a relative name that is a sequence', sequence(sequence(sequence(oid(CN), utf8('a'))))],
  ['something after the name', Buffer.concat([commonName('a'), NULL])],
])('%s is refused', (_, der) => {
  expect(() => parseName(der)).toThrow(DerError);
});

test.each([
  [utf8('Käse'), 'Käse'],
  [printable('Plain'), 'Plain'],
  [tlv(0x16, Buffer.from('ia5')), 'ia5'],
  [tlv(0x14, hex('e9')), 'é'],
  [tlv(0x1e, hex('0041 20ac')), 'A€'],
  [tlv(0x1e, hex('0041 20')), 'A'],
  [tlv(0x1c, hex('00000041')), null],
  [NULL, null],
])('the text of %s', (der, expected) => {
  expect(readDirectoryString(der)).toBe(expected);
});

test('the common name is for people: the first one, printable and bounded', () => {
  expect(readCommonName(parseName(name([O, utf8('org')], [CN, utf8('first')], [CN, utf8('second')])))).toBe('first');
  expect(readCommonName(parseName(name([O, utf8('org')])))).toBeNull();
  expect(readCommonName(parseName(name([CN, NULL])))).toBeNull();
  expect(readCommonName(parseName(commonName('a\u001b[31m\nb')))).toBe('a?[31m?b');
  expect(readCommonName(parseName(commonName('x'.repeat(500))))).toHaveLength(128);
});
