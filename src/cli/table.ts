import type { Terminal } from './command.ts';
import { columnsOf, pad, paint, rows } from './layout.ts';
import { printable } from './printable.ts';

/** A column of a table: its heading, and what stands in it. */
export type Column<T> = readonly [heading: string, read: (item: T) => unknown];

/** A table for people, or a block for each item where the table is wider than the terminal. */
export function formatTable<T>(items: readonly T[], columns: readonly Column<T>[], terminal: Terminal | null): string {
  return items.length === 0 ? 'none\n' : createGrowingTable(columns, terminal)(items);
}

/**
 * A table to which items are added: each call formats the next ones. Columns never become narrower, so that lines stand
 * below those before. Once the table is wider than the terminal, every item is a block.
 */
export function createGrowingTable<T>(columns: readonly Column<T>[], terminal: Terminal | null) {
  const headings = columns.map(([heading]) => heading);
  let widths = headings.map(columnsOf);
  let isBegun = false;
  const write = (line: readonly string[]) =>
    line
      .map((text, index) => pad(text, widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  return (items: readonly T[]): string => {
    const lines = items.map((item) => columns.map(([, read]) => cell(read(item))));
    widths = widths.map((width, index) =>
      lines.reduce((most, line) => Math.max(most, columnsOf(line[index] ?? '')), width),
    );
    const isFirst = !isBegun;
    isBegun = true;
    const total = widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1));
    if (terminal !== null && total > terminal.columns) {
      const blocks = lines.map((line) =>
        rows(Object.fromEntries(headings.map((heading, index) => [heading, line[index] ?? ''])), terminal),
      );
      return `${isFirst ? '' : '\n'}${blocks.join('\n')}`;
    }
    const heading = isFirst ? [paint(terminal, 'bold', write(headings))] : [];
    return [...heading, ...lines.map(write)].map((line) => `${line}\n`).join('');
  };
}

/** What is not there is a dash; nothing that strangers wrote controls the terminal. */
export function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value))
    return value.length === 0 ? '-' : value.map((one) => (one === '' ? '""' : cell(one))).join(', ');
  return printable(typeof value === 'string' ? value : writeValue(value));
}

const MAX_UNBROKEN = 30;

/** A long value has blanks, at which a line can be broken. */
function writeValue(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= MAX_UNBROKEN ? text : JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ');
}
