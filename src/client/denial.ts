import { TOKEN_TYPES, vmSubject } from '../contract/claims.ts';
import { ClientError } from './clientError.ts';
import { verifyToken } from './keySet.ts';
import type { KeySet } from './keySet.ts';
import { isSameProduct } from './licence.ts';
import { dateMember, textMember } from './members.ts';
import { CLOCK_SKEW } from './standing.ts';

/** What a denial must name to be ours: any other is somebody else's, or an old one played again. */
export interface DenialExpectation {
  readonly issuer: string;
  readonly product: string;
  readonly vmId: string;
  /** Of the challenge that we have just answered. */
  readonly challengeId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Only a denial that passes here ends a licence's grace.
 *
 * @returns the code that the operator's word comes with
 * @throws {ClientError} `denial_unusable`
 */
export async function verifyDenial(token: string, keySet: KeySet, expected: DenialExpectation): Promise<string> {
  const signed = await verifyToken(token, TOKEN_TYPES.denial, keySet);
  if (!signed.verified) throw new ClientError('denial_unusable', signed.because);
  const { claims } = signed.token;
  const audience = textMember(claims, 'aud', 512);
  if (claims['iss'] !== expected.issuer || claims['sub'] !== vmSubject(expected.vmId)) unusable('issuer or VM');
  if (audience === undefined || !isSameProduct(audience, expected.product)) unusable('product');
  if (claims['jti'] !== expected.challengeId) unusable('challenge');
  const issued = dateMember(claims, 'iat');
  const expires = dateMember(claims, 'exp');
  if (issued === undefined || expires === undefined) return unusable('times');
  if (issued * 1000 > expected.now + CLOCK_SKEW || expires * 1000 <= expected.now - CLOCK_SKEW) unusable('times');
  return textMember(claims, 'code', 64) ?? unusable('code');
}

function unusable(what: string): never {
  throw new ClientError('denial_unusable', what);
}
