import { readDirectoryString } from './name.ts';
import type { DistinguishedName, NameAttribute } from './name.ts';

/**
 * A distinguished name, one text for each relative name: equal texts where RFC 5280 section 7.1 says that the names match,
 * so case, runs of white space, the choice of string type and the order within a set do not count. Name constraints need
 * it, and whoever validates certificates of CAs that re-spell names. (Azure's chains are compared by their DER alone.)
 */
export type PreparedName = readonly string[];

export function prepareName(name: DistinguishedName): PreparedName {
  return name.map((relative) => JSON.stringify(relative.map(prepareAttribute).sort()));
}

export function isSamePreparedName(left: PreparedName, right: PreparedName): boolean {
  return left.length === right.length && isWithinName(left, right);
}

/** Whether `name` starts with all the relative names of `base` (RFC 5280 section 4.2.1.10, directoryName). */
export function isWithinName(name: PreparedName, base: PreparedName): boolean {
  return base.every((relative, index) => relative === name[index]);
}

/** Values that are no text match by their DER alone. */
function prepareAttribute({ type, value }: NameAttribute): string {
  const text = readDirectoryString(value);
  return text === null ? `${type}#${Buffer.from(value).toString('hex')}` : `${type}=${prepareText(text)}`;
}

/** The part of RFC 4518 that RFC 5280 section 7.1 asks for. */
function prepareText(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ');
}
