import { escapeUnits, replaceUnprintable } from '../../contract/plainText.ts';

/**
 * Text of customers and VMs, by lines. Controls, what has no width and what changes the direction of text are written as
 * escapes, so that nobody can make a page say what it does not say.
 */
export function plainLines(text: string): readonly string[] {
  return text.split(/\r\n|[\n\r]/).map((line) => replaceUnprintable(line.replaceAll('\t', ' '), escapeUnits));
}

/** Whether a shell and a person see the same in it. */
export function isPlain(text: string): boolean {
  return replaceUnprintable(text, () => '') === text;
}
