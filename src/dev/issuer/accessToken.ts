import { hash, randomBytes, randomUUID } from 'node:crypto';
import type { JWTPayload } from 'jose';

/** Whom a token is for, and what it may be otherwise than a good one: tests of refusals change single claims. */
export interface TokenRequest {
  readonly roles: readonly string[];
  /** Over the claims; `undefined` takes one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface TokenFacts {
  readonly issuer: string;
  readonly tenant: string;
  readonly audience: string;
  /** Seconds from issue to `exp`. */
  readonly lifetime: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The claims of an access token in version 2.0, in the shape of Microsoft's documentation ("Access token claims
 * reference"), of an application that acts for itself.
 */
export function accessTokenClaims({ roles, claims = {} }: TokenRequest, facts: TokenFacts): JWTPayload {
  const { issuer, tenant, audience, lifetime, at } = facts;
  const iat = Math.floor(at / 1000);
  const application = stableUuid(roles.join(' '));
  return {
    ...{ aud: audience, iss: issuer, iat, nbf: iat, exp: iat + lifetime },
    aio: randomBytes(24).toString('base64'),
    ...{ azp: application, azpacr: '1', oid: application, sub: application },
    ...{ roles: [...roles], tid: tenant, uti: randomUUID(), ver: '2.0' },
    ...claims,
  };
}

/** The same object for the same text, so that what it wrote can be told apart. */
export function stableUuid(text: string): string {
  return `00000000-0000-4000-8000-${hash('sha256', text, 'hex').slice(0, 12)}`;
}
