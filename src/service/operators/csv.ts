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

/** A field with its end: a quoted one, in which quotes are doubled, or a plain one. */
const FIELD = /"([^"]*(?:""[^"]*)*)"(,|\r?\n|$)|([^",\r\n]*)(,|\r?\n|$)/y;

/**
 * Reads RFC 4180: commas, quotes, lines that end with CRLF or LF. Empty lines are passed over; a byte order mark too.
 *
 * @throws {CsvError}
 */
export function parseCsv(text: string): readonly CsvRecord[] {
  const source = text.replace(/^\uFEFF/, '');
  const records: CsvRecord[] = [];
  let position = 0;
  let line = 1;
  while (position < source.length) {
    const record = readRecord(source, position, line);
    if (record.fields.length > 1 || record.fields[0] !== '') records.push({ line, fields: record.fields });
    position = record.end;
    line += record.lines;
  }
  return records;
}

function readRecord(source: string, start: number, line: number) {
  const fields: string[] = [];
  let position = start;
  for (;;) {
    FIELD.lastIndex = position;
    const match = FIELD.exec(source);
    if (match === null)
      throw new CsvError(line, 'a quotation mark is not closed, or stands inside a field without one');
    const [whole, quoted, quotedEnd, plain, plainEnd] = match as unknown as (string | undefined)[];
    fields.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    position += whole?.length ?? 0;
    if ((quotedEnd ?? plainEnd) === ',') continue;
    return { fields, end: position, lines: countLines(source.slice(start, position)) };
  }
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}

/** RFC 4180, with CRLF. */
export function writeCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((fields) => `${fields.map(writeField).join(',')}\r\n`).join('');
}

function writeField(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
