/*
 * Texts as parts of one name that can stand in a key of the store, and in a path. Two lists of parts never share a name.
 */

/** Azure Tables: 1 KiB, which is 512 UTF-16 units ("Understanding the Table service data model"). */
const MAX_KEY = 512;

/**
 * Parts joined by `:`. What is neither letter, digit nor one of `.-_` becomes `~` and the hexadecimal of its octets and `~`.
 *
 * @throws {Error} the name is longer than a key can be
 */
export function joinKey(...parts: readonly string[]): string {
  const key = parts.map((part) => part.replace(/[^A-Za-z0-9._-]/gu, escapeCharacter)).join(':');
  if (key.length > MAX_KEY) throw new Error(`A key of the store is longer than ${MAX_KEY} characters.`);
  return key;
}

/** The opposite of {@link joinKey}. */
export function splitKey(key: string): readonly string[] {
  return key.split(':').map(unescapePart);
}

function escapeCharacter(character: string): string {
  return `~${Buffer.from(character, 'utf8').toString('hex')}~`;
}

function unescapePart(part: string): string {
  return part.replace(/~((?:[0-9a-f]{2})+)~/g, (_, hex: string) => Buffer.from(hex, 'hex').toString('utf8'));
}
