import fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import { parsePlainJson } from '../../src/contract/plainJson.ts';

test('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = JSON.stringify(value, null, 1);
      fc.pre(text.isWellFormed() && !/\\ud[89a-f]/.test(text));
      expect(parsePlainJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test('__proto__ is a member like any other', () => {
  const read = parsePlainJson('{"__proto__": {"a": 1}}') as object;
  expect([Object.keys(read), Object.getPrototypeOf(read)]).toEqual([['__proto__'], Object.prototype]);
});

test.each([
  ['{"a": 1,\n\n"a": 2}', 'line 3: the key "a" appears twice in one object'],
  ['{"a": 1,\r\n x}', 'line 2: not JSON'],
  ['{"a": x}', 'line 1, a: not JSON'],
  ['', 'line 1: not JSON'],
  [
    '{"a": [0,\n{"b.c": 1e999}]}',
    'line 2, a[1]["b.c"]: a number with more digits than a JSON number holds; write a string',
  ],
  ['{"offers": [{"features": {"serial": 9007199254740993}}]}', 'line 1, offers[0].features.serial: a number'],
  [`{"${'k'.repeat(80)}": 1, "${'k'.repeat(80)}": 2}`, `the key "${'k'.repeat(64)}…" appears twice`],
])('%j is refused with its line', (text, message) => {
  expect(() => parsePlainJson(text)).toThrow(message);
});

test('what is no text is a fault of the caller, and passes through', () => {
  expect(() => parsePlainJson(null as unknown as string)).toThrow(TypeError);
});
