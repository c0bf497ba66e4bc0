import { CLOCK_SKEW } from '../contract/clocks.ts';
import { MAX_KEY_SET_SECONDS, TOKEN_TYPES } from '../contract/claims.ts';
import type { KeySetClaims, PublishedJwk } from '../contract/claims.ts';
import type { PublicJwk } from '../contract/wire.ts';
import { isObject, parseForeignJson } from './canonicalJson.ts';
import { hasSignatureOf, parseCompactJws, signWithHeader } from './compactJws.ts';
import { publishKey } from './keySet.ts';
import { parsePublicJwk, thumbprint } from './publicJwk.ts';
import { MAX_KEYS } from './signingKeys.ts';
import type { Signer } from './signer.ts';

/*
 * The key set that the vendor's root key signs: a compact JWS whose payload is the key set of RFC 7517, as in the signed
 * key sets of OpenID Federation 1.0. An image carries the root's RFC 7638 thumbprint and believes nothing else about keys.
 */

/** Characters. A set of {@link MAX_KEYS} keys under the longest issuer stays below it. */
export const MAX_KEY_SET = 16_384;

/** Seconds that a set which the service signs itself lasts. */
export const KEY_SET_SECONDS = 30 * 86_400;

export interface KeySetInput {
  readonly issuer: string;
  /** Public signing keys, at least one. No root may be among them. */
  readonly keys: readonly PublicJwk[];
  /** Seconds: the most from a licence's `iat` to its `graceUntil`. */
  readonly life: number;
  /** NumericDate. */
  readonly iat: number;
  /** Until `exp`; at most {@link MAX_KEY_SET_SECONDS}. */
  readonly seconds: number;
}

/**
 * Signs a key set. The header is exactly `alg`, `typ`, `kid` and `jwk`.
 *
 * @throws {TypeError} the claims are ones that {@link verifyKeySet} refuses: a caller's mistake
 * @throws {SigningKeyUnavailableError}
 */
export async function signKeySet({ issuer, keys, life, iat, seconds }: KeySetInput, root: Signer): Promise<string> {
  const claims: KeySetClaims = {
    ...{ iss: issuer, sub: issuer, iat, exp: iat + seconds, life },
    keys: keys.map(publishKey),
  };
  const fault = findFault(claims, issuer, [root.kid]);
  if (fault !== null) throw new TypeError(`A key set with this fault must not be signed: ${fault}.`);
  const { kty, crv, x, y } = root.publicJwk;
  const header = { alg: 'ES256', typ: TOKEN_TYPES.keySet, kid: root.kid, jwk: { kty, crv, x, y } };
  return signWithHeader(header, claims, root);
}

/** Why a signed key set does not count. */
export const KEY_SET_FAULTS = [
  'malformed',
  'root_unknown',
  'signature_invalid',
  'issuer_unexpected',
  'lasts_too_long',
  'keys_unusable',
  'root_among_keys',
  'not_yet_valid',
  'ended',
] as const;

export type KeySetFault = (typeof KEY_SET_FAULTS)[number];

export interface KeySetExpectation {
  /** RFC 7638 thumbprints of the roots that are believed. None of them may be among the keys. */
  readonly rootKeys: readonly string[];
  readonly issuer: string;
  /** Milliseconds since the epoch; null where the caller judges the set's times itself. */
  readonly at: number | null;
}

export type VerifiedKeySet =
  | { readonly ok: true; readonly root: string; readonly claims: KeySetClaims }
  | { readonly ok: false; readonly fault: KeySetFault };

/**
 * Verifies a signed key set as clients do, and more strictly in one respect: every key must be usable, while clients pass
 * over those that are not. What counts here counts for every client.
 */
export function verifyKeySet(token: string, expected: KeySetExpectation): VerifiedKeySet {
  const jws = parseCompactJws(token, MAX_KEY_SET);
  const root = jws === null ? null : parseHeader(jws.header);
  if (jws === null || root === null) return refuse('malformed');
  const { kid, jwk } = root;
  if (!expected.rootKeys.includes(kid)) return refuse('root_unknown');
  if (!hasSignatureOf(jws, jwk)) return refuse('signature_invalid');
  const claims = parseClaims(jws.payload);
  if (claims === null) return refuse('malformed');
  const fault = findFault(claims, expected.issuer, expected.rootKeys) ?? findFaultOfTime(claims, expected.at);
  if (fault !== null) return refuse(fault);
  return { ok: true, root: kid, claims: claims as KeySetClaims };
}

/** The root that a set says it is signed by; null where it is not in the form of one. Nothing is verified. */
export function readRootOf(token: string): string | null {
  const jws = parseCompactJws(token, MAX_KEY_SET);
  return jws === null ? null : (parseHeader(jws.header)?.kid ?? null);
}

