import type { PublicJwk } from '../contract/wire.ts';
import { decodeBase64Url, encodeBase64Url } from '../contract/base64.ts';
import { parseForeignJson } from './canonicalJson.ts';
import { verifyEs256 } from './es256.ts';
import { publicKeyOf } from './publicJwk.ts';
import type { Signer } from './signer.ts';

/** Octets of an ES256 signature (RFC 7518 section 3.4). */
const SIGNATURE_LENGTH = 64;

/** A compact JWS (RFC 7515 section 7.1) in its parts; nothing in it is verified. */
export interface CompactJws {
  /** `header.payload`: ASCII, what the signature is made over. */
  readonly signingInput: string;
  /** The header as it stands, in base64url. */
  readonly headerText: string;
  readonly header: Buffer;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

/**
 * Takes a token apart: three parts, each canonical base64url, so that no token has a second spelling.
 *
 * @param maximumLength characters; a longer token is not looked at
 * @returns null for anything else
 */
export function parseCompactJws(token: string, maximumLength: number): CompactJws | null {
  if (token.length > maximumLength) return null;
  const [headerText, payloadText, signatureText, ...more] = token.split('.');
  if (headerText === undefined || payloadText === undefined || signatureText === undefined || more.length > 0)
    return null;
  const header = decodeBase64Url(headerText);
  const payload = decodeBase64Url(payloadText);
  const signature = decodeBase64Url(signatureText);
  if (header === null || payload === null || signature === null) return null;
  return { signingInput: `${headerText}.${payloadText}`, headerText, header, payload, signature };
}

/** The header of every token that the service signs with its own key, encoded: these three members, in this order. */
export function encodeSignedHeader(typ: string, kid: string): string {
  return encodeBase64Url(JSON.stringify({ alg: 'ES256', typ, kid }));
}

/**
 * Puts a token together over the signer port.
 *
 * @throws {SigningKeyUnavailableError}
 */
export function signCompactJws(typ: string, claims: object, signer: Signer): Promise<string> {
  return signEncoded(encodeSignedHeader(typ, signer.kid), claims, signer);
}

/**
 * As {@link signCompactJws}, with a header that says more than that.
 *
 * @throws {SigningKeyUnavailableError}
 */
export function signWithHeader(header: object, claims: object, signer: Signer): Promise<string> {
  return signEncoded(encodeBase64Url(JSON.stringify(header)), claims, signer);
}

async function signEncoded(header: string, claims: object, signer: Signer): Promise<string> {
  const signingInput = `${header}.${encodeBase64Url(JSON.stringify(claims))}`;
  const signature = await signer.sign(Buffer.from(signingInput, 'ascii'));
  // DER instead of r ‖ s would make tokens that no client takes.
  if (signature.length !== SIGNATURE_LENGTH) throw new TypeError('The signer did not return r ‖ s of 64 octets.');
  return `${signingInput}.${encodeBase64Url(signature)}`;
}

/**
 * Whether the token's ES256 signature is by this key. The key is known to be a good one.
 *
 * @throws {TypeError} it is none
 */
export function hasSignatureOf({ header, signingInput, signature }: CompactJws, jwk: PublicJwk): boolean {
  const { alg, crit } = parseForeignJson(header) ?? {};
  // What a token calls critical is not known here (RFC 7515 section 4.1.11).
  if (alg !== 'ES256' || crit !== undefined || signature.length !== SIGNATURE_LENGTH) return false;
  return verifyEs256(publicKeyOf(jwk), Buffer.from(signingInput, 'ascii'), signature);
}
