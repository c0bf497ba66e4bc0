import { TOKEN_TYPES } from '../contract/claims.ts';
import { hash } from 'node:crypto';
import type { OfflineProofClaims, PublicJwk } from '../contract/wire.ts';
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
export function checkProof(proof: string, expected: ProofExpectation): CheckedProof {
  const jws = parseCompactJws(proof, MAX_LENGTH);
  if (jws === null || !hasClaims(jws.payload, expected)) return INVALID;
  const jwk = parseHeader(jws.header, TOKEN_TYPES.proof);
  if (jwk === null || thumbprint(jwk) !== expected.jkt) return INVALID;
  return hasSignatureOf(jws, jwk) ? { ok: true, jwk } : INVALID;
}

export interface OfflineProofExpectation {
  /** The issuer plus the path. */
  readonly audience: string;
  /** DER of the document that came with it. */
  readonly document: Uint8Array;
}

export type CheckedOfflineProof =
  | {
      readonly ok: true;
      /** RFC 7638 thumbprint of the key that signed it: the document's nonce must name it. */
      readonly jkt: string;
      readonly jti: string;
      readonly product: string;
    }
  | { readonly ok: false; readonly code: 'proof_invalid' };

const MAX_PRODUCT = 256;
const OFFLINE_JTI = /^[\w-]{16,128}$/;

/** As {@link checkProof}, for a proof without a challenge: it is bound to one document. */
export function checkOfflineProof(proof: string, { audience, document }: OfflineProofExpectation): CheckedOfflineProof {
  const jws = parseCompactJws(proof, MAX_LENGTH);
  const claims = jws && parseOfflineClaims(jws.payload);
  const jwk = jws && parseHeader(jws.header, TOKEN_TYPES.offlineProof);
  if (jws === null || claims === null || jwk === null) return INVALID;
  if (claims.aud !== audience || claims.doc !== hash('sha256', document, 'base64url')) return INVALID;
  if (!hasSignatureOf(jws, jwk)) return INVALID;
  return { ok: true, jkt: thumbprint(jwk), jti: claims.jti, product: claims.product };
}

function parseOfflineClaims(payload: Uint8Array): OfflineProofClaims | null {
  const { aud, product, jti, doc } = parseForeignJson(payload) ?? {};
  if (typeof aud !== 'string' || typeof doc !== 'string') return null;
  if (typeof product !== 'string' || product.length > MAX_PRODUCT) return null;
  if (typeof jti !== 'string' || !OFFLINE_JTI.test(jti)) return null;
  return { aud, product, jti, doc };
}

function hasClaims(payload: Uint8Array, { audience, challengeJti }: ProofExpectation): boolean {
  const claims = parseForeignJson(payload);
  return claims?.['aud'] === audience && claims['nonce'] === challengeJti;
}

function parseHeader(octets: Uint8Array, typ: string): PublicJwk | null {
  const header = parseForeignJson(octets);
  if (header === null || REFUSED_MEMBERS.some((name) => Object.hasOwn(header, name))) return null;
  if (header['alg'] !== 'ES256' || header['typ'] !== typ) return null;
  return parsePublicJwk(header['jwk']);
}
