import type { AttestedDocumentResponse } from '../../contract/wire.ts';
import { parseJsonObject, textMember } from '../members.ts';

/** Characters: the service takes 16 KiB of DER, and this is its base64. */
const MAX_SIGNATURE = 22_000;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** @returns undefined where it is not what IMDS answers */
export function parseAttestedDocument(text: string): AttestedDocumentResponse | undefined {
  const object = parseJsonObject(text);
  if (object?.['encoding'] !== 'pkcs7') return undefined;
  const signature = textMember(object, 'signature', MAX_SIGNATURE);
  return signature !== undefined && BASE64.test(signature) ? { encoding: 'pkcs7', signature } : undefined;
}

/**
 * Whether the nonce stands somewhere in the document. A hint that IMDS did not answer from its cache, worth another
 * request; the service decides whether the document is genuine.
 */
export function hasNonce(document: AttestedDocumentResponse, nonce: string): boolean {
  return Buffer.from(document.signature, 'base64').includes(nonce, 0, 'latin1');
}
