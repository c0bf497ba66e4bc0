import { encodeElement, readElement, rewriteElement } from '../../src/emulator/documents/der.ts';
import { MAX_DOCUMENT_OCTETS } from '../../src/verifier/verifyEvidence.ts';

export const OID_TAG = 0x06;
export const NULL = encodeElement(0x05);

/** Every length around a filled element may grow by three octets. */
const MARGIN = 64;

/** As many copies as go into so many octets. */
export function filled(element: Uint8Array, room: number): Uint8Array {
  const count = Math.floor(room / element.length);
  return Buffer.concat(new Array<Uint8Array>(count).fill(element));
}

/** One in another, within so many octets. */
export function nested(tag: number, room: number): Uint8Array {
  let octets = encodeElement(tag);
  while (octets.length < room) octets = encodeElement(tag, octets);
  return octets;
}

/** Writes one element anew; `room` is what there is for it within the largest document that is read. */
export function replaced(
  octets: Uint8Array,
  path: readonly number[],
  change: (element: Uint8Array, room: number) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  return rewriteElement(octets, path, (element) =>
    change(element, MAX_DOCUMENT_OCTETS - octets.length + element.length - MARGIN),
  );
}

export function contentsOf(element: Uint8Array): Uint8Array {
  return element.subarray(readElement(element).contents);
}
