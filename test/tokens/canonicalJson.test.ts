import fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import { parseCanonicalJson, parseForeignJson } from '../../src/tokens/canonicalJson.ts';

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

test('takes the JSON of other writers, and still no key twice', () => {
  const read = (text: string) => parseForeignJson(Buffer.from(text));
  expect(read(' { "a" : "b c" ,\n"d": "e\\/f" } ')).toEqual({ a: 'b c', d: 'e/f' });
  expect(read('{"typ":"proof\\u002Bjwt","iat":1700000000.0,"k":"\\u00e9\\u003d","n":[-1E2,"1.0 "]}')).toEqual({
    ...{ typ: 'proof+jwt', iat: 1_700_000_000, k: 'é=', n: [-100, '1.0 '] },
  });
  expect(read('{"b":1,"7":true,"a":{"10":[{"2":1,"1":2}],":":":"}}')).toEqual({
    ...{ b: 1, 7: true, a: { 10: [{ 2: 1, 1: 2 }], ':': ':' } },
  });
  for (const text of ['{"7":1,"7":1}', '{"b":[{"7":1,"\\u0037":2}]}']) expect(read(text)).toBeNull();
  for (const text of ['{"a":1,"\\u0061":1}', '{"a":1, "a":1}', '{"a":01}', '{"a":1.}', '{"a":-}', '{"a":"\\x"}'])
    expect(read(text)).toBeNull();
  for (const text of ['{"a":1 2}', '{"a":tr ue}', '[]', '', '{"a" "b"}']) expect(read(text)).toBeNull();
});
