import { isEqualOctets } from '../der.ts';
import { readDirectoryString } from './name.ts';
import type { DistinguishedName, NameAttribute } from './name.ts';

/**
 * Distinguished names compared by the rules of RFC 5280 section 7.1: case, runs of white space and the choice of string
 * type do not count. Name constraints need it, and whoever validates certificates of CAs that re-spell names. (Azure's
 * chains are compared by their DER alone.)
 */
export function isSameName(left: DistinguishedName, right: DistinguishedName): boolean {
  return left.length === right.length && isWithinName(left, right);
}

/** Whether `name` starts with all the relative names of `base` (RFC 5280 section 4.2.1.10, directoryName). */
export function isWithinName(name: DistinguishedName, base: DistinguishedName): boolean {
  return base.every((relative, index) => isSameRelativeName(name[index] ?? [], relative));
}

function isSameRelativeName(left: readonly NameAttribute[], right: readonly NameAttribute[]): boolean {
  return (
    left.length === right.length && left.every((attribute) => right.some((other) => isSameAttribute(attribute, other)))
  );
}

function isSameAttribute(left: NameAttribute, right: NameAttribute): boolean {
  if (left.type !== right.type) return false;
  if (isEqualOctets(left.value, right.value)) return true;
  const leftText = readDirectoryString(left.value);
  const rightText = readDirectoryString(right.value);
  return leftText !== null && rightText !== null && prepare(leftText) === prepare(rightText);
}

/** The part of RFC 4518 that RFC 5280 section 7.1 asks for. */
function prepare(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ');
}
