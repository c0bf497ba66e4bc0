import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CsvError, parseCsv, writeCsv } from '../../../src/service/operators/csv.ts';

test.each([
  [
    'a,b\r\nc,d\r\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  [
    'a,b\nc,d',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  ['\uFEFFa\n\n\nb\n', [['a'], ['b']]],
  ['"a,""b""\n",c', [['a,"b"\n', 'c']]],
  [
    'a,\n,',
    [
      ['a', ''],
      ['', ''],
    ],
  ],
  [
    'a;b\n"c;d";e,f',
    [
      ['a', 'b'],
      ['c;d', 'e,f'],
    ],
  ],
  ['a;b,c', [['a;b', 'c']]],
  ['', []],
  [
    'a,b\rc,"d"\r',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
])('%j', (text, fields) => {
  expect(parseCsv(text).map((record) => record.fields)).toEqual(fields);
});

test('each record knows the line on which it begins', () => {
  expect(parseCsv('a\n"b\nb"\n\nc').map(({ line }) => line)).toEqual([1, 2, 5]);
  expect(parseCsv('a\r"b\rb"\r\rc\r\nd').map(({ line }) => line)).toEqual([1, 2, 5, 6]);
});

test.each(['"a', 'a"b', '"a"b', 'x\n"a\n'])('%j is no CSV', (text) => {
  expect(() => parseCsv(text)).toThrow(CsvError);
});

test('whatever is written is read again', () => {
  const field = fc.string({ unit: fc.constantFrom(...['a', ',', '"', '\n', '\r', ' ', 'é', "'", '=', '-', '\t']) });
  const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 });
  fc.assert(
    fc.property(rows, (given) => {
      expect(parseCsv(writeCsv(given)).map(({ fields }) => fields)).toEqual(given);
    }),
  );
});

test('eight megabytes in one field, or in a million lines, are read in a moment', () => {
  const before = process.cpuUsage();
  expect(parseCsv(`"${'""'.repeat(4_000_000)}"`)[0]?.fields[0]?.length).toBe(4_000_000);
  expect(() => parseCsv(`"${'a'.repeat(8_000_000)}`)).toThrow(CsvError);
  expect(parseCsv('a,b,c,d\n'.repeat(1_000_000)).length).toBe(1_000_000);
  // Processor time: however busy the machine is, the same work takes about the same.
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(10_000);
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', "'=1", "''=1"])('%j is written as no formula', (text) => {
  const written = writeCsv([['a', text]]);
  expect(written.replace(/^a,"?/, '')).toMatch(/^'/);
  expect(parseCsv(written)[0]?.fields).toEqual(['a', text]);
});

test.each(["'a", "'", 'a=1', "'' =1", ''])('%j is written as it is', (text) => {
  expect(writeCsv([['a', text]])).toBe(`a,${text}\r\n`);
  expect(parseCsv(`a,${text}`)[0]?.fields).toEqual(['a', text]);
});
