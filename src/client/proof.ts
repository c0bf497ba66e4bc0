import { SignJWT } from 'jose';
import { TOKEN_TYPES } from '../contract/claims.ts';
import type { ClientKey } from './key.ts';

/**
 * Proves possession of the key that the challenge names.
 *
 * @param audience the issuer plus the path that the proof is sent to
 * @param jti the challenge's
 */
export async function signProof(key: ClientKey, audience: string, jti: string): Promise<string> {
  return new SignJWT({ aud: audience, nonce: jti })
    .setProtectedHeader({ alg: 'ES256', typ: TOKEN_TYPES.proof, jwk: { ...key.jwk } })
    .sign(key.privateKey);
}
