import { expect, test } from 'vitest';
import { parseName } from '../../../src/verifier/x509/name.ts';
import { isSamePreparedName, isWithinName, prepareName } from '../../../src/verifier/x509/nameMatching.ts';
import { CN, hex, name, oid, printable, sequence, set, tlv, utf8 } from './writeDer.ts';

const O = '2.5.4.10';
const C = '2.5.4.6';
const prepared = (der: Uint8Array) => prepareName(parseName(der));

test.each([
  ['case', name([CN, utf8('Root CA')]), name([CN, utf8('rOOT ca')])],
  ['white space', name([CN, utf8('  Root   CA ')]), name([CN, utf8('Root CA')])],
  ['the type of string', name([CN, printable('Root')]), name([CN, utf8('Root')])],
  ['the form of a character', name([CN, utf8('\u00e9')]), name([CN, utf8('e\u0301')])],
  ['BMP strings', name([CN, tlv(0x1e, hex('0041'))]), name([CN, printable('a')])],
  [
    'the order within a set',
    sequence(set(sequence(oid(CN), utf8('a')), sequence(oid(O), utf8('b')))),
    sequence(set(sequence(oid(O), utf8('b')), sequence(oid(CN), utf8('a')))),
  ],
  ['equal values that are no text', name([CN, hex('0500')]), name([CN, hex('0500')])],
])('%s does not count', (_, left, right) => {
  expect(isSamePreparedName(prepared(left), prepared(right))).toBe(true);
});

test.each([
  ['another value', name([CN, utf8('a')]), name([CN, utf8('b')])],
  ['another type', name([CN, utf8('a')]), name([O, utf8('a')])],
  ['another order', name([CN, utf8('a')], [O, utf8('b')]), name([O, utf8('b')], [CN, utf8('a')])],
  ['more relative names', name([CN, utf8('a')]), name([CN, utf8('a')], [O, utf8('b')])],
  ['fewer relative names', name([CN, utf8('a')], [O, utf8('b')]), name([CN, utf8('a')])],
  ['white space in the midst of a word', name([CN, utf8('ab')]), name([CN, utf8('a b')])],
  ['no text beside a text', name([CN, hex('0500')]), name([CN, utf8('')])],
  ['other values that are no text', name([CN, hex('020101')]), name([CN, hex('020102')])],
  ['quotes that mean nothing', name([CN, utf8('a"],["b')]), name([CN, utf8('a')], [CN, utf8('b')])],
  [
    'one attribute twice beside two',
    sequence(set(sequence(oid(CN), utf8('a')), sequence(oid(CN), utf8('a')))),
    sequence(set(sequence(oid(CN), utf8('a')), sequence(oid(CN), utf8('b')))),
  ],
])('%s is another name', (_, left, right) => {
  expect(isSamePreparedName(prepared(left), prepared(right))).toBe(false);
});

test('a name is within those that it begins with', () => {
  const whole = prepared(name([C, printable('US')], [O, utf8('Org')], [CN, utf8('x')]));
  expect(isWithinName(whole, prepared(name([C, printable('us')], [O, utf8('ORG')])))).toBe(true);
  expect(isWithinName(whole, [])).toBe(true);
  expect(isWithinName(whole, whole)).toBe(true);
  expect(isWithinName(whole, prepared(name([O, utf8('Org')])))).toBe(false);
  expect(isWithinName(prepared(name([C, printable('US')])), whole)).toBe(false);
});
