import type { Licence } from '../catalogue/licence.ts';

/** Of one licence that are kept for the search. */
const MAX_WORDS = 12;
/** Characters of one word; what is longer is cut. */
const MAX_WORD = 32;
/** What is searched for begins with so many characters: they name a partition. */
export const MIN_WORD = 2;

/** Without accents and in lower case: people write names as they like. */
export function foldText(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The words of a text in the order in which they come: letters and digits, at least two. */
export function splitWords(text: string): readonly string[] {
  const words = foldText(text)
    .split(/[^\p{L}\p{N}]+/u)
    .map((word) => Array.from(word).slice(0, MAX_WORD))
    .filter((letters) => letters.length >= MIN_WORD)
    .map((letters) => letters.join(''));
  return [...new Set(words)];
}

/** What people know a licence by, the most telling first. */
export function wordsOf({ id, customer, note }: Licence): readonly string[] {
  const { name = '', reference = null, contact = null } = customer ?? {};
  return splitWords([id, name, reference ?? '', contact ?? '', note].join(' '));
}

/** The words that the search knows. */
export function searchWords(licence: Licence): readonly string[] {
  return wordsOf(licence).slice(0, MAX_WORDS);
}

/** Whether each of these is the beginning of a word. */
export function beginWords(beginnings: readonly string[], words: readonly string[]): boolean {
  return beginnings.every((beginning) => words.some((word) => word.startsWith(beginning)));
}
