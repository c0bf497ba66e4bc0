import type { AttestedPlan } from '../contract/attestation.ts';
import { escapeUnits, replaceUnprintable, writeJson } from '../contract/plainText.ts';

/** Text of strangers, so that nothing in it controls the terminal that shows it. */
export function printable(text: string): string {
  return replaceUnprintable(text, () => '?');
}

const LINE_END = /\r?\n/y;
/** Line ends, and the colours that the command itself uses. */
const KEPT = /\r?\n|\u001b\[(?:1|22|31|32|33|39)m/y;

/** Every unprintable character but line ends and the command's own colours becomes `\uXXXX`, as in JSON. */
export function escapeUnprintable(text: string): string {
  return escapeAllBut(KEPT, text);
}

/** The same of what has no colours of ours. */
export function escapeUncoloured(text: string): string {
  return escapeAllBut(LINE_END, text);
}

function escapeAllBut(kept: RegExp, text: string): string {
  return replaceUnprintable(text, (character, offset) => {
    kept.lastIndex = offset;
    return kept.test(text) ? character : escapeUnits(character);
  });
}

/** One line of JSON. */
export function jsonLine(value: unknown): string {
  return `${writeJson(value)}\n`;
}

const MAX_EXCERPT = 200;

/** As {@link printable}, and no more than some lines. */
export function excerpt(text: string): string {
  const characters = Array.from(printable(text));
  return characters.length <= MAX_EXCERPT ? characters.join('') : `${characters.slice(0, MAX_EXCERPT).join('')}…`;
}

/** `publisher/product/name`; nothing where the document names no plan. */
export function formatPlan({ publisher, product, name }: AttestedPlan): string {
  const parts = [publisher, product, name].map((part) => part ?? '');
  return parts.every((part) => part === '') ? '' : parts.join('/');
}
