import type { AttestedDocumentResponse } from '../contract/wire.ts';
import { parseJsonObject, textMember } from './members.ts';

/** The service takes 16 KiB of DER; this is its base64. */
const LONGEST_SIGNATURE = 22_000;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** @returns undefined where it is not what IMDS answers */
export function parseAttestedDocument(text: string): AttestedDocumentResponse | undefined {
  const object = parseJsonObject(text);
  if (object?.['encoding'] !== 'pkcs7') return undefined;
  const signature = textMember(object, 'signature', LONGEST_SIGNATURE);
  return signature !== undefined && BASE64.test(signature) ? { encoding: 'pkcs7', signature } : undefined;
}

/**
 * Whether the nonce stands somewhere in the document. A hint that IMDS did not answer from its cache, worth a second
 * request to IMDS; whether the document is good is for the service to say.
 */
export function hasNonce(document: AttestedDocumentResponse, nonce: string): boolean {
  return Buffer.from(document.signature, 'base64').includes(nonce, 0, 'latin1');
}
