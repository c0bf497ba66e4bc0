import { expect, test } from 'vitest';
import { dateMember, member, objectMember, parseJsonObject, textMember } from '../../src/client/members.ts';

test('inherited members are none', () => {
  for (const name of ['constructor', '__proto__', 'toString']) {
    expect(member({}, name)).toBeUndefined();
    expect(objectMember({}, name)).toBeUndefined();
  }
});

test.each(['[]', 'null', '1', '"a"', '{', ''])('%s is no object', (text) => {
  expect(parseJsonObject(text)).toBeUndefined();
});

test('a text is bounded both ways', () => {
  expect(textMember({ a: 'ab' }, 'a', 2)).toBe('ab');
  expect(textMember({ a: 'abc' }, 'a', 2)).toBeUndefined();
  expect(textMember({ a: '' }, 'a', 2)).toBeUndefined();
  expect(textMember({ a: '' }, 'a', 2, 0)).toBe('');
  expect(textMember({ a: 1 }, 'a', 2)).toBeUndefined();
});

test('a date is a number that a date can be', () => {
  expect(dateMember({ a: 0 }, 'a')).toBe(0);
  expect(dateMember({ a: 8.64e12 }, 'a')).toBe(8.64e12);
  for (const value of [-1, 8.64e12 + 1, NaN, Infinity, '1', null])
    expect(dateMember({ a: value }, 'a')).toBeUndefined();
});
