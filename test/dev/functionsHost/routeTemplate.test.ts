import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';

import { coversRoute, matchRoute, parseRoute } from '../../../src/dev/functionsHost/routeTemplate.ts';
import type { RouteSegment } from '../../../src/dev/functionsHost/routeTemplate.ts';

function parse(text: string): readonly RouteSegment[] {
  const route = parseRoute(text);
  if (typeof route === 'string') throw new Error(route);
  return route;
}

test.each([
  ['int', ['0', '-1', '+7', '2147483647', '-2147483648'], ['', '1.0', '2147483648', '-2147483649', 'one', '1e3']],
  ['long', ['9223372036854775807'], ['9223372036854775808', '999999999999999999999']],
  ['bool', ['true', 'FALSE'], ['1', 'yes']],
  ['alpha', ['abc', 'ABC'], ['a1', 'ä']],
  [
    'guid',
    ['2c9a1f6e-58f1-4b7d-9a4e-0c4f0f2b7a11', '2C9A1F6E58F14B7D9A4E0C4F0F2B7A11'],
    ['2c9a1f6e-58f14b7d9a4e0c4f0f2b7a11', '2c9a'],
  ],
  ['maxlength(3)', ['a', 'abc'], ['abcd', '']],
])('the constraint %s', (constraint, accepted, refused) => {
  const route = parse(`{x:${constraint}}`);
  for (const value of accepted) expect(matchRoute(route, [value])).toEqual({ x: value });
  for (const value of refused) expect(matchRoute(route, [value])).toBeUndefined();
});

test('an optional parameter keeps its constraint', () => {
  expect(matchRoute(parse('a/{x:int?}'), ['a'])).toEqual({});
  expect(matchRoute(parse('a/{x:int?}'), ['a', 'b'])).toBeUndefined();
});

test('the one route for the empty path takes nothing else, and hides nothing', () => {
  const empty = parse('{ignored:maxlength(0)?}');
  expect(matchRoute(empty, [])).toEqual({});
  expect(matchRoute(empty, ['healthz'])).toBeUndefined();
  expect(coversRoute(empty, parse('healthz'))).toBe(false);
});

const segment = fc.constantFrom('a', 'b', '1', '{x}', '{x:int}', '{x:alpha}', '{x:maxlength(0)?}', '{x?}', '{*x}');
const route = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .map((parts) => parts.map((part, index) => part.replace('x', `x${index}`)).join('/'))
  .filter((text) => typeof parseRoute(text) !== 'string');
const path = fc.array(fc.constantFrom('a', 'b', '1', '2', 'c'), { maxLength: 4 });

test('a route that covers another takes every path that the other takes', () => {
  fc.assert(
    fc.property(route, route, path, (one, other, segments) => {
      const covers = coversRoute(parse(one), parse(other));
      const taken = matchRoute(parse(other), segments) !== undefined;
      if (covers && taken) expect(matchRoute(parse(one), segments)).toBeDefined();
    }),
    { numRuns: 3000 },
  );
});

test('a route covers itself', () => {
  fc.assert(
    fc.property(route, (text) => {
      expect(coversRoute(parse(text), parse(text))).toBe(true);
    }),
  );
});
