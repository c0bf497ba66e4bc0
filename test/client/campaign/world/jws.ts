import { createHash, createHmac, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Signs and reads compact JWS (RFC 7515) without the library under test. */

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly jwk: Jwk;
  /** RFC 7638 */
  readonly thumbprint: string;
}

export interface Jwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

export type Members = Readonly<Record<string, unknown>>;

export function createSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const jwk = { kty: 'EC', crv: 'P-256', x, y } as const;
  return { privateKey, jwk, thumbprint: thumbprintOf(jwk) };
}

export function thumbprintOf({ crv, kty, x, y }: Jwk): string {
  return digest(JSON.stringify({ crv, kty, x, y }));
}

/** SHA-256 in base64url. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

export function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** With ES256, whatever the header says. */
export function signJws(header: Members, claims: Members, { privateKey }: SigningKey): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

export function macJws(header: Members, claims: Members, secret: string): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

export function hasMac(token: string, secret: string): boolean {
  const { input, signature } = split(token);
  return createHmac('sha256', secret).update(input).digest('base64url') === signature;
}

export function isSignedBy(token: string, jwk: Jwk): boolean {
  const { input, signature } = split(token);
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  const octets = Buffer.from(signature, 'base64url');
  return verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, octets);
}

export function headerOf(token: string): Members {
  return decode(token.split('.')[0] ?? '');
}

export function claimsOf(token: string): Members {
  return decode(token.split('.')[1] ?? '');
}

/** The octets under the signature. */
export function inputOf(token: string): string {
  return split(token).input;
}

function split(token: string): { readonly input: string; readonly signature: string } {
  const end = token.lastIndexOf('.');
  return { input: token.slice(0, end), signature: token.slice(end + 1) };
}

function decode(part: string): Members {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Members;
}
