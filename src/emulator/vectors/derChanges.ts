import { encodeElement, readElement } from '../documents/der.ts';

/** Where things stand in a document, as paths for `rewriteElement`. */
export const AT_PATH = {
  contentInfo: [],
  contentInfoType: [0],
  explicitContent: [1],
  signedData: [1, 0],
  version: [1, 0, 0],
  digestAlgorithms: [1, 0, 1],
  digestAlgorithm: [1, 0, 1, 0],
  encapsulatedContent: [1, 0, 2],
  contentType: [1, 0, 2, 0],
  explicitOctets: [1, 0, 2, 1],
  content: [1, 0, 2, 1, 0],
  certificates: [1, 0, 3],
  certificate: [1, 0, 3, 0],
  signerInfos: [1, 0, 4],
  signerInfo: [1, 0, 4, 0],
  signerVersion: [1, 0, 4, 0, 0],
  signerIdentifier: [1, 0, 4, 0, 1],
  signerIssuer: [1, 0, 4, 0, 1, 0],
  signerDigestAlgorithm: [1, 0, 4, 0, 2],
  signatureAlgorithm: [1, 0, 4, 0, 3],
  signature: [1, 0, 4, 0, 4],
} as const satisfies Record<string, readonly number[]>;

export type Rewrite = (element: Uint8Array) => Uint8Array;

export const NULL = encodeElement(0x05);

export const as = (octets: Uint8Array): Rewrite => {
  return () => octets;
};

/** Nothing in the element's place. */
export const nothing: Rewrite = () => new Uint8Array();

export const doubled: Rewrite = (element) => Buffer.concat([element, element]);

/** The element, and another one behind it. */
export function followedBy(octets: Uint8Array): Rewrite {
  return (element) => Buffer.concat([element, octets]);
}

/** The element with one more at its end. */
export function ending(octets: Uint8Array): Rewrite {
  return contentsChanged((contents) => Buffer.concat([contents, octets]));
}

/** The element with another tag. */
export function tagged(tag: number): Rewrite {
  return (element) => encodeElement(tag, contentsOf(element));
}

/** The element with other contents. */
export function contentsChanged(change: (contents: Uint8Array) => Uint8Array): Rewrite {
  return (element) => encodeElement(readElement(element).tag, change(contentsOf(element)));
}

export function contentsOf(element: Uint8Array): Uint8Array {
  return element.subarray(readElement(element).contents);
}
