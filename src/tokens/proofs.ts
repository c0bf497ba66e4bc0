import { TOKEN_TYPES } from '../contract/claims.ts';
import type { PublicJwk } from '../contract/wire.ts';
import { parseForeignJson } from './canonicalJson.ts';
import { hasSignatureOf, parseCompactJws } from './compactJws.ts';
import { parsePublicJwk, thumbprint } from './publicJwk.ts';

/** Characters; a proof for the longest issuer stays below it. */
const MAX_LENGTH = 2048;

export interface ProofExpectation {
  /** The challenge's `jkt`. */
  readonly jkt: string;
  /** The issuer plus the path that the proof was sent to. */
  readonly audience: string;
  /** The challenge's `jti`. */
  readonly challengeJti: string;
}

export type CheckedProof =
  { readonly ok: true; readonly jwk: PublicJwk } | { readonly ok: false; readonly code: 'proof_invalid' };

const INVALID = { ok: false, code: 'proof_invalid' } as const;

/** Header members that would change how a proof is to be verified, or where its key comes from. */
const REFUSED_MEMBERS = ['crit', 'b64', 'jku', 'x5u', 'x5c'] as const;

/**
 * Checks a proof of possession: ES256 by the key in its own header, whose thumbprint the challenge carries. Clients of
 * others write proofs too, so claims and header members that decide nothing (`iat`, `kid`) are left alone.
 */
export async function checkProof(proof: string, expected: ProofExpectation): Promise<CheckedProof> {
  const jws = parseCompactJws(proof, MAX_LENGTH);
  if (jws === null || !hasClaims(jws.payload, expected)) return INVALID;
  const jwk = parseHeader(jws.header);
  if (jwk === null || thumbprint(jwk) !== expected.jkt) return INVALID;
  return (await hasSignatureOf(proof, jwk)) ? { ok: true, jwk } : INVALID;
}

function hasClaims(payload: Uint8Array, { audience, challengeJti }: ProofExpectation): boolean {
  const claims = parseForeignJson(payload);
  return claims?.['aud'] === audience && claims['nonce'] === challengeJti;
}

function parseHeader(octets: Uint8Array): PublicJwk | null {
  const header = parseForeignJson(octets);
  if (header === null || REFUSED_MEMBERS.some((name) => Object.hasOwn(header, name))) return null;
  if (header['alg'] !== 'ES256' || header['typ'] !== TOKEN_TYPES.proof) return null;
  return parsePublicJwk(header['jwk']);
}
