import fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import { JsonError, parseStrictJson } from '../../src/contract/strictJson.ts';
import type { JsonValue } from '../../src/contract/strictJson.ts';

const parse = (text: string): JsonValue => parseStrictJson(Buffer.from(text));

/** Maps as plain objects without a prototype, for comparison with `JSON.parse`. */
function plain(value: JsonValue): unknown {
  if (value instanceof Map) {
    return Object.fromEntries(
      [...(value as ReadonlyMap<string, JsonValue>)].map(([key, inner]) => [key, plain(inner)]),
    );
  }
  return Array.isArray(value) ? (value as readonly JsonValue[]).map(plain) : value;
}

test('every JSON value is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(0, 1, 2), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), null, indent);
      // JSON.parse makes a member __proto__ as a Map does; Object.fromEntries too.
      expect(plain(parse(spaced))).toEqual(JSON.parse(spaced));
    }),
  );
});

test('whatever JSON.parse refuses is refused', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'{}[]:,"\\ntrue10.eE-+u \t'.split('')), maxLength: 12 }),
      (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        if (!isJson) expect(() => parse(text)).toThrow(JsonError);
      },
    ),
    { numRuns: 5000 },
  );
});

test.each([
  ['a key twice', '{"a":1,"a":1}'],
  ['a key twice, once escaped', '{"a":1,"\\u0061":2}'],
  ['a key twice inside', '{"x":[{"a":1,"b":{},"a":2}]}'],
  ['__proto__ twice', '{"__proto__":1,"__proto__":2}'],
  ['nesting', `${'['.repeat(18)}${']'.repeat(18)}`],
  ['nothing', ''],
  ['two values', '1 2'],
  ['a control character in a string', '"\u0001"'],
  ['a leading zero', '01'],
  ['a byte order mark', '\ufeff{}'],
  ['half a surrogate pair', '"\\ud800"'],
  ['half a surrogate pair as a key', '{"\\udc00":1}'],
])('%s is refused', (_, text) => {
  expect(() => parse(text)).toThrow(JsonError);
});

test('octets that are not UTF-8 are refused', () => {
  expect(() => parseStrictJson(Buffer.from('22c328 22'.replace(' ', ''), 'hex'))).toThrow(JsonError);
});

test('a string of a million escapes is read', () => {
  expect(parse(`"${'\\u0041'.repeat(1_400_000)}"`)).toHaveLength(1_400_000);
});

test('sixteen levels are read', () => {
  expect(() => parse(`${'['.repeat(17)}${']'.repeat(17)}`)).not.toThrow();
});

const object = (members: number) => `{${Array.from({ length: members }, (_, index) => `"k${index}":1`).join()}}`;

test('values are counted while they are read, and so are the members of an object', () => {
  expect(parse(`[${'1,'.repeat(499_998)}1]`)).toHaveLength(499_999);
  expect(() => parse(`[${'1,'.repeat(499_999)}1]`)).toThrow('more than 500000 values');
  expect(() => parse(`[${'{},'.repeat(2_600_000)}`)).toThrow('more than 500000 values');
  expect(parse(object(1_000))).toHaveProperty('size', 1_000);
  expect(() => parse(object(1_001))).toThrow('more than 1000 members');
});

test.each([
  '9007199254740993',
  '12345678901234567890',
  '1e400',
  '-1e400',
  '3.141592653589793238',
  '1e-400',
  '0.1e-330',
])('the number %s, which a double does not hold, is refused', (text) => {
  expect(() => parse(`[${text}]`)).toThrow('more digits than a JSON number holds');
});

test('a number of a million digits is refused at once', () => {
  expect(() => parse(`1${'0'.repeat(1_000_000)}1`)).toThrow('more digits than a JSON number holds');
});

test.each([
  ['9007199254740991', 9007199254740991],
  ['9007199254740992', 2 ** 53],
  ['100000000000000000000', 1e20],
  ['1.50e3', 1500],
  ['0.1', 0.1],
  ['1E+23', 1e23],
  ['1.7976931348623157e308', Number.MAX_VALUE],
  ['5e-324', 5e-324],
  ['-0', 0],
  ['-0.000e-9', 0],
])('the number %s is read', (text, value) => {
  expect(parse(text)).toBe(value);
});

test('every double is read as JavaScript writes it', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(parse(JSON.stringify(value))).toBe(value + 0);
    }),
  );
});
