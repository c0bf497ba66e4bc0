import { CLOCK_SKEW } from '../contract/clocks.ts';
import { createHash, createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { TOKEN_TYPES } from '../contract/claims.ts';
import type { ChallengeClaims } from '../contract/claims.ts';
import { numericDate } from '../contract/instants.ts';
import { nonceFromDigest } from '../contract/nonce.ts';
import type { NonceStyle } from '../contract/wire.ts';
import { decodeBase64Url, encodeBase64Url } from '../contract/base64.ts';
import { parseCanonicalJson } from './canonicalJson.ts';
import { parseCompactJws } from './compactJws.ts';
import { isThumbprint } from './publicJwk.ts';

/** Characters; a challenge under the longest issuer stays below it. */
const MAX_LENGTH = 2048;
const DEFAULT_LIFETIME_SECONDS = 300;
const JTI_OCTETS = 16;
/** RFC 7518 section 3.2: a key of the hash's size or larger. */
const SECRET_OCTETS = 32;

export interface ChallengeSecret {
  /** 1 to 64 of `A-Z a-z 0-9 . _ -`. */
  readonly kid: string;
  /** 32 octets or more, random. */
  readonly secret: Uint8Array;
}

export interface ChallengeOptions {
  /** The service's public base URL: printable ASCII, at most 512 characters. */
  readonly issuer: string;
  /** One or two: the first signs, all verify, so that secrets rotate. */
  readonly secrets: readonly ChallengeSecret[];
  readonly nonceStyle: NonceStyle;
  readonly lifetimeSeconds?: number;
}

/** `expiresAt` is in milliseconds since the epoch. */
export interface IssuedChallenge {
  readonly challenge: string;
  readonly nonce: string;
  readonly expiresAt: number;
}

export type CheckedChallenge =
  | { readonly ok: true; readonly claims: ChallengeClaims; readonly nonce: string }
  | { readonly ok: false; readonly code: 'challenge_invalid' | 'challenge_expired' };

/** Challenges are kept nowhere: what `check` needs stands in the token, under the HMAC. */
export interface Challenges {
  /**
   * @param request `at`: milliseconds since the epoch; `jkt`: RFC 7638 thumbprint of the client's key, if it sent one
   */
  issue(request: { readonly at: number; readonly jkt?: string }): IssuedChallenge;
  /** @param at milliseconds since the epoch */
  check(token: string, at: number): CheckedChallenge;
}

interface Settings {
  readonly issuer: string;
  readonly nonceStyle: NonceStyle;
  readonly lifetimeSeconds: number;
  /** By the encoded header that stands in front of every token under that secret. */
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly header: string;
  readonly key: KeyObject;
}

const INVALID = { ok: false, code: 'challenge_invalid' } as const;
const EXPIRED = { ok: false, code: 'challenge_expired' } as const;

/** @throws {TypeError} an option cannot be used; the message says which and carries no secret */
export function createChallenges(options: ChallengeOptions): Challenges {
  const settings = readOptions(options);
  return {
    issue: ({ at, jkt }) => issueChallenge(settings, at, jkt),
    check: (token, at) => checkChallenge(settings, token, at),
  };
}

function issueChallenge(settings: Settings, at: number, jkt: string | undefined): IssuedChallenge {
  if (!isInstant(at)) throw new TypeError('The time of issue must be whole milliseconds since the epoch.');
  if (jkt !== undefined && !isThumbprint(jkt)) throw new TypeError('jkt must be an RFC 7638 thumbprint by SHA-256.');
  const jti = randomBytes(JTI_OCTETS).toString('base64url');
  const claims = composeClaims(settings, at, jti, jkt);
  const signingInput = `${settings.header}.${encodeBase64Url(JSON.stringify(claims))}`;
  const mac = computeMac(settings.key, signingInput).toString('base64url');
  return {
    challenge: `${signingInput}.${mac}`,
    nonce: computeNonce(settings, signingInput),
    expiresAt: claims.exp * 1000,
  };
}

function checkChallenge(settings: Settings, token: string, at: number): CheckedChallenge {
  const jws = parseCompactJws(token, MAX_LENGTH);
  const key = jws === null ? undefined : settings.keys.get(jws.headerText);
  if (jws === null || key === undefined) return INVALID;
  const mac = computeMac(key, jws.signingInput);
  if (mac.length !== jws.signature.length || !timingSafeEqual(mac, jws.signature)) return INVALID;
  const claims = parseClaims(settings, jws.payload);
  if (claims === null) return INVALID;
  // Both comparisons are written so that a time which is no number refuses.
  if (!(claims.iat * 1000 - at <= CLOCK_SKEW)) return INVALID;
  if (!(at < claims.exp * 1000)) return EXPIRED;
  return { ok: true, claims, nonce: computeNonce(settings, jws.signingInput) };
}

/**
 * The payload must be, octet for octet, what this service would have issued for the same time, `jti` and key. That
 * covers `iss`, the lifetime, unknown claims, repeated ones and their types in one comparison.
 */
function parseClaims(settings: Settings, payload: Buffer): ChallengeClaims | null {
  const object = parseCanonicalJson(payload);
  if (object === null) return null;
  const { ms, jti, jkt } = object;
  if (!isInstant(ms) || !isJti(jti) || !(jkt === undefined || isThumbprint(jkt))) return null;
  const claims = composeClaims(settings, ms, jti, jkt);
  return payload.equals(Buffer.from(JSON.stringify(claims))) ? claims : null;
}

function composeClaims(settings: Settings, ms: number, jti: string, jkt: string | undefined): ChallengeClaims {
  const iat = numericDate(ms);
  const claims = { iss: settings.issuer, iat, exp: iat + settings.lifetimeSeconds, ms, jti };
  return jkt === undefined ? claims : { ...claims, jkt };
}

function computeMac(key: KeyObject, signingInput: string): Buffer {
  return createHmac('sha256', key).update(signingInput, 'ascii').digest();
}

function computeNonce({ nonceStyle }: Settings, signingInput: string): string {
  return nonceFromDigest(createHash('sha256').update(signingInput, 'ascii').digest(), nonceStyle);
}

function isInstant(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isJti(value: unknown): value is string {
  return typeof value === 'string' && decodeBase64Url(value)?.length === JTI_OCTETS;
}

function readOptions(options: ChallengeOptions): Settings {
  const { issuer, nonceStyle, lifetimeSeconds = DEFAULT_LIFETIME_SECONDS } = options;
  if (!/^[!-~]{1,512}$/.test(issuer)) throw new TypeError('The issuer must be 1 to 512 printable ASCII characters.');
  if (!Number.isSafeInteger(lifetimeSeconds) || lifetimeSeconds < 1) {
    throw new TypeError('The lifetime of a challenge must be whole seconds, at least one.');
  }
  const entries = readSecrets(options.secrets);
  const [first] = entries;
  if (first === undefined || entries.length > 2) throw new TypeError('Give one or two challenge secrets.');
  const keys = new Map(entries);
  if (keys.size !== entries.length) throw new TypeError('Two challenge secrets have the same kid: give each its own.');
  const [header, key] = first;
  return { issuer, nonceStyle, lifetimeSeconds, keys, header, key };
}

function readSecrets(secrets: readonly ChallengeSecret[]): (readonly [string, KeyObject])[] {
  return secrets.map(({ kid, secret }) => {
    if (!/^[\w.-]{1,64}$/.test(kid))
      throw new TypeError('The kid of a challenge secret must be 1 to 64 of A-Za-z0-9._-');
    if (secret.length < SECRET_OCTETS)
      throw new TypeError(`A challenge secret must have ${SECRET_OCTETS} octets or more.`);
    const header = encodeBase64Url(JSON.stringify({ alg: 'HS256', typ: TOKEN_TYPES.challenge, kid }));
    return [header, createSecretKey(secret)] as const;
  });
}
