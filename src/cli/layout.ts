import { styleText } from 'node:util';
import type { Terminal } from './command.ts';
import { printable } from './printable.ts';

/*
 * Text for people, as wide as their terminal. Where standard output is no terminal, nothing is wrapped: programs read lines.
 */

type Colour = 'red' | 'green' | 'yellow' | 'bold';

/** On a terminal alone. What the colour says, the text must say too. */
export function paint(terminal: Terminal | null, colour: Colour, text: string): string {
  return terminal?.hasColour === true ? styleText(colour, text, { validateStream: false }) : text;
}

const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;

/** How many columns of a terminal a text takes. */
export function columnsOf(text: string): number {
  const characters = Array.from(text).filter((character) => !/\p{M}/u.test(character));
  return characters.reduce((sum, character) => sum + (WIDE.test(character) ? 2 : 1), 0);
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/** Lines of at most so many columns, broken at blanks alone: an id that is longer has a line of its own. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && columnsOf(longer) > columns) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

const LEAST_COLUMNS = 36;

/** A line for each fact, the values below each other. In a narrow terminal a value stands below its name. */
export function rows(facts: Readonly<Record<string, string>>, terminal: Terminal | null): string {
  const lines = Object.entries(facts).map(([name, value]) => [printable(name), printable(value)] as const);
  const width = Math.max(...lines.map(([name]) => columnsOf(name)));
  return lines.map(([name, value]) => formatFact(name, value, { width, terminal })).join('');
}

function formatFact(
  name: string,
  value: string,
  { width, terminal }: { readonly width: number; readonly terminal: Terminal | null },
): string {
  if (terminal === null) return `  ${pad(name, width)}  ${value}\n`;
  const left = terminal.columns - width - 4;
  if (left < LEAST_COLUMNS) {
    return [`  ${name}\n`, ...wrap(value, terminal.columns - 4).map((line) => `    ${line}\n`)].join('');
  }
  const indent = ' '.repeat(width + 4);
  return `  ${pad(name, width)}  ${wrap(value, left).join(`\n${indent}`)}\n`;
}
