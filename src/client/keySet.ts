import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import type { CryptoKey } from 'jose';
import type { PublicJwk } from '../contract/wire.ts';
import { ClientError } from './clientError.ts';
import { readCompactToken } from './compactToken.ts';
import type { CompactToken } from './compactToken.ts';
import { asObject, member, textMember } from './members.ts';
import type { JsonObject } from './members.ts';

/** The service's public keys, as they stand in its key set (RFC 7517) and in the cache. */
export interface JwkSet {
  readonly keys: readonly PublicJwk[];
}

/** A key set that was checked. Keys are found by their thumbprint, which was computed here: no key can bear another's name. */
export interface KeySet {
  readonly jwks: JwkSet;
  readonly keys: ReadonlyMap<string, CryptoKey>;
}

const MOST_KEYS = 32;

/**
 * Keys of other kinds are passed over (RFC 7517 section 5), so that a service can publish them for later clients.
 *
 * @throws {ClientError} `key_set_unusable`: not a key set, a private or secret key in it, or no usable key
 */
export async function parseKeySet(value: unknown): Promise<KeySet> {
  const list = member(asObject(value) ?? {}, 'keys');
  if (!Array.isArray(list) || list.length > MOST_KEYS) throw new ClientError('key_set_unusable');
  const entries = await Promise.all(list.map(parseKey));
  const usable = entries.filter((entry) => entry !== undefined);
  if (usable.length === 0) throw new ClientError('key_set_unusable');
  return {
    jwks: { keys: usable.map(({ jwk }) => jwk) },
    keys: new Map(usable.map(({ thumbprint, key }) => [thumbprint, key])),
  };
}

async function parseKey(value: unknown): Promise<{ jwk: PublicJwk; thumbprint: string; key: CryptoKey } | undefined> {
  const object = asObject(value);
  if (object === undefined || Object.hasOwn(object, 'd') || Object.hasOwn(object, 'k')) {
    throw new ClientError('key_set_unusable');
  }
  const jwk = publicJwkOf(object);
  if (jwk === undefined) return undefined;
  const thumbprint = await calculateJwkThumbprint(jwk);
  return { jwk, thumbprint, key: await importPublicKey(jwk) };
}

/** The P-256 signature key that a member describes, without its other members; undefined where it is of another kind. */
function publicJwkOf(object: JsonObject): PublicJwk | undefined {
  const is = (name: string, expected: string): boolean => member(object, name) === expected;
  const mayBe = (name: string, expected: string): boolean => !Object.hasOwn(object, name) || is(name, expected);
  if (!is('kty', 'EC') || !is('crv', 'P-256') || !mayBe('use', 'sig') || !mayBe('alg', 'ES256')) return undefined;
  const x = textMember(object, 'x', 43, 43);
  const y = textMember(object, 'y', 43, 43);
  return x === undefined || y === undefined ? undefined : { kty: 'EC', crv: 'P-256', x, y };
}

async function importPublicKey(jwk: PublicJwk): Promise<CryptoKey> {
  try {
    const key = await importJWK({ ...jwk }, 'ES256');
    if (key instanceof Uint8Array) throw new ClientError('key_set_unusable');
    return key;
  } catch {
    throw new ClientError('key_set_unusable');
  }
}

/** Where a token would have its verifier look for the key. None of ours has these (RFC 8725 section 3.10). */
const KEY_HEADERS = ['jku', 'x5u', 'jwk', 'x5c'] as const;

export type SignedToken =
  | { readonly verified: true; readonly token: CompactToken }
  | { readonly verified: false; readonly because: 'malformed' | 'signature' };

/** Verifies a token of that `typ`, under ES256 alone, with the key of the set that its `kid` names. */
export async function verifyToken(text: string, typ: string, keySet: KeySet): Promise<SignedToken> {
  const token = readCompactToken(text);
  if (token === undefined) return { verified: false, because: 'malformed' };
  const { header } = token;
  if (header['typ'] !== typ || KEY_HEADERS.some((name) => Object.hasOwn(header, name))) {
    return { verified: false, because: 'malformed' };
  }
  const key = typeof header['kid'] === 'string' ? keySet.keys.get(header['kid']) : undefined;
  if (key === undefined) return { verified: false, because: 'signature' };
  try {
    await compactVerify(text, key, { algorithms: ['ES256'] });
    return { verified: true, token };
  } catch {
    return { verified: false, because: 'signature' };
  }
}
