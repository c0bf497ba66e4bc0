import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasExactly, parseCanonicalJson } from '../../src/tokens/canonicalJson.ts';

function parse(text: string) {
  return parseCanonicalJson(Buffer.from(text));
}

test('reads every object that JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (object) => {
      const text = JSON.stringify(object);
      expect(JSON.stringify(parse(text))).toBe(text);
    }),
  );
});

test.each([
  ['a key twice', '{"a":1,"a":1}'],
  ['a key twice, deeper', '{"a":{"b":1,"b":2}}'],
  ['a key twice, once escaped', '{"a":1,"\\u0061":1}'],
  ['white space', '{"a": 1}'],
  ['a line break at the end', '{"a":1}\n'],
  ['a needless escape', '{"a":"\\/"}'],
  ['another notation of a number', '{"a":1.0}'],
  ['a number that is rounded', '{"a":9007199254740993}'],
  ['a byte order mark', '\ufeff{"a":1}'],
  ['an array', '[]'],
  ['null', 'null'],
  ['text', '"a"'],
  ['no JSON', '{'],
  ['nothing', ''],
])('refuses %s', (_, text) => {
  expect(parse(text)).toBeNull();
});

test('refuses what is not UTF-8, which a lenient reader would replace', () => {
  const octets = Buffer.from('{"a":"?"}');
  expect(parseCanonicalJson(octets)).toEqual({ a: '?' });
  octets[octets.indexOf('?')] = 0xff;
  expect(parseCanonicalJson(octets)).toBeNull();
});

test('knows exactly the members asked for', () => {
  expect(hasExactly({ a: 1, b: 2 }, ['b', 'a'])).toBe(true);
  expect(hasExactly({ a: 1 }, ['a', 'b'])).toBe(false);
  expect(hasExactly({ a: 1, b: 2, c: 3 }, ['a', 'b'])).toBe(false);
  expect(hasExactly({ a: 1 }, ['toString'])).toBe(false);
});
