import { CsvError as SyntaxFault, parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import type { Pieces } from '../../contract/pieces.ts';

/** One record of a CSV file (RFC 4180), with the line on which it begins, from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** The file cannot be read as CSV, or is beyond a bound. */
export class CsvError extends Error {
  override readonly name = 'CsvError';
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** Of the first line, which has the names of the columns. */
const MAX_COLUMNS = 100;
/** Of a whole file: some 50 for each of 10,000 entries. */
const MAX_SEPARATORS = 500_000;
/** Of a whole file, the line breaks inside notes included. */
const MAX_LINES = 50_000;
/** Octets of one record; the longest licence has 200 KB. */
const MAX_RECORD = 512 * 1024;

/** Characters, or a little more: a piece ends with a line. */
const PIECE = 32 * 1024;

/**
 * Reads RFC 4180, in pieces: commas, quotes, lines that end with CRLF, LF or CR. Spreadsheets write semicolons where the comma is the
 * decimal sign: they are taken where the first line has them and no comma. A first line `sep=;` names the separator.
 * Empty lines and a byte order mark are passed over. An apostrophe that {@link writeCsv} put before a formula is removed.
 * The bounds are checked before the file is parsed.
 *
 * @throws {CsvError}
 */
export function* parseCsv(text: string): Pieces<readonly CsvRecord[]> {
  const file = findSeparator(text.replace(/^\uFEFF/, ''));
  checkBounds(file);
  const records: CsvRecord[] = [];
  let { line } = file;
  for (const source of splitAtLines(file.source)) {
    records.push(...parsePiece({ ...file, source, line }));
    line += countLineEnds(source);
    yield;
  }
  return records;
}

/** Each part ends with a line that ends outside quotation marks. Where those are at odds, the parser tells. */
function* splitAtLines(source: string): Generator<string> {
  let start = 0;
  let quotes = 0;
  let counted = 0;
  while (start < source.length) {
    let end = counted;
    do {
      end = findLineEnd(source, Math.max(end, start + PIECE));
      quotes += countOf('"', source.slice(counted, end));
      counted = end;
    } while (quotes % 2 === 1 && end < source.length);
    yield source.slice(start, end);
    start = end;
  }
}

const LINE_END = /\r\n|\n|\r/g;

/** Where the line after this place begins. */
function findLineEnd(source: string, from: number): number {
  LINE_END.lastIndex = from;
  return LINE_END.test(source) ? LINE_END.lastIndex : source.length;
}

function parsePiece({ source, separator, line }: CsvSource): readonly CsvRecord[] {
  const records: CsvRecord[] = [];
  // The library counts lines up to the end of the record, and a CRLF inside quotation marks twice.
  let twice = 0;
  try {
    parse(source, {
      ...{ delimiter: separator, record_delimiter: ['\r\n', '\n', '\r'], max_record_size: MAX_RECORD },
      ...{ relax_column_count: true, skip_empty_lines: true },
      on_record: (fields: string[], { lines }) => {
        twice += sumOver(fields, countCrlf);
        const breaks = sumOver(fields, countLineEnds);
        records.push({ line: line + lines - 1 - twice - breaks, fields: fields.map(unguard) });
        return null;
      },
    });
  } catch (error) {
    throw explain(error, line - twice);
  }
  return records;
}

function sumOver(fields: readonly string[], count: (field: string) => number): number {
  return fields.reduce((sum, field) => sum + count(field), 0);
}

interface CsvSource {
  readonly source: string;
  readonly separator: string;
  /** Of the file, on which the source begins. */
  readonly line: number;
}

/** Excel writes `sep=` and the separator before the names of the columns. */
const SEPARATOR_LINE = /^"?sep=([,;|\t])"?(?:\r\n|\r|\n|$)/i;

function findSeparator(source: string): CsvSource {
  const [line, named] = SEPARATOR_LINE.exec(source) ?? [];
  if (line !== undefined && named !== undefined)
    return { source: source.slice(line.length), separator: named, line: 2 };
  const [first = ''] = /^[^\r\n]*/.exec(source.trimStart()) ?? [];
  return { source, separator: first.includes(';') && !first.includes(',') ? ';' : ',', line: 1 };
}

/** @throws {CsvError} */
function checkBounds({ source, separator, line }: CsvSource): void {
  const [, header = ''] = /^[\r\n]*([^\r\n]*)/.exec(source) ?? [];
  if (countOf(separator, header) >= MAX_COLUMNS) throw new CsvError(line, `has more than ${MAX_COLUMNS} columns`);
  const separators = countOf(separator, source);
  if (separators > MAX_SEPARATORS)
    throw new CsvError(line, `the file has more than ${MAX_SEPARATORS} separators: split it`);
  if (countLineEnds(source) > MAX_LINES)
    throw new CsvError(line, `the file has more than ${MAX_LINES} lines: split it`);
}

function countLineEnds(text: string): number {
  return countOf('\n', text) + countOf('\r', text) - countCrlf(text);
}

function countCrlf(text: string): number {
  return countOf('\r\n', text);
}

function countOf(mark: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) count += 1;
  return count;
}

function explain(error: unknown, line: number): unknown {
  if (!(error instanceof SyntaxFault)) return error;
  const { code, lines } = error;
  const where = typeof lines === 'number' ? line + lines - 1 : line;
  return code === 'CSV_MAX_RECORD_SIZE'
    ? new CsvError(where, `is longer than ${MAX_RECORD / 1024} KiB`)
    : new CsvError(where, 'a quotation mark is not closed, or stands inside a field without one');
}

/** A cell that begins with one of these is a formula (OWASP, "CSV Injection"). */
const FORMULA_START = String.raw`[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]`;
/** What a spreadsheet may be told to split lines at. It may see no quotes then. */
const SEPARATOR = String.raw`[,;|^~"\t\r\n]`;
const BLANK = String.raw`[ \u00A0\u2000-\u200A\u3000]`;

/**
 * Where a cell may begin that would be a formula, before the apostrophes that are there already: at the beginning of a field
 * or after a separator, with blanks between. The cheap conditions come first, so that the time is linear. Not between blanks
 * alone: what is written there are dashes and quotations.
 */
const FORMULA = [
  String.raw`(?<=^|${SEPARATOR}|${BLANK})(?='*${FORMULA_START})`,
  String.raw`(?<=(?:^|${SEPARATOR})${BLANK}*)(?<!\r(?=\n))`,
].join('');

const UNGUARDED = new RegExp(`${FORMULA}('*)`, 'g');
const GUARDED = new RegExp(`${FORMULA}'('*)`, 'g');

/** An apostrophe makes a cell text. Where there are some already it is one more, so that removing one is exact. */
function guard(field: string): string {
  return field.replace(UNGUARDED, "$1'");
}

function unguard(field: string): string {
  return field.replace(GUARDED, '$1');
}

/** Rows of a piece. */
const ROWS = 100;

/** RFC 4180, with CRLF, in pieces. Whatever the separator at which it is split, no cell is a formula. */
export function* writeCsv(rows: readonly (readonly string[])[]): Pieces<string> {
  const parts: string[] = [];
  for (let from = 0; from < rows.length; from += ROWS) {
    const guarded = rows.slice(from, from + ROWS).map((fields) => fields.map(guard));
    parts.push(stringify(guarded, { record_delimiter: '\r\n', quoted_match: /[\r\n]/ }));
    yield;
  }
  return parts.join('');
}
