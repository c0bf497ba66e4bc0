import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { CsvError, parseCsv as parsePieces, writeCsv as writePieces } from '../../../src/catalogue/file/csv.ts';
import { finish } from '../../../src/contract/pieces.ts';

const parseCsv = (text: string) => finish(parsePieces(text));
const writeCsv = (rows: readonly (readonly string[])[]) => finish(writePieces(rows));

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
  const field = fc.string({
    unit: fc.constantFrom(...['a', ',', ';', '|', '"', '\n', '\r', ' ', 'é', "'", '=', '-', '\t']),
  });
  const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 });
  fc.assert(
    fc.property(rows, (given) => {
      expect(parseCsv(writeCsv([['a', 'b'], ...given])).map(({ fields }) => fields)).toEqual([['a', 'b'], ...given]);
    }),
  );
});

test.each([
  [
    'sep=;\na;b\n"1,5";2',
    [
      ['a', 'b'],
      ['1,5', '2'],
    ],
  ],
  ['\uFEFFSEP=,\r\na,b\r\n', [['a', 'b']]],
  ['"sep=\t"\na;x\tb,y\n', [['a;x', 'b,y']]],
  ['sep=|\na|b', [['a', 'b']]],
  ['sep=;', []],
  ['sep=x\na,b', [['sep=x'], ['a', 'b']]],
])('the first line may name the separator: %j', (text, fields) => {
  expect(parseCsv(text).map((record) => record.fields)).toEqual(fields);
});

test('a line that names the separator is counted', () => {
  expect(parseCsv('sep=;\na;b\n\n"c\nd"\ne').map(({ line }) => line)).toEqual([2, 4, 6]);
  expect(() => parseCsv('sep=;\na;b\nc"')).toThrow(expect.objectContaining({ line: 3 }));
});

test.each([
  ['200,000 columns', `${'note,'.repeat(200_000)}\n`, 1, 'has more than 100 columns'],
  ['200,000 columns under sep=', `sep=;\n${'a;'.repeat(200_000)}`, 2, 'has more than 100 columns'],
  ['200,000 columns after empty lines', `\n\n${','.repeat(200_000)}`, 1, 'has more than 100 columns'],
  ['400,000 lines', 'a,b\n'.repeat(400_000), 1, 'has more than 50000 lines'],
  ['eight million line ends', '\n'.repeat(8_000_000), 1, 'has more than 50000 lines'],
  ['a wide record', `a,b\n${','.repeat(4_000_000)}`, 1, 'has more than 500000 separators'],
  ['eight megabytes in one field', `"${'""'.repeat(4_000_000)}"`, 1, 'is longer than 512 KiB'],
  ['a quote that is not closed', `a\n"${'a'.repeat(8_000_000)}`, 2, 'is longer than 512 KiB'],
])('%s: refused before the work', (_, text, line, message) => {
  const started = process.cpuUsage();
  expect(() => parseCsv(text)).toThrow(
    expect.objectContaining({ line, message: expect.stringContaining(message) as string }),
  );
  // Reading the largest file that is read takes far longer.
  expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
});

test('as many columns and records as there may be are read', () => {
  expect(parseCsv(`${'a,'.repeat(99)}a\n`)[0]?.fields.length).toBe(100);
  expect(parseCsv('a,b,c,d\r\n'.repeat(50_000)).length).toBe(50_000);
  expect(parseCsv(`a\n"${'é'.repeat(60_000)}"`)[1]?.fields[0]?.length).toBe(60_000);
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', "'=1", "''=1", '＝1'])(
  '%j is written as no formula',
  (text) => {
    const written = writeCsv([['a', text]]);
    expect(written.replace(/^a,"?/, '')).toMatch(/^'/);
    expect(parseCsv(written)[0]?.fields).toEqual(['a', text]);
  },
);

test.each(["'a", "'", 'a=1', "'' =1", ''])('%j is written as it is', (text) => {
  expect(writeCsv([['a', text]])).toBe(`a,${text}\r\n`);
  expect(parseCsv(`a,${text}`)[0]?.fields).toEqual(['a', text]);
});

test.each([
  'ok;=HYPERLINK(A1);',
  'a,+1',
  'a\t@b',
  'a|-1',
  'a\n=1',
  'a; =1',
  'x;"=1"',
  "a;'=1",
  ';;=1',
  '["standard","=2+5"]',
  'a"=1',
  '\n=1',
  'a;\u00a0=1',
  'a|\u3000＝1',
  'a^=1',
  'a~@b',
])('%j is no formula, whatever the separator at which a spreadsheet splits it', (text) => {
  const written = writeCsv([['id', text]]);
  expect(findFormulas(written)).toEqual([]);
  expect(parseCsv(written)[0]?.fields).toEqual(['id', text]);
});

/** Cells that a spreadsheet would run, were the file split at any character that may be its separator. */
function findFormulas(written: string): readonly string[] {
  const separators = [',', ';', '\t', '|', '^', '~', '"'];
  const lines = written.split(/[\r\n]/);
  const cells = separators.flatMap((separator) => lines.flatMap((line) => line.split(separator)));
  return cells.filter((cell) => /^[ "\u00a0\u3000]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/.test(cell));
}

test('no text is a formula, and whatever is written is read again, whatever the separator', () => {
  const unit = fc.constantFrom(
    ...['a', '1', ' ', "'", '"', '=', '+', '-', '@', '＝', '＋', '－', '＠'],
    ...[',', ';', '|', ':', '\t', '\r', '\n', '\u00a0', '\u3000'],
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 12 }), fc.string({ unit, maxLength: 12 }), (first, second) => {
      const written = writeCsv([['id', first, second]]);
      expect(findFormulas(written)).toEqual([]);
      expect(parseCsv(written)[0]?.fields).toEqual(['id', first, second]);
    }),
    { numRuns: 5_000 },
  );
});

test('dashes and quotations between words stay as they are', () => {
  for (const text of ["use '-v' or '+x'", 'Fabrikam - the second', 'a + b', 'x-1', 'a@b.example', '1=1'])
    expect(writeCsv([[text]])).toBe(`${text}\r\n`);
});

test('a long text of signs, blanks or apostrophes is guarded and read in no time', () => {
  for (const text of [
    "'".repeat(30_000),
    ' '.repeat(30_000),
    '; '.repeat(15_000),
    "''=;".repeat(7_500),
    '=='.repeat(15_000),
  ]) {
    const started = process.cpuUsage();
    expect(parseCsv(writeCsv([['id', text]]))[0]?.fields).toEqual(['id', text]);
    expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
  }
});

test('a file in pieces has the records and lines that it has at once', () => {
  const field = (index: number) => (index % 7 === 0 ? `"${'line\r\n'.repeat(index % 5)}""${index}"` : `plain ${index}`);
  const ends = ['\r\n', '\n', '\r', '\n\n'];
  const rows = Array.from({ length: 9_000 }, (_, index) => `${index},${field(index)}${ends[index % 4] ?? ''}`);
  const records = parseCsv(rows.join(''));
  const starts = rows.map((_, index) => rows.slice(Math.max(0, index - 1), index).join(''));
  let line = 1;
  records.forEach((record, index) => {
    line += (starts[index]?.match(/\r\n|\r|\n/g) ?? []).length;
    expect([record.line, record.fields[0]]).toEqual([line, `${index}`]);
  });
  expect(records).toHaveLength(rows.length);
  expect(() => parseCsv(`${rows.join('')}a,b"c\nd`)).toThrow(CsvError);
});
