import { CLOCK_SKEW } from '../../contract/clocks.ts';
import { errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import * as z from 'zod';
import type { Log } from '../../http/edge.ts';
import type { OperatorKeySet } from './operatorKeySet.ts';
import { RequestError } from '../../http/requestError.ts';
import { OPERATOR_ROLES } from './roles.ts';

/** The Entra ID tenant whose access tokens make operators, and how they must read. */
export interface OperatorDirectory {
  readonly tenant: string;
  readonly audience: string;
  readonly issuer: string;
  readonly keySetUrl: string;
}

/** Who sent a request, from a token that was verified. */
export interface Operator {
  /** Object id of the person or application in the directory: what changes are signed with. */
  readonly id: string;
  /** For people, as the directory has it; null for an application. */
  readonly name: string | null;
  readonly roles: readonly string[];
}

export interface TokenRules {
  readonly directory: Pick<OperatorDirectory, 'tenant' | 'audience' | 'issuer'>;
  readonly keySet: OperatorKeySet;
}

export interface TokenCheck {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly log: Log;
}

/** Tokens with many groups have some 10 KB; servers take 16 KB of headers. */
const MAX_TOKEN = 16 * 1024;

/** RFC 6750 section 2.1 */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** Anybody may choose a name: its first characters, without controls. */
function readName(text: string): string | null {
  const name = text.replaceAll(/\p{C}/gu, '').trim().slice(0, MAX_NAME).toWellFormed();
  return name === '' ? null : name;
}

const MAX_NAME = 128;

/**
 * What must stand in the token beside what jose checks. `azp` is in access tokens alone: an ID token that the same
 * registration got for signing in opens nothing.
 */
const claimsSchema = z.object({
  tid: z.string(),
  oid: z.string().regex(/^[\w-]{1,64}$/),
  azp: z.string().min(1),
  ver: z.literal('2.0'),
  name: z.string().transform(readName).nullable().catch(null).default(null),
  roles: z.array(z.string().max(256)).max(256).default([]),
});

/**
 * Verifies the access token of an operator's request: RS256 alone, issuer, audience, tenant, times.
 *
 * @param authorization the header, or null where there is none
 * @throws {RequestError} `token_missing` or `token_invalid`
 * @throws {OperatorKeySetError}
 */
export async function checkToken(
  authorization: string | null,
  rules: TokenRules,
  { at, log }: TokenCheck,
): Promise<Operator> {
  if (authorization === null || authorization.trim() === '') throw new RequestError('token_missing');
  const token = authorization.length > MAX_TOKEN ? undefined : BEARER.exec(authorization)?.[1];
  if (token === undefined) throw invalid('The header is not "Authorization: Bearer" with one token.');
  const claims = claimsSchema.safeParse(await verify(token, rules, { at, log }));
  if (!claims.success)
    throw invalid('It is not an access token of Entra ID in version 2.0 for a person or application.');
  const { oid, tid, roles, name } = claims.data;
  if (tid !== rules.directory.tenant) throw invalid('It is of another directory.');
  return { id: oid, name, roles: roles.filter((role) => OPERATOR_ROLES.some((known) => known === role)) };
}

async function verify(token: string, { directory, keySet }: TokenRules, { at, log }: TokenCheck): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keySet(at, log), {
      ...{ issuer: directory.issuer, audience: directory.audience, algorithms: ['RS256'] },
      requiredClaims: ['exp', 'nbf', 'iat'],
      clockTolerance: CLOCK_SKEW / 1000,
      currentDate: new Date(at),
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw invalid(describeFault(error));
    throw error;
  }
}

/** Which check failed, in words of our own: a library's message may quote the token. */
function describeFault(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'It has expired: sign in again.';
  if (error instanceof errors.JWTClaimValidationFailed)
    return CLAIM_FAULTS[error.claim] ?? 'One of its claims is wrong.';
  if (error instanceof errors.JWKSNoMatchingKey) return 'It is signed with a key that the directory does not publish.';
  return 'Its signature does not verify.';
}

const CLAIM_FAULTS: Readonly<Record<string, string>> = {
  iss: 'It is of another issuer; the API’s registration must ask for access tokens in version 2.',
  aud: 'It is for another audience: ask for a token for the API’s application id.',
  nbf: 'It is not valid yet: look at the clocks.',
  exp: 'It has no end.',
  iat: 'It has no time of issue.',
};

function invalid(reason: string): RequestError {
  return new RequestError('token_invalid', `The access token is not valid here. ${reason}`);
}
