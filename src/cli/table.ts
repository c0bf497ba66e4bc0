import type { Terminal } from './command.ts';
import { columnsOf, pad, paint, rows } from './layout.ts';
import { printable } from './printable.ts';

/** A column of a table: its heading, and what stands in it. */
export type Column<T> = readonly [heading: string, read: (item: T) => unknown];

/** A table for people, or a block for each item where the table is wider than the terminal. */
export function formatTable<T>(items: readonly T[], columns: readonly Column<T>[], terminal: Terminal | null): string {
  if (items.length === 0) return 'none\n';
  const headings = columns.map(([heading]) => heading);
  const lines = items.map((item) => columns.map(([, read]) => cell(read(item))));
  const widths = headings.map((heading, index) =>
    Math.max(...[heading, ...lines.map((line) => line[index] ?? '')].map(columnsOf)),
  );
  const total = widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1));
  if (terminal !== null && total > terminal.columns) {
    return lines
      .map((line) => rows(Object.fromEntries(headings.map((heading, index) => [heading, line[index] ?? ''])), terminal))
      .join('\n');
  }
  const write = (line: readonly string[]) =>
    line
      .map((text, index) => pad(text, widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  return [paint(terminal, 'bold', write(headings)), ...lines.map(write)].map((line) => `${line}\n`).join('');
}

/** What is not there is a dash; nothing that strangers wrote controls the terminal. */
export function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value))
    return value.length === 0 ? '-' : value.map((one) => (one === '' ? '""' : cell(one))).join(', ');
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}
