const PLAIN = /^[\w@%+=:,./-]+$/;

/** A command line for a POSIX shell. */
export function quoteForSh(...words: readonly string[]): string {
  return words.map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
