import { hash } from 'node:crypto';
import { TOKEN_TYPES, vmSubject } from '../../contract/claims.ts';
import { dateMember, textMember } from '../members.ts';
import type { JsonObject } from '../members.ts';
import { readCompactToken } from '../tokens/compactToken.ts';
import { verifyToken } from '../tokens/verifyToken.ts';
import type { KeySet } from '../trust/keySet.ts';
import { isSameProduct } from './licence.ts';
import type { LicenceExpectation } from './licence.ts';

/** What a denial must answer to be ours: any other is somebody else's, or a recorded one. */
export interface DenialExpectation extends LicenceExpectation {
  /** The proof that was sent with the request. Its `nonce` is the challenge's `jti`. */
  readonly proof: string;
}

export type VerifiedDenial =
  | { readonly verified: true; readonly code: string; /** NumericDate */ readonly iat: number }
  /** `because` is for people: a claim's name, or what the signature lacks. */
  | { readonly verified: false; readonly because: string };

/** Of a denial under a key that the set does not have: a newer set may. */
export const UNKNOWN_KEY = 'unknown key';

const CODE = /^[a-z][a-z0-9_]{0,63}$/;

/**
 * Only a denial that passes here ends a licence early. No clock is asked: `pth` and `jti` show that it answers this very
 * request.
 */
export function verifyDenial(token: string, keySet: KeySet, expected: DenialExpectation): VerifiedDenial {
  const signed = verifyToken(token, TOKEN_TYPES.denial, keySet.keys);
  if (!signed.verified) return refuse(signed.because === 'unknown_key' ? UNKNOWN_KEY : signed.because);
  const { claims } = signed.token;
  const foreign = findForeignClaim(claims, expected);
  if (foreign !== undefined) return refuse(foreign);
  const code = textMember(claims, 'code', 64);
  const iat = dateMember(claims, 'iat');
  if (code === undefined || !CODE.test(code)) return refuse('code');
  return iat === undefined ? refuse('iat') : { verified: true, code, iat };
}

function findForeignClaim(claims: JsonObject, expected: DenialExpectation): string | undefined {
  const { issuer, product, vmId, proof } = expected;
  const audience = textMember(claims, 'aud', 512);
  const challengeId = readCompactToken(proof)?.claims['nonce'];
  if (claims['iss'] !== issuer) return 'iss';
  if (claims['sub'] !== vmSubject(vmId)) return 'sub';
  if (audience === undefined || !isSameProduct(audience, product)) return 'aud';
  if (typeof challengeId !== 'string' || claims['jti'] !== challengeId) return 'jti';
  return claims['pth'] === hash('sha256', proof, 'base64url') ? undefined : 'pth';
}

function refuse(because: string): VerifiedDenial {
  return { verified: false, because };
}
