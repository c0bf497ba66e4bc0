import type { JWTPayload } from 'jose';
import { accessTokenClaims, stableUuid } from './accessToken.ts';
import type { TokenFacts } from './accessToken.ts';
import type { Grant } from './signIn.ts';

/** Seconds, as Entra ID gives them: long enough to work, short enough that signing in again is met in development. */
const LIFETIME = 60 * 60;

/** The answer of the token endpoint (RFC 6749 section 5.1) for somebody who signed in: access token and ID token. */
export async function issuePersonTokens(
  sign: (claims: JWTPayload) => Promise<string>,
  { role, scope, nonce }: Grant,
  facts: Omit<TokenFacts, 'lifetime'>,
): Promise<Readonly<Record<string, unknown>>> {
  const { issuer, tenant, audience } = facts;
  const oid = stableUuid(`person ${role}`);
  const person = {
    oid,
    sub: oid,
    name: `${role} on this machine`,
    preferred_username: `${role.toLowerCase()}@localhost`,
  };
  const claims = { ...person, azp: audience, azpacr: '0', scp: 'Operate' };
  const accessToken = accessTokenClaims({ roles: [role], claims }, { ...facts, lifetime: LIFETIME });
  const { iat, nbf, exp, ver } = accessToken;
  const idToken = { iss: issuer, aud: audience, tid: tenant, ...person, iat, nbf, exp, ver, nonce } as JWTPayload;
  return {
    ...{ token_type: 'Bearer', scope, expires_in: LIFETIME },
    access_token: await sign(accessToken),
    id_token: await sign(idToken),
  };
}
