import { printable } from './printable.ts';

/** A column of a table: its heading, and what stands in it. */
export type Column<T> = readonly [heading: string, read: (item: T) => unknown];

/** A table for people: headings, and columns as wide as what stands in them. */
export function formatTable<T>(items: readonly T[], columns: readonly Column<T>[]): string {
  if (items.length === 0) return 'none\n';
  const lines = [
    columns.map(([heading]) => heading),
    ...items.map((item) => columns.map(([, read]) => cell(read(item)))),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => Array.from(line[index] ?? '').length)));
  return lines
    .map(
      (line) =>
        `${line
          .map((text, index) => pad(text, widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** What is not there is a dash; what strangers wrote steers no terminal. */
export function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value))
    return value.length === 0 ? '-' : value.map((one) => (one === '' ? '""' : cell(one))).join(', ');
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(width - Array.from(text).length);
}
