const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads a JSON object that is written as `JSON.stringify` writes it: no white space, no needless escapes, and no key
 * twice, which `JSON.parse` alone would hide. The caller bounds the length.
 *
 * @returns the object, or null for anything else
 */
export function parseCanonicalJson(octets: Uint8Array): JsonObject | null {
  try {
    const text = utf8.decode(octets);
    const value: unknown = JSON.parse(text);
    return isObject(value) && JSON.stringify(value) === text ? value : null;
  } catch {
    // Not UTF-8 or not JSON. The reason stays here: a parser's message quotes the text.
    return null;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether an object has these members and no other, in any order. */
export function hasExactly(object: JsonObject, names: readonly string[]): boolean {
  return Object.keys(object).length === names.length && names.every((name) => Object.hasOwn(object, name));
}
