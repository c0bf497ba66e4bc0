import { DerError, DerReader, TAG, checkDer, formatOid } from '../der.ts';

/** What the checks need to know of a key; the key itself is made by node:crypto, once a path rests on it. */
export type PublicKeyFacts =
  | { readonly type: 'rsa'; readonly bits: number; readonly exponent: number }
  | { readonly type: 'ec'; readonly curve: 'P-256' | 'P-384' | 'P-521' }
  | { readonly type: 'other'; readonly algorithm: string };

const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const CURVES: Readonly<Record<string, 'P-256' | 'P-384' | 'P-521'>> = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
};

/**
 * Reads a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7; RFC 3279 section 2.3; RFC 5480).
 *
 * @throws {DerError} where the structure is broken; an algorithm or curve that is not known is a value
 */
export function parsePublicKeyFacts(spki: Uint8Array): PublicKeyFacts {
  const outer = new DerReader(spki).enter(TAG.sequence);
  const algorithm = outer.enter(TAG.sequence);
  const oid = formatOid(algorithm.readContent(TAG.oid));
  const key = outer.readOctetAlignedBits();
  outer.finish();
  if (oid === RSA_ENCRYPTION) return readRsaKey(algorithm, key);
  if (oid === EC_PUBLIC_KEY && algorithm.hasNext(TAG.oid)) {
    const curve = CURVES[formatOid(algorithm.readContent(TAG.oid))];
    algorithm.finish();
    if (curve !== undefined) return { type: 'ec', curve };
  }
  return { type: 'other', algorithm: oid };
}

function readRsaKey(algorithm: DerReader, key: Uint8Array): PublicKeyFacts {
  algorithm.readContent(TAG.null);
  algorithm.finish();
  // The walk over the certificate does not look into a bit string.
  checkDer(key, { depth: 2, elements: 3 });
  const outer = new DerReader(key);
  const sequence = outer.enter(TAG.sequence);
  outer.finish();
  const modulus = readPositiveInteger(sequence);
  const exponent = readPositiveInteger(sequence);
  sequence.finish();
  // A longer exponent is none that anybody uses, and not exact as a number.
  return {
    type: 'rsa',
    bits: bitLength(modulus),
    exponent: exponent.length > 12 ? Infinity : Number(`0x0${exponent}`),
  };
}

/** Hexadecimal, without leading zeros: the empty text is 0. */
function readPositiveInteger(reader: DerReader): string {
  const content = Buffer.from(reader.readContent(TAG.integer));
  if (content.readInt8() < 0) throw new DerError('a negative integer in a key');
  return content.toString('hex').replace(/^0+/, '');
}

function bitLength(magnitude: string): number {
  return magnitude.length * 4 - LEADING_ZEROS.findIndex((pattern) => pattern.test(magnitude));
}

/** By their number: those of the first digit. */
const LEADING_ZEROS = [/^(?:[89a-f]|$)/, /^[4-7]/, /^[23]/, /^1/];
