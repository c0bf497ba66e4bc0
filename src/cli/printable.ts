import type { AttestedPlan } from '../contract/attestation.ts';

/** All but letters, marks, digits, punctuation and symbols of any script: controls, and what changes the direction of text. */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/** Text of strangers, so that nothing in it controls the terminal that shows it. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '?');
}

/** Line ends, and the colours that the command itself uses. */
const KEPT = /\r?\n|\u001b\[(?:1|22|31|32|33|39)m/y;

/** Every unprintable character but line ends and the command's own colours becomes `\uXXXX`, as in JSON. */
export function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLE, (character, offset: number) => {
    KEPT.lastIndex = offset;
    return KEPT.test(text) ? character : escapeUnits(character);
  });
}

function escapeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, unit) => escapeUnit(character.charCodeAt(unit))).join('');
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

/** One line of JSON, with nothing in it that a terminal could obey: the escapes stand inside its strings. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value).replace(UNPRINTABLE, escapeUnits)}\n`;
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
