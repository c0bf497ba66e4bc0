import { encodeElement, TAG } from '../../src/emulator/documents/der.ts';

/** Of the kinds that a certificate is signed with but no path rests on. */
interface PublicExtension {
  readonly oid: string;
  readonly critical: false;
  readonly value: Uint8Array<ArrayBuffer>;
}

const ID_PKIX = [0x2b, 6, 1, 5, 5, 7];

/**
 * What a public CA adds to a certificate beside that which paths are judged by. It is two fifths of a genuine document:
 * without it all readers would look faster than they are. Lengths are those of Azure's certificates of 2026.
 */
export function publicExtensions(): readonly PublicExtension[] {
  return [
    extension('1.3.6.1.4.1.11129.2.4.2', encodeElement(TAG.octetString, new Uint8Array(360).fill(0x5a))),
    extension('1.3.6.1.4.1.311.21.10', sequence(sequence(oid(...ID_PKIX, 3, 1)))),
    extension('1.3.6.1.4.1.311.21.7', sequence(oid(0x2b, ...new Array<number>(28).fill(7)), integer(100), integer(32))),
    extension('1.3.6.1.5.5.7.1.1', sequence(access(2, 86), access(2, 91), access(1, 33))),
    extension('2.5.29.31', sequence(sequence(explicit(0, explicit(0, uri(108), uri(109)))))),
    extension('2.5.29.32', sequence(sequence(oid(0x67, 0x81, 0x0c, 1, 2, 2)), sequence(microsoftPolicy()))),
  ];
}

function extension(id: string, value: Uint8Array<ArrayBuffer>): PublicExtension {
  return { oid: id, critical: false, value };
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return encodeElement(TAG.sequence, ...parts);
}

function explicit(number: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return encodeElement(0xa0 | number, ...parts);
}

function oid(...octets: readonly number[]): Uint8Array<ArrayBuffer> {
  return encodeElement(0x06, Uint8Array.from(octets));
}

function integer(value: number): Uint8Array<ArrayBuffer> {
  return encodeElement(0x02, Uint8Array.of(value));
}

/** A URI of so many characters. */
function uri(length: number): Uint8Array<ArrayBuffer> {
  return encodeElement(0x86, Buffer.from('http://ca.example/'.padEnd(length, 'x')));
}

/** RFC 5280 section 4.2.2.1: 1 is OCSP, 2 caIssuers. */
function access(method: number, length: number): Uint8Array {
  return sequence(oid(...ID_PKIX, 0x30, method), uri(length));
}

function microsoftPolicy(): Uint8Array {
  return oid(0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x4c, 0x83, 0x7d, 1);
}
