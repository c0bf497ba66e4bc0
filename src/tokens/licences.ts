import { TOKEN_TYPES } from '../contract/claims.ts';
import type { LicenceClaims } from '../contract/claims.ts';
import { parseCanonicalJson } from './canonicalJson.ts';
import { encodeSignedHeader, hasSignatureOf, parseCompactJws, signCompactJws } from './compactJws.ts';
import type { KeySet } from './keySet.ts';
import { parseLicenceClaims } from './licenceClaims.ts';
import type { Signer } from './signer.ts';

/** Characters of a licence; only `features` can make one so long. */
const MAX_LENGTH = 16_384;

/**
 * Signs a licence: ES256, header `alg`, `typ`, `kid` alone.
 *
 * @throws {RangeError} the licence is longer than {@link verifyLicence} reads
 * @throws {SigningKeyUnavailableError}
 */
export async function signLicence(claims: LicenceClaims, signer: Signer): Promise<string> {
  const licence = await signCompactJws(TOKEN_TYPES.licence, claims, signer);
  if (licence.length > MAX_LENGTH) {
    throw new RangeError(`A licence must stay below ${MAX_LENGTH} characters: shorten the offer's features.`);
  }
  return licence;
}

export interface LicenceExpectation {
  readonly issuer: string;
  /** `<publisher>/<product>`; null takes a licence for any product, and the caller must judge `claims.aud` itself. */
  readonly audience: string | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** `reason` is for the caller to map: the protocol has no code of its own for a licence that is sent back. */
export type VerifiedLicence =
  | { readonly ok: true; readonly claims: LicenceClaims }
  | { readonly ok: false; readonly reason: 'invalid' | 'expired' | 'not_yet_valid' };

const INVALID = { ok: false, reason: 'invalid' } as const;

/** Verifies a licence of this service against its own key set. Grace is not counted: `exp` is the end. */
export function verifyLicence(
  token: string,
  keySet: KeySet,
  { issuer, audience, at }: LicenceExpectation,
): VerifiedLicence {
  const jws = parseCompactJws(token, MAX_LENGTH);
  // The header is compared as a whole, so algorithm, type and kid are pinned and nothing else can stand in it.
  const key = keySet.keys.find(({ kid }) => jws?.headerText === encodeSignedHeader(TOKEN_TYPES.licence, kid));
  if (jws === null || key === undefined || !hasSignatureOf(jws, key)) return INVALID;
  const claims = parseLicenceClaims(parseCanonicalJson(jws.payload));
  if (claims?.iss !== issuer || (audience !== null && claims.aud !== audience)) return INVALID;
  // Both comparisons are written so that a time which is no number refuses.
  if (!(claims.nbf * 1000 <= at)) return { ok: false, reason: 'not_yet_valid' };
  if (!(at < claims.exp * 1000)) return { ok: false, reason: 'expired' };
  return { ok: true, claims };
}
