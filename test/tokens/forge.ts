import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Tokens put together by hand, so that tests can say what the code under test would never write. */

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };
}

export function createKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return { privateKey, publicKey, jwk: { kty: 'EC', crv: 'P-256', x, y } };
}

export function pkcs8(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** Base64url of octets or a text as they stand, or of a value's JSON. */
export function encodePart(part: unknown): string {
  if (Buffer.isBuffer(part)) return part.toString('base64url');
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

export function decodePart(token: string, index: 0 | 1): unknown {
  return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString());
}

export function hmacToken(header: unknown, payload: unknown, secret: Uint8Array): string {
  const signingInput = `${encodePart(header)}.${encodePart(payload)}`;
  return `${signingInput}.${createHmac('sha256', secret).update(signingInput).digest('base64url')}`;
}

export function es256Token(header: unknown, payload: unknown, key: KeyObject): string {
  const signingInput = `${encodePart(header)}.${encodePart(payload)}`;
  const signature = sign('sha256', Buffer.from(signingInput), { key, dsaEncoding: 'ieee-p1363' });
  return `${signingInput}.${signature.toString('base64url')}`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The same octets with a trailing bit set that belongs to none of them; null where the text has no such bits. */
export function setTrailingBit(text: string): string | null {
  if (text.length % 4 === 0) return null;
  return text.slice(0, -1) + ALPHABET.charAt(ALPHABET.indexOf(text.slice(-1)) | 1);
}

/** The token with its signature respelled: other text, same octets. */
export function respellSignature(token: string): string {
  const start = token.lastIndexOf('.') + 1;
  const respelled = setTrailingBit(token.slice(start));
  if (respelled === null) throw new Error('a signature of this length has no trailing bits');
  return token.slice(0, start) + respelled;
}

/** Every text that differs in the character at `index`: the alphabet, and what lenient decoders take or skip. */
export function respellAt(text: string, index: number, characters = `${ALPHABET}+/=. \n`): string[] {
  return Array.from(characters)
    .filter((character) => character !== text[index])
    .map((character) => text.slice(0, index) + character + text.slice(index + 1));
}
