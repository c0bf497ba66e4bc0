import { hash } from 'node:crypto';
import { TOKEN_TYPES, vmSubject } from '../contract/claims.ts';
import type { DenialClaims } from '../contract/claims.ts';
import type { LicenceCode } from '../contract/codes.ts';
import { numericDate } from '../contract/instants.ts';
import { signCompactJws } from './compactJws.ts';
import type { Signer } from './signer.ts';

/**
 * The refusals that are signed: those that an operator meant, and full seats. Not-found codes are never among them, so
 * that a store restored empty cannot end a client's grace.
 */
export const DENIAL_CODES = [
  'offer_suspended',
  'licence_suspended',
  'licence_revoked',
  'licence_expired',
  'trial_ended',
  'sku_not_allowed',
  'vm_not_allowed',
  'vm_blocked',
  'seats_exhausted',
] as const satisfies readonly LicenceCode[];

export type DenialCode = (typeof DENIAL_CODES)[number];

const LIFETIME_SECONDS = 300;

export interface DenialInput {
  readonly issuer: string;
  readonly vmId: string;
  readonly publisher: string;
  readonly product: string;
  readonly code: DenialCode;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly challengeJti: string;
  /** The proof that came with the request, as it was sent. The caller has verified it. */
  readonly proof: string;
}

/** Whether a refusal with this code is given a signed denial. */
export function isDenialCode(code: string): code is DenialCode {
  return (DENIAL_CODES as readonly string[]).includes(code);
}

/** The claims of a denial, which lives for five minutes and answers the one request that carried its proof. */
export function denialClaims(input: DenialInput): DenialClaims {
  const iat = numericDate(input.issuedAt);
  return {
    iss: input.issuer,
    sub: vmSubject(input.vmId),
    aud: `${input.publisher}/${input.product}`,
    code: input.code,
    iat,
    exp: iat + LIFETIME_SECONDS,
    jti: input.challengeJti,
    pth: hash('sha256', input.proof, 'base64url'),
  };
}

/**
 * Signs a denial: ES256, header `alg`, `typ`, `kid` alone.
 *
 * @throws {SigningKeyUnavailableError}
 */
export function signDenial(claims: DenialClaims, signer: Signer): Promise<string> {
  return signCompactJws(TOKEN_TYPES.denial, claims, signer);
}
