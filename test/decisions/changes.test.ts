import { expect, test } from 'vitest';

import { boundValues } from '../../src/decisions/changes.ts';

const LONG = 'x'.repeat(9_000);

test('values are kept whole where they are short', () => {
  expect(boundValues({ a: 1, b: 2 }, { a: 1, b: 3 })).toEqual({
    old: { a: 1, b: 2 },
    new: { a: 1, b: 3 },
    partial: false,
  });
  expect(boundValues(null, { a: 1 })).toEqual({ old: null, new: { a: 1 }, partial: false });
});

test('of long ones the members that differ are kept', () => {
  expect(boundValues({ a: LONG, b: 2, c: 1 }, { a: LONG, b: 3 })).toEqual({
    old: { b: 2, c: 1 },
    new: { b: 3 },
    partial: true,
  });
});

test('of members that are long themselves it is kept how long they are, so that a record is bounded', () => {
  const list = Array.from({ length: 500 }, () => 'x'.repeat(36));
  expect(boundValues({ list }, { list: [...list, 'y'] })).toEqual({
    old: { list: '(500 items)' },
    new: { list: '(501 items)' },
    partial: true,
  });
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`m${index}`, 'x'.repeat(390)]));
  expect(JSON.stringify(boundValues(null, { ...many, long: LONG })).length).toBeLessThan(10_500);
});
