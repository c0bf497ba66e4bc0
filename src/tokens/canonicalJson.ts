const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads a JSON object that is written as `JSON.stringify` writes it: no white space, no needless escapes, and no key
 * twice, which `JSON.parse` alone would hide. The caller bounds the length.
 *
 * @returns the object, or null for anything else
 */
export function parseCanonicalJson(octets: Uint8Array): JsonObject | null {
  return parseObject(octets, (text, value) => JSON.stringify(value) === text);
}

/** @param isTaken whether the text is a form of this value that is taken */
function parseObject(octets: Uint8Array, isTaken: (text: string, value: JsonObject) => boolean): JsonObject | null {
  try {
    const text = utf8.decode(octets);
    const value: unknown = JSON.parse(text);
    return isObject(value) && isTaken(text, value) ? value : null;
  } catch {
    // Not UTF-8 or not JSON. The reason stays here: a parser's message quotes the text.
    return null;
  }
}

const STRING = /"(?:[^"\\]|\\.)*"/g;

/**
 * Reads a JSON object that another program wrote: white space, escapes and notations of numbers are taken as libraries
 * write them (`proof\u002Bjwt` by that of .NET, `1.0` by Python's), and keys in any order; a key twice is not. The caller
 * bounds the length.
 *
 * @returns the object, or null for anything else
 */
export function parseForeignJson(octets: Uint8Array): JsonObject | null {
  // Of a key twice `JSON.parse` keeps one, so that there are fewer members than colons.
  return parseObject(octets, (text, value) => countMembers(value) === text.replace(STRING, '').split(':').length - 1);
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inside = Object.values(value);
  return inside.reduce((sum: number, one) => sum + countMembers(one), Array.isArray(value) ? 0 : inside.length);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
