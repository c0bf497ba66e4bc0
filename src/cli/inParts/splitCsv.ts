import { parseCsv } from '../../catalogue/file/csv.ts';
import { MAX_BODY } from '../../contract/bodySize.ts';
import { finish } from '../../contract/pieces.ts';
import { groupItems } from './filePart.ts';
import type { FilePart } from './filePart.ts';

const LINE_END = /\r\n|\n|\r/g;

/** A record as it stands in the file. */
interface Source {
  readonly line: number;
  readonly text: string;
}

/**
 * Cuts a CSV file between its records, with the first line on each part.
 *
 * @param text one that was read without a problem
 */
export function splitCsv(text: string): readonly FilePart[] {
  const [header, ...records] = finish(parseCsv(text));
  const [first] = records;
  if (header === undefined || first === undefined) return [];
  const starts = listStarts(text);
  const startOf = (line: number) => starts[line - 1] ?? text.length;
  const head = endLine(text.slice(0, startOf(first.line)));
  const sources = records.map(({ line }, index): Source => {
    return { line, text: endLine(text.slice(startOf(line), startOf(records[index + 1]?.line ?? starts.length + 1))) };
  });
  const room = MAX_BODY - Buffer.byteLength(head);
  return groupItems(sources, room, (source) => Buffer.byteLength(source.text)).map(({ items }) =>
    describePart(head, items, first.line),
  );
}

/** Of each line: where it begins. */
function listStarts(text: string): readonly number[] {
  return [0, ...Array.from(text.matchAll(LINE_END), ({ 0: end, index }) => index + end.length)];
}

function endLine(text: string): string {
  return /[\r\n]$/.test(text) ? text : `${text}\r\n`;
}

/** @param headLines the line of the file's first record, which is that of each part's too */
function describePart(head: string, sources: readonly Source[], headLines: number): FilePart {
  const line = sources[0]?.line ?? headLines;
  return {
    ...{ mediaType: 'text/csv', counts: ['offers', 'licences'] },
    text: `${head}${sources.map(({ text }) => text).join('')}`,
    first: `line ${line}`,
    placed: (message) =>
      message.replace(/^( {2}line )(\d+)/gm, (_, before: string, told: string) => {
        const inPart = Number(told);
        return `${before}${inPart < headLines ? inPart : inPart - headLines + line}`;
      }),
  };
}