/** When a set says that it was signed, as a NumericDate; null where it does not say so. Nothing is verified. */
export function readIssuedAt(token: string): number | null {
  const jws = parseCompactJws(token, MAX_KEY_SET);
  return jws === null ? null : (parseClaims(jws.payload)?.iat ?? null);
}

const EXPLANATIONS: Readonly<Record<KeySetFault, string>> = {
  malformed: 'It is not a signed key set. Make one with countersign keys sign-set.',
  root_unknown: 'It is signed by another root key. Sign it with a root key that is in force.',
  signature_invalid: 'Its signature is not valid. Sign it again: it was changed after it was signed.',
  issuer_unexpected: 'It is for another issuer. Sign it with --issuer set to the ISSUER of this service.',
  lasts_too_long: `Its exp is not after its iat, or more than ${MAX_KEY_SET_SECONDS / 86_400} days after it. Sign it again with fewer --days.`,
  keys_unusable: `It must have 1 to ${MAX_KEYS} public EC keys on P-256, each once and named by its thumbprint. Write the keys with countersign keys status --out FILE and sign them.`,
  root_among_keys:
    'A root key is among its keys. A root key signs key sets and nothing else: remove it and sign again.',
  not_yet_valid: 'Its iat is in the future. Set the clock of the machine that signs, and sign again.',
  ended: 'It has ended. Sign a new one.',
};

/** For people: what is wrong with the set, then what to do. */
export function explainKeySetFault(fault: KeySetFault): string {
  return EXPLANATIONS[fault];
}

function refuse(fault: KeySetFault): VerifiedKeySet {
  return { ok: false, fault };
}

/** What is hashed is what the signature is verified with: the members that were parsed here. */
function parseHeader(octets: Uint8Array): { readonly kid: string; readonly jwk: PublicJwk } | null {
  const header = parseForeignJson(octets);
  if (header === null || !hasExactly(header, ['alg', 'typ', 'kid', 'jwk'])) return null;
  const { alg, typ, kid, jwk: value } = header;
  if (alg !== 'ES256' || typ !== TOKEN_TYPES.keySet || !isObject(value)) return null;
  const jwk = hasExactly(value, ['kty', 'crv', 'x', 'y']) ? parsePublicJwk(value) : null;
  return jwk !== null && thumbprint(jwk) === kid ? { kid, jwk } : null;
}

function hasExactly(object: object, names: readonly string[]): boolean {
  return Object.keys(object).length === names.length && names.every((name) => Object.hasOwn(object, name));
}

/** The claims by their types; of `keys` nothing is said yet but that it is a list. */
type ReadClaims = Omit<KeySetClaims, 'keys'> & { readonly keys: readonly unknown[] };

/** Claims that are not known are left out: they decide nothing. */
function parseClaims(octets: Uint8Array): ReadClaims | null {
  const { iss, sub, iat, exp, life, keys } = parseForeignJson(octets) ?? {};
  if (typeof iss !== 'string' || typeof sub !== 'string' || !Array.isArray(keys)) return null;
  if (!isCount(iat) || !isCount(exp) || !isCount(life) || life === 0) return null;
  return { iss, sub, iat, exp, life, keys: keys as readonly unknown[] };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function findFault(claims: ReadClaims, issuer: string, rootKeys: readonly string[]): KeySetFault | null {
  const { iss, sub, iat, exp, keys } = claims;
  if (iss !== issuer || sub !== issuer) return 'issuer_unexpected';
  if (exp <= iat || exp - iat > MAX_KEY_SET_SECONDS) return 'lasts_too_long';
  if (keys.length === 0 || keys.length > MAX_KEYS || !keys.every(isPublishedJwk)) return 'keys_unusable';
  const kids = keys.map(({ kid }) => kid);
  if (new Set(kids).size !== kids.length) return 'keys_unusable';
  return kids.some((kid) => rootKeys.includes(kid)) ? 'root_among_keys' : null;
}

function isPublishedJwk(value: unknown): value is PublishedJwk {
  const jwk = parsePublicJwk(value);
  if (jwk === null || !isObject(value) || !hasExactly(value, ['kty', 'crv', 'x', 'y', 'kid', 'alg', 'use']))
    return false;
  return value['kid'] === thumbprint(jwk) && value['alg'] === 'ES256' && value['use'] === 'sig';
}

/** Both comparisons are written so that a time which is no number refuses. */
function findFaultOfTime({ iat, exp }: ReadClaims, at: number | null): KeySetFault | null {
  if (at === null) return null;
  if (!(iat * 1000 - at <= CLOCK_SKEW)) return 'not_yet_valid';
  return at < exp * 1000 ? null : 'ended';
}
