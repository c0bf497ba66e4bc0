/*
 * Text of strangers, for people and for programs that show it. What is shown is letters, marks, digits, punctuation and
 * symbols of any script, and the blank. What is not: controls (C0, C1), line ends of every kind, what changes the direction
 * of text, what has no width, half a surrogate pair, tags and private use. Of the variation selectors only the two of emoji
 * are shown.
 */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|(?![\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}/gu;

/** @param replace gets each character that is not shown, and where it stands */
export function replaceUnprintable(text: string, replace: (character: string, offset: number) => string): string {
  return text.replace(UNPRINTABLE, replace);
}

/** As JSON writes it: `\uXXXX` for each UTF-16 unit. */
export function escapeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, unit) => escapeUnit(character.charCodeAt(unit))).join('');
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

/** JSON on one line, with nothing in it that a terminal could obey: the escapes stand inside its strings. */
export function writeJson(value: unknown): string {
  return replaceUnprintable(JSON.stringify(value), escapeUnits);
}
