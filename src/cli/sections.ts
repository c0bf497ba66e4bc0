import type { Terminal } from './command.ts';
import { paint } from './layout.ts';
import { formatTable } from './table.ts';
import type { Column } from './table.ts';

/** One of several tables on a screen. */
export interface Section {
  readonly title: string;
  readonly isEmpty: boolean;
  readonly format: (terminal: Terminal | null) => string;
}

export function section<T>(title: string, items: readonly T[], columns: readonly Column<T>[]): Section {
  return { title, isEmpty: items.length === 0, format: (terminal) => formatTable(items, columns, terminal) };
}

/** Each under its title, with an empty line between two. */
export function formatSections(sections: readonly Section[], terminal: Terminal | null): string {
  return sections.map(({ title, format }) => `${paint(terminal, 'bold', title)}\n${format(terminal)}`).join('\n');
}
