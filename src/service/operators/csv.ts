/** One record of a CSV file (RFC 4180), with the line on which it begins, from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** The file cannot be read as CSV. */
export class CsvError extends Error {
  override readonly name = 'CsvError';
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/**
 * Reads RFC 4180: commas, quotes, lines that end with CRLF, LF or CR; or semicolons, where the first line has them alone,
 * as spreadsheets write where the comma is the decimal sign. Empty lines are passed over; a byte order mark too. An
 * apostrophe that {@link writeCsv} put before a formula is taken away.
 *
 * @throws {CsvError}
 */
export function parseCsv(text: string): readonly CsvRecord[] {
  const source = text.replace(/^\uFEFF/, '');
  const separator = findSeparator(source);
  const records: CsvRecord[] = [];
  let position = 0;
  let line = 1;
  while (position < source.length) {
    const record = readRecord(source, { position, line, separator });
    if (record.fields.length > 1 || record.fields[0] !== '') records.push({ line, fields: record.fields });
    position = record.end;
    line += record.lines;
  }
  return records;
}

type Separator = ',' | ';';

function findSeparator(source: string): Separator {
  const [first = ''] = /^[^\r\n]*/.exec(source.trimStart()) ?? [];
  return first.includes(';') && !first.includes(',') ? ';' : ',';
}

interface Place {
  readonly position: number;
  readonly line: number;
  readonly separator: Separator;
}

function readRecord(source: string, { position: start, line, separator }: Place) {
  const fields: string[] = [];
  for (let position = start; ; position += 1) {
    const field = source[position] === '"' ? readQuoted(source, position) : readPlain(source, position, separator);
    const length = field === null ? -1 : lengthOfEnd(source, field.end, separator);
    if (field === null || length < 0) {
      throw new CsvError(line, 'a quotation mark is not closed, or stands inside a field without one');
    }
    fields.push(GUARDED.test(field.text) ? field.text.slice(1) : field.text);
    position = field.end;
    if (source[position] === separator) continue;
    const end = position + length;
    return { fields, end, lines: countLines(source.slice(start, end)) };
  }
}

interface Field {
  readonly text: string;
  /** Where its separator stands, or what else ends it. */
  readonly end: number;
}

const PLAIN_ENDS = { ',': /[",\r\n]/g, ';': /[";\r\n]/g } as const;

function readPlain(source: string, start: number, separator: Separator): Field {
  const ends = PLAIN_ENDS[separator];
  ends.lastIndex = start;
  const end = ends.exec(source)?.index ?? source.length;
  return { text: source.slice(start, end), end };
}

/** Quotes inside are doubled. Null where the last one is missing. */
function readQuoted(source: string, start: number): Field | null {
  for (let position = start + 1; ; position += 2) {
    position = source.indexOf('"', position);
    if (position < 0) return null;
    if (source[position + 1] === '"') continue;
    return { text: source.slice(start + 1, position).replaceAll('""', '"'), end: position + 1 };
  }
}

/** A separator, the end of a line or of the file; -1 for anything else. */
function lengthOfEnd(source: string, position: number, separator: Separator): number {
  if (position === source.length) return 0;
  if (source.startsWith('\r\n', position)) return 2;
  return [separator, '\r', '\n'].includes(source.charAt(position)) ? 1 : -1;
}

function countLines(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}

/**
 * Spreadsheets execute a cell that begins like this (OWASP, "CSV Injection"), so it is written with an apostrophe, as they
 * write such a text themselves. One that has apostrophes there already gets another, so that taking one away is exact.
 */
const FORMULA = /^'*[=+\-@\t\r]/;
const GUARDED = /^'+[=+\-@\t\r]/;

/** RFC 4180, with CRLF. No cell is a formula. */
export function writeCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((fields) => `${fields.map(writeField).join(',')}\r\n`).join('');
}

function writeField(text: string): string {
  const field = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
