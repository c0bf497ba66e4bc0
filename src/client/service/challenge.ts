import { hash } from 'node:crypto';
import { TOKEN_TYPES } from '../../contract/claims.ts';
import { nonceFromDigest } from '../../contract/nonce.ts';
import { ClientError } from '../clientError.ts';
import { dateMember, textMember } from '../members.ts';
import type { JsonObject } from '../members.ts';
import { readCompactToken } from '../tokens/compactToken.ts';
import { printable } from './problem.ts';

/** A challenge that is ours to answer. */
export interface Challenge {
  readonly token: string;
  readonly jti: string;
  /** Computed here from the challenge, in the style that the service used. */
  readonly nonce: string;
  /** Milliseconds from its issue to its end. */
  readonly life: number;
}

/** Whose challenge we answer. */
export interface ChallengeExpectation {
  readonly issuer: string;
  /** RFC 7638 thumbprint of our key. */
  readonly thumbprint: string;
}

const NONCE_STYLES = ['base32', 'digits'] as const;
const MAX_JTI = 128;
const MAX_ISSUER = 256;

/**
 * Only the service can check the challenge's HMAC. What the client checks keeps it from fetching a document for somebody
 * else: a service that relays another's challenge would get evidence that the other accepts.
 *
 * @param nonce the one that came with the challenge; it counts only when it follows from the challenge
 * @throws {ClientError} `challenge_malformed`, `challenge_foreign`, `challenge_nonce_wrong`
 */
export function checkChallenge(token: string, nonce: string, expected: ChallengeExpectation): Challenge {
  const read = readCompactToken(token);
  if (read?.header['typ'] !== TOKEN_TYPES.challenge) throw new ClientError('challenge_malformed');
  const jti = textMember(read.claims, 'jti', MAX_JTI);
  const life = lifeOf(read.claims);
  if (jti === undefined || life === undefined) throw new ClientError('challenge_malformed');
  checkOurs(read.claims, expected);
  const digest = hash('sha256', read.signingInput, 'buffer');
  if (!NONCE_STYLES.some((style) => nonceFromDigest(digest, style) === nonce)) {
    throw new ClientError('challenge_nonce_wrong');
  }
  return { token, jti, nonce, life };
}

/** A wrong issuer is mostly a wrong setting, of the client or the service: both names are what somebody needs to see it. */
function checkOurs(claims: JsonObject, { issuer, thumbprint }: ChallengeExpectation): void {
  const found = textMember(claims, 'iss', MAX_ISSUER);
  if (found !== issuer) {
    throw new ClientError(
      'challenge_foreign',
      `issuer of the challenge: ${printable(found ?? 'none')}, option: ${issuer}`,
    );
  }
  if (claims['jkt'] !== thumbprint) throw new ClientError('challenge_foreign', 'key');
}

function lifeOf(claims: JsonObject): number | undefined {
  const issued = dateMember(claims, 'iat');
  const expires = dateMember(claims, 'exp');
  return issued === undefined || expires === undefined ? undefined : (expires - issued) * 1000;
}
