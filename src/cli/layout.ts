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

/** Of Unicode's EastAsianWidth.txt what is wide or full-width, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;

/** How many columns of a terminal a text takes. Our own colours take none. */
export function columnsOf(text: string): number {
  const characters = Array.from(text.replace(COLOURS, '')).filter((character) => !/\p{M}/u.test(character));
  return characters.reduce((sum, character) => sum + (WIDE.test(character) ? 2 : 1), 0);
}

const COLOURS = /\u001b\[\d+m/g;

/** Text with lines that are not wider than the terminal: each is broken as {@link wrap} does, and keeps its indent. */
export function fitLines(text: string, columns: number): string {
  const fit = (line: string) => {
    if (columnsOf(line) <= columns) return line;
    const indent = /^ */.exec(line)?.[0] ?? '';
    return indent + wrap(line.slice(indent.length), columns - indent.length).join(`\n${indent}`);
  };
  return text.split('\n').map(fit).join('\n');
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
