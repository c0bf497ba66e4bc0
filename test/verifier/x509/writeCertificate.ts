import { bitString, commonName, hex, integer, NULL, octetString, oid, sequence, tlv, TRUE } from './writeDer.ts';

/** The parts of a certificate in DER; each has a sound default, and the signature is none. */
export interface CertificateParts {
  readonly version?: Uint8Array;
  readonly serial?: Uint8Array;
  readonly innerAlgorithm?: Uint8Array;
  readonly outerAlgorithm?: Uint8Array;
  readonly issuer?: Uint8Array;
  readonly subject?: Uint8Array;
  readonly validity?: Uint8Array;
  readonly spki?: Uint8Array;
  /** Whatever stands between the key and the extensions. */
  readonly identifiers?: Uint8Array;
  /** The Extension values; null: no extensions at all. */
  readonly extensions?: readonly Uint8Array[] | null;
  readonly signature?: Uint8Array;
  readonly trailing?: Uint8Array;
}

const NOTHING = Buffer.alloc(0);
const SHA256_RSA = sequence(oid('1.2.840.113549.1.1.11'), NULL);

export const utcTime = (text: string): Buffer => tlv(0x17, Buffer.from(text));
export const generalizedTime = (text: string): Buffer => tlv(0x18, Buffer.from(text));

/** An RSA key of 2048 bits that has the form of one and is none. */
export const RSA_SPKI = rsaSpki(`00${'ab'.repeat(256)}`, '01 00 01');

export function rsaSpki(modulus: string, exponent: string): Buffer {
  const key = sequence(integer(modulus), integer(exponent));
  return sequence(sequence(oid('1.2.840.113549.1.1.1'), NULL), bitString(key));
}

export function extension(type: string, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(type), critical ? TRUE : NOTHING, octetString(value));
}

/** @returns the DER of a certificate, whether or not it makes sense */
export function writeCertificate(parts: CertificateParts = {}): Buffer {
  const { extensions = [extension('2.5.29.14', octetString(hex('0102')))], outerAlgorithm = SHA256_RSA } = parts;
  const tbs = sequence(
    parts.version ?? tlv(0xa0, integer('02')),
    parts.serial ?? integer('1234'),
    parts.innerAlgorithm ?? SHA256_RSA,
    parts.issuer ?? commonName('Test CA'),
    parts.validity ?? sequence(utcTime('250101000000Z'), utcTime('270101000000Z')),
    parts.subject ?? commonName('test.example'),
    parts.spki ?? RSA_SPKI,
    parts.identifiers ?? NOTHING,
    extensions === null ? NOTHING : tlv(0xa3, sequence(...extensions)),
  );
  return sequence(tbs, outerAlgorithm, parts.signature ?? bitString(hex('00')), parts.trailing ?? NOTHING);
}
