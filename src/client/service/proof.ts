import { randomBytes } from 'node:crypto';
import { TOKEN_TYPES } from '../../contract/claims.ts';
import { signWith } from '../licence/possession.ts';
import type { PossessedKey } from '../licence/possession.ts';

/**
 * Proves possession of the key that the challenge names: a compact JWS, ES256, by the key store.
 *
 * @param audience the issuer plus the path that the proof is sent to
 * @param challengeId the challenge's `jti`
 * @throws {ClientError} `key_unusable`
 */
export async function signProof(key: PossessedKey, audience: string, challengeId: string): Promise<string> {
  const header = encode({ alg: 'ES256', typ: TOKEN_TYPES.proof, jwk: key.jwk });
  const claims = encode({ aud: audience, nonce: challengeId, jti: randomBytes(16).toString('base64url') });
  const signature = await signWith(key.pair, Buffer.from(`${header}.${claims}`, 'latin1'));
  return `${header}.${claims}.${Buffer.from(signature).toString('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
