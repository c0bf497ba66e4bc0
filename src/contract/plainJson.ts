import { finish } from './pieces.ts';
import type { Pieces } from './pieces.ts';
import { JsonError, parseJsonPieces } from './strictJson.ts';

/**
 * Reads JSON as strictly as `parseJsonText`, to plain objects, for schemas: of a member that stands twice neither
 * is taken in silence. The caller bounds the length.
 *
 * @throws {JsonError} with the line, from 1, the path there, and the key that appears twice
 */
export function parsePlainJson(text: string): unknown {
  return finish(parsePlainJsonPieces(text));
}

/** As {@link parsePlainJson}, in pieces. */
export function* parsePlainJsonPieces(text: string): Pieces<unknown> {
  try {
    // Every key becomes a member of the object's own, `__proto__` too.
    return yield* parseJsonPieces(text, (members) => Object.fromEntries(members));
  } catch (error) {
    throw error instanceof JsonError ? placeError(error, text) : error;
  }
}

function placeError({ message, position, key, path }: JsonError, text: string): JsonError {
  const line = text.slice(0, Number(position)).split(/\r\n|\r|\n/).length;
  const reason = key === null ? message : describeTwice(key);
  const place = path.length === 0 ? '' : `, ${formatPath(path)}`;
  return new JsonError(`line ${line}${place}: ${reason}`, { position, key, path });
}

/** `offers[0].features.serial`; a key that is no name stands in quotation marks. */
function formatPath(path: readonly (string | number)[]): string {
  const parts = path.map((part) => {
    if (typeof part === 'number') return `[${part}]`;
    return /^[A-Za-z][\w-]{0,63}$/.test(part) ? `.${part}` : `[${quote(part)}]`;
  });
  return parts.join('').replace(/^\./, '');
}

/** For people. */
export function describeTwice(key: string): string {
  return `the key ${quote(key)} appears twice in one object`;
}

const MAX_QUOTE = 64;

function quote(key: string): string {
  return JSON.stringify(key.length > MAX_QUOTE ? `${key.slice(0, MAX_QUOTE)}…` : key);
}
