import { expect, test } from 'vitest';
import { evaluateQuery } from './evaluate.ts';
import type { Row } from './evaluate.ts';

/** What Microsoft's reference of the query language says of each operator, and its own examples with their results. */

const run = (query: string, rows: readonly Row[]) => evaluateQuery(query, { T: rows });
const valueOf = (expression: string, row: Row = {}) => run(`T | extend x = ${expression}`, [row])[0]?.['x'];

test('bin: the examples of its page', () => {
  const day = 86_400_000;
  expect(valueOf('bin(4.5, 1)')).toBe(4);
  expect(valueOf('bin(16d, 7d)')).toBe(14 * day);
  const at = new Date('1970-05-11T13:45:07Z');
  expect(valueOf('bin(at, 1d)', { at })).toEqual(new Date('1970-05-11T00:00:00Z'));
  expect(valueOf('bin(none, 1d)', { none: null })).toBeNull();
});

test('null values: the example of their page with equality and order', () => {
  const rows = run('T | extend IsBiggerThan3 = val > 3, IsEqualToNull = val == none, IsNotEqualToNull = val != none', [
    { val: 5, none: null },
    { val: null, none: null },
  ]);
  expect(rows.map((row) => [row['IsBiggerThan3'], row['IsEqualToNull'], row['IsNotEqualToNull']])).toEqual([
    [true, false, true],
    [null, null, null],
  ]);
});

test('null values: the example of their page with where, which drops rows whose condition is null', () => {
  const rows = [
    { ival: 5, sval: 'a' },
    { ival: null, sval: 'b' },
  ];
  expect(run('T | where ival != 5', rows)).toEqual([{ ival: null, sval: 'b' }]);
  expect(run('T | where ival < 6', rows)).toEqual([{ ival: 5, sval: 'a' }]);
});

test('parse_json and its members; what is absent is null, and a text that is no JSON stays a text', () => {
  const json = '{"duration":{"value":118.0,"count":5.0,"min":100.0,"max":150.0,"stdDev":0.0,"sampledValue":118.0}}';
  expect(valueOf('parse_json(json).duration.value', { json })).toBe(118);
  expect(valueOf('parse_json(json).duration.mean', { json })).toBeNull();
  expect(valueOf('tostring(parse_json(json).nothing.at.all)', { json })).toBe('');
  expect(valueOf('tostring(parse_json(text).event)', { text: 'Executing a function' })).toBe('');
});

test('tostring and toint: the examples of their pages', () => {
  expect(valueOf('tostring(123)')).toBe('123');
  expect(valueOf('tostring(none) == ""', { none: null })).toBe(true);
  expect(valueOf('toint("123") == 123')).toBe(true);
  expect(valueOf('toint("12x")')).toBeNull();
  expect(valueOf('toint(value)', { value: 2.3 })).toBe(2);
});

test('summarize count() by bin(): one row a bin that has any, in a column count_; several columns make groups', () => {
  const at = (time: string, code: string) => ({ TimeGenerated: new Date(`2026-11-23T${time}Z`), code });
  const rows = [at('12:00:00', 'a'), at('12:04:59', 'b'), at('12:05:00', 'a')];
  const bin = (time: string) => new Date(`2026-11-23T${time}Z`);
  expect(run('T | summarize count() by bin(TimeGenerated, 5m)', rows)).toEqual([
    { TimeGenerated: bin('12:00:00'), count_: 2 },
    { TimeGenerated: bin('12:05:00'), count_: 1 },
  ]);
  expect(run('T | summarize count() by bin(TimeGenerated, 5m), code | where count_ > 1', rows)).toEqual([]);
  expect(run('T | summarize count() by bin(TimeGenerated, 5m)', [])).toEqual([]);
});

test('and binds closer than or, comparisons closer than both', () => {
  const rows = [1, 2, 3, 4].map((n) => ({ n }));
  expect(run('T | where n == 1 or n > 2 and n < 4', rows)).toEqual([{ n: 1 }, { n: 3 }]);
  expect(run('T | where (n == 1 or n > 2) and n < 3', rows)).toEqual([{ n: 1 }]);
});

test.each([
  ['T | project a', 'project'],
  ['T | summarize avg(n) by n', 'count'],
  ['T | where n has "x"', 'has'],
  ['T | where ago(1d) > n', 'ago'],
  ['T | where m == 1', 'column m'],
  ['U | where n == 1', 'table U'],
  ['T | where n == 1 // why', '//'],
])('what it does not know it refuses: %s', (query, what) => {
  expect(() => run(query, [{ n: 1 }])).toThrow(what);
});
