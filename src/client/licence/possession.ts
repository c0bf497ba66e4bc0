import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { PublicJwk } from '../../contract/wire.ts';
import type { KeyPair, KeyStore } from '../adapters.ts';
import { ClientError, systemErrorCode } from '../clientError.ts';
import { asObject } from '../members.ts';
import { SIGNATURE_OCTETS, importPublicKey, publicJwkOf, thumbprintOf, verifyEs256 } from '../tokens/es256.ts';

/** A key pair of the key store that has just signed fresh octets. */
export interface PossessedKey {
  readonly pair: KeyPair;
  /** The four public members alone. */
  readonly jwk: PublicJwk;
  /** RFC 7638 */
  readonly thumbprint: string;
}

/** Keeps a key from ever signing octets for this purpose that mean something elsewhere. */
const PURPOSE = Buffer.from('countersign possession\0', 'latin1');

const proven = new WeakMap<KeyPair, PossessedKey>();

/**
 * Has the key store sign fresh octets, and verifies them under the public key that it names: a copied public key is not
 * possession. A key pair that the store returns again, the same object, is not asked again.
 *
 * @throws {ClientError} `key_unusable`
 */
async function provePossession(pair: KeyPair): Promise<PossessedKey> {
  const known = proven.get(pair);
  if (known !== undefined) return known;
  const jwk = publicJwkOf(asObject(pair.jwk) ?? {});
  const key = jwk === undefined ? undefined : importPublicKey(jwk);
  if (jwk === undefined || key === undefined) throw new ClientError('key_unusable', 'public key');
  if (!(await signsFresh(pair, key))) throw new ClientError('key_unusable', 'signature');
  const possessed = { pair, jwk, thumbprint: thumbprintOf(jwk) };
  proven.set(pair, possessed);
  return possessed;
}

async function signsFresh(pair: KeyPair, key: KeyObject): Promise<boolean> {
  const octets = Buffer.concat([PURPOSE, randomBytes(32)]);
  return verifyEs256(key, octets, await signWith(pair, octets));
}

/**
 * Whatever a key store throws is a fault of the key, and its text stays here: it may name what is secret.
 *
 * @returns 64 octets
 * @throws {ClientError} `key_unusable`
 */
export async function signWith(pair: KeyPair, octets: Uint8Array): Promise<Uint8Array> {
  try {
    const signature = await pair.sign(octets);
    if (signature.length === SIGNATURE_OCTETS) return signature;
  } catch (error) {
    throw new ClientError('key_unusable', systemErrorCode(error));
  }
  throw new ClientError('key_unusable', 'length of the signature');
}

/** @throws {ClientError} `key_unusable`, and what the files of the folder are unusable for */
export async function openKey(
  store: KeyStore,
  vmId: string,
  options: { readonly create: boolean },
): Promise<PossessedKey | undefined> {
  try {
    const pair = await store.open(vmId, options);
    return pair === undefined ? undefined : await provePossession(pair);
  } catch (error) {
    throw error instanceof ClientError ? error : new ClientError('key_unusable', systemErrorCode(error));
  }
}
