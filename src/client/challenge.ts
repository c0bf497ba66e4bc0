import { createHash } from 'node:crypto';
import { TOKEN_TYPES } from '../contract/claims.ts';
import { nonceFromDigest } from '../contract/nonce.ts';
import { ClientError } from './clientError.ts';
import { readCompactToken } from './compactToken.ts';
import { textMember } from './members.ts';

/** A challenge that is ours to answer. */
export interface Challenge {
  readonly token: string;
  readonly jti: string;
  /** Computed here from the challenge, in the style that the service used. */
  readonly nonce: string;
}

/** Whose challenge we answer. */
export interface ChallengeExpectation {
  readonly issuer: string;
  /** RFC 7638 thumbprint of our key. */
  readonly thumbprint: string;
}

const NONCE_STYLES = ['base32', 'digits'] as const;
const LONGEST_JTI = 128;

/**
 * Only the service can check the challenge's HMAC. What the client checks keeps it from fetching a document for somebody
 * else: a service that relays another's challenge would get evidence that the other accepts.
 *
 * @param nonce the one that came with the challenge; it counts only when it follows from the challenge
 * @throws {ClientError} `challenge_malformed`, `challenge_foreign`, `challenge_nonce_wrong`
 */
export function checkChallenge(token: string, nonce: string, expected: ChallengeExpectation): Challenge {
  const read = readCompactToken(token);
  const jti = read === undefined ? undefined : textMember(read.claims, 'jti', LONGEST_JTI);
  if (read === undefined || jti === undefined) throw new ClientError('challenge_malformed');
  if (read.header['typ'] !== TOKEN_TYPES.challenge) throw new ClientError('challenge_malformed');
  if (read.claims['iss'] !== expected.issuer || read.claims['jkt'] !== expected.thumbprint) {
    throw new ClientError('challenge_foreign');
  }
  const digest = createHash('sha256').update(read.signingInput).digest();
  if (!NONCE_STYLES.some((style) => nonceFromDigest(digest, style) === nonce)) {
    throw new ClientError('challenge_nonce_wrong');
  }
  return { token, jti, nonce };
}
