const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads a JSON object that is written as `JSON.stringify` writes it: no white space, no needless escapes, and no key
 * twice, which `JSON.parse` alone would hide. The caller bounds the length.
 *
 * @returns the object, or null for anything else
 */
export function parseCanonicalJson(octets: Uint8Array): JsonObject | null {
  return parseObject(octets, (text) => text);
}

/** @param compact writes a text as `JSON.stringify` would have written it */
function parseObject(octets: Uint8Array, compact: (text: string) => string): JsonObject | null {
  try {
    const text = utf8.decode(octets);
    const value: unknown = JSON.parse(text);
    return isObject(value) && JSON.stringify(value) === compact(text) ? value : null;
  } catch {
    // Not UTF-8 or not JSON. The reason stays here: a parser's message quotes the text.
    return null;
  }
}

/** A string or a number whole, or white space between the tokens. */
const TOKEN_OR_SPACE = /("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*)|[ \t\n\r]+/g;

/**
 * Reads a JSON object that another program wrote: white space, escapes and notations of numbers are taken as libraries
 * write them (`proof\u002Bjwt` by that of .NET, `1.0` by Python's); a key twice is not. The caller bounds the length.
 *
 * @returns the object, or null for anything else
 */
export function parseForeignJson(octets: Uint8Array): JsonObject | null {
  return parseObject(octets, (text) =>
    text.replace(TOKEN_OR_SPACE, (_, token: string | undefined) =>
      token === undefined ? '' : JSON.stringify(JSON.parse(token)),
    ),
  );
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
