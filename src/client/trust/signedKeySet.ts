import { MAX_KEY_SET_SECONDS, TOKEN_TYPES } from '../../contract/claims.ts';
import { ClientError } from '../clientError.ts';
import { dateMember, objectMember } from '../members.ts';
import type { JsonObject } from '../members.ts';
import { readCompactToken } from '../tokens/compactToken.ts';
import { importPublicKey, publicJwkOf, thumbprintOf } from '../tokens/es256.ts';
import { hasSignature } from '../tokens/verifyToken.ts';
import { readKeys } from './keySet.ts';
import type { KeySet, SignedTerms } from './keySet.ts';

/** Whose key set it must be. */
export interface SignedKeySetExpectation {
  readonly issuer: string;
  /** RFC 7638 thumbprints of the pinned roots. */
  readonly rootKeys: readonly string[];
}

const HEADER_MEMBERS = ['alg', 'jwk', 'kid', 'typ'];
const JWK_MEMBERS = ['crv', 'kty', 'x', 'y'];

/**
 * Verifies a key set under a pinned root key, all but whether it has ended: one that is kept counts after its `exp` too, for
 * licences that were issued before it.
 *
 * @throws {ClientError} `key_set_untrusted`, naming what is wrong; `key_set_unusable`
 */
export function verifySignedKeySet(text: string, { issuer, rootKeys }: SignedKeySetExpectation): KeySet {
  const token = readCompactToken(text);
  if (token === undefined) return untrusted('form');
  const { header, claims } = token;
  const root = readRoot(header, rootKeys);
  if (!hasSignature(token, root.key)) untrusted('signature');
  if (claims['iss'] !== issuer || claims['sub'] !== issuer) untrusted('iss or sub');
  const signed = readTerms(claims);
  const { keys } = readKeys(claims, [root.thumbprint, ...rootKeys]);
  return { keys, kept: text, signed };
}

/** The header is exactly `alg`, `typ`, `kid`, `jwk`: no member can add a meaning that is not checked here. */
function readRoot(header: JsonObject, rootKeys: readonly string[]) {
  if (!hasExactly(header, HEADER_MEMBERS)) untrusted('header');
  if (header['alg'] !== 'ES256' || header['typ'] !== TOKEN_TYPES.keySet) untrusted('alg or typ');
  const object = objectMember(header, 'jwk') ?? {};
  const jwk = hasExactly(object, JWK_MEMBERS) ? publicJwkOf(object) : undefined;
  const key = jwk === undefined ? undefined : importPublicKey(jwk);
  if (jwk === undefined || key === undefined) return untrusted('jwk');
  const thumbprint = thumbprintOf(jwk);
  if (header['kid'] !== thumbprint || !rootKeys.includes(thumbprint)) untrusted('root key');
  return { key, thumbprint };
}

function readTerms(claims: JsonObject): SignedTerms {
  const iat = dateMember(claims, 'iat');
  const exp = dateMember(claims, 'exp');
  const life = dateMember(claims, 'life');
  if (iat === undefined || exp === undefined || life === undefined) return untrusted('iat, exp or life');
  if (exp <= iat || exp - iat > MAX_KEY_SET_SECONDS) untrusted('exp');
  return { iat, exp, life };
}

function hasExactly(object: JsonObject, names: readonly string[]): boolean {
  const own = Object.keys(object).sort();
  return own.length === names.length && names.every((name, index) => own[index] === name);
}

function untrusted(what: string): never {
  throw new ClientError('key_set_untrusted', what);
}
