import type { KeyObject } from 'node:crypto';
import { readCompactToken } from './compactToken.ts';
import type { CompactToken } from './compactToken.ts';
import { verifyEs256 } from './es256.ts';

/** Keys by their RFC 7638 thumbprint, which was computed here: no key can take another's name. */
export type VerificationKeys = ReadonlyMap<string, KeyObject>;

export type SignedToken =
  | { readonly verified: true; readonly token: CompactToken }
  /** `unknown_key`: the `kid` names no key of the set; a newer set may have it. */
  | { readonly verified: false; readonly because: 'malformed' | 'unknown_key' | 'signature' };

/**
 * Members that would change what is verified or where the key comes from (RFC 8725 section 3.10, RFC 7797). None of the
 * service's licences and denials has one.
 */
const REFUSED_MEMBERS = ['jku', 'x5u', 'x5c', 'jwk', 'crit', 'b64'] as const;

/** Verifies a token of that `typ`, under ES256 alone, with the key that its `kid` names. */
export function verifyToken(text: string, typ: string, keys: VerificationKeys): SignedToken {
  const token = readCompactToken(text);
  if (token === undefined) return { verified: false, because: 'malformed' };
  const { header } = token;
  if (header['typ'] !== typ || REFUSED_MEMBERS.some((name) => Object.hasOwn(header, name))) {
    return { verified: false, because: 'malformed' };
  }
  const { kid, alg } = header;
  const key = typeof kid === 'string' ? keys.get(kid) : undefined;
  if (key === undefined) return { verified: false, because: 'unknown_key' };
  return alg === 'ES256' && hasSignature(token, key)
    ? { verified: true, token }
    : { verified: false, because: 'signature' };
}

export function hasSignature({ signingInput, signature }: CompactToken, key: KeyObject): boolean {
  return verifyEs256(key, Buffer.from(signingInput, 'latin1'), signature);
}
