import type { Licence } from './licence.ts';

/** Of one licence that are kept for the search. */
const MAX_WORDS = 12;
/** Characters of one word; what is longer is cut. */
const MAX_WORD = 32;
/** Of a word that the search keeps: so many characters name a partition of the store. */
const MIN_KEPT = 2;

/** Without accents and in lower case: people write names as they like. */
export function foldText(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The words of a text, letters and digits, in the order in which they come. */
export function splitWords(text: string): readonly string[] {
  const words = foldText(text).match(/[\p{L}\p{N}]+/gu) ?? [];
  return [...new Set(words.map((word) => Array.from(word).slice(0, MAX_WORD).join('')))];
}

/** What people know a licence by, the most telling first. */
export function wordsOf({ id, customer, note }: Licence): readonly string[] {
  const { name = '', reference = null, contact = null } = customer ?? {};
  return splitWords([id, name, reference ?? '', contact ?? '', note].join(' '));
}

/** Words that the search can look for: at least two characters. */
export function pickKept(words: readonly string[]): readonly string[] {
  return words.filter((word) => Array.from(word).length >= MIN_KEPT);
}

/** The words by which the search knows a licence. */
export function searchWords(licence: Licence): readonly string[] {
  return pickKept(wordsOf(licence)).slice(0, MAX_WORDS);
}

/** Whether each of these is the beginning of a word. */
export function beginWords(beginnings: readonly string[], words: readonly string[]): boolean {
  return beginnings.every((beginning) => words.some((word) => word.startsWith(beginning)));
}
