import { encodeElement, encodeLength, readElement, rewriteElement } from './der.ts';

/**
 * The same document in forms that BER allows and DER does not (X.690 sections 8 and 10), and with more around it than
 * belongs there. Each takes the DER of a document and keeps its meaning.
 */
export type BerForm = (document: Uint8Array) => Uint8Array<ArrayBuffer>;

/** Where things stand in a document, as paths for `rewriteElement`. */
const PLACES = {
  contentInfo: [],
  signedData: [1, 0],
  version: [1, 0, 0],
  digestAlgorithm: [1, 0, 1, 0],
  contentType: [1, 0, 2, 0],
  content: [1, 0, 2, 1, 0],
  certificates: [1, 0, 3],
  certificate: [1, 0, 3, 0],
  signerInfo: [1, 0, 4, 0],
  signerDigestAlgorithm: [1, 0, 4, 0, 2],
  signatureAlgorithm: [1, 0, 4, 0, 3],
  signature: [1, 0, 4, 0, 4],
} as const satisfies Record<string, readonly number[]>;

export type Place = keyof typeof PLACES;

const CONSTRUCTED = 0x20;
const END_OF_CONTENTS = Uint8Array.of(0, 0);

/** The constructed element without a length, ended by two zero octets. */
export function withIndefiniteLength(place: Place): BerForm {
  return at(place, (tag, contents) => Buffer.concat([Uint8Array.of(tag, 0x80), contents, END_OF_CONTENTS]));
}

/** A length of more octets than it needs. */
export function withLongLength(place: Place): BerForm {
  return at(place, (tag, contents) => Buffer.concat([Uint8Array.of(tag), encodeLength(contents.length, 4), contents]));
}

/** The content as a constructed string of two parts. */
export const withContentInParts = at('content', (tag, contents) => {
  const parts = [contents.subarray(0, 10), contents.subarray(10)];
  return encodeElement(tag | CONSTRUCTED, ...parts.map((part) => encodeElement(tag, part)));
});

/** The version as 0001. */
export const withPaddedInteger = at('version', (tag, contents) => encodeElement(tag, Uint8Array.of(0), contents));

export const withTrailingOctet: BerForm = (document) => new Uint8Array([...document, 0]);
export const twice: BerForm = (document) => new Uint8Array([...document, ...document]);
export const withLastOctetMissing: BerForm = (document) => new Uint8Array(document.subarray(0, -1));

/** An element more at the end of the SignedData, which has no room for extensions. */
export const withMoreInSignedData = at('signedData', (tag, contents) =>
  encodeElement(tag, contents, encodeElement(0x05)),
);

/** Not a document at all: sequences in one another, to be read without running out of stack. */
export function nestedSequences(levels: number): Uint8Array<ArrayBuffer> {
  const heads: Uint8Array[] = [];
  for (let level = 0, length = 0; level < levels; level += 1) {
    const head = Buffer.concat([Uint8Array.of(0x30), encodeLength(length)]);
    heads.unshift(head);
    length += head.length;
  }
  return new Uint8Array(Buffer.concat(heads));
}

function at(place: Place, rewrite: (tag: number, contents: Uint8Array) => Uint8Array): BerForm {
  return (document) =>
    rewriteElement(document, PLACES[place], (element) => {
      const { tag, contents } = readElement(element);
      return rewrite(tag, element.subarray(contents));
    });
}
