import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { FileFacts, KeyPair, KeyStore } from '../adapters.ts';
import type { PublicJwk } from '../../contract/wire.ts';
import { ClientError, systemErrorCode } from '../clientError.ts';
import { member, parseJsonObject } from '../members.ts';
import { isCoordinate, publicJwkOf } from '../tokens/es256.ts';
import type { Folder } from './folder.ts';
import { isKeyExposed } from './judge.ts';

/** A private JWK (RFC 7517, RFC 7518 section 6.2.2) below the VM's folder. */
export const KEY_FILE = 'key.jwk';

const MAX_SIZE = 4096;

/**
 * The key store that keeps private keys in files. It is called under the folder's lock where it may create a key.
 *
 * `open` throws {ClientError} `key_unusable`, `folder_unusable`, `folder_exposed`.
 */
export class KeyFiles implements KeyStore {
  readonly #folder: Folder;
  /** What was read last, so that an unchanged file is imported once. */
  readonly #known = new Map<string, { readonly text: string; readonly pair: KeyPair }>();

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  async open(vmId: string, { create = true }: { readonly create?: boolean } = {}): Promise<KeyPair | undefined> {
    const kept = await this.#read(vmId);
    if (kept !== undefined || !create) return kept;
    await this.#create(vmId);
    const created = await this.#read(vmId);
    if (created === undefined) throw new ClientError('folder_unusable', 'the new key cannot be read');
    return created;
  }

  async #read(vmId: string): Promise<KeyPair | undefined> {
    let exposed = false as boolean;
    const text = await this.#readText(vmId, (facts) => {
      exposed = isKeyExposed(facts, this.#folder.process);
    });
    if (text === undefined) return undefined;
    const known = this.#known.get(vmId);
    if (known?.text === text && (known.pair.fault !== undefined) === exposed) return known.pair;
    const pair = { ...importPair(text), ...(exposed ? { fault: 'key_exposed' as const } : {}) };
    this.#known.set(vmId, { text, pair });
    return pair;
  }

  async #readText(vmId: string, judge: (facts: FileFacts) => void): Promise<string | undefined> {
    try {
      return await this.#folder.read(this.#folder.join(vmId, KEY_FILE), MAX_SIZE, judge);
    } catch (error) {
      const isTooLarge = error instanceof ClientError && error.code === 'cache_unusable';
      throw isTooLarge ? new ClientError('key_unusable', 'too large') : error;
    }
  }

  async #create(vmId: string): Promise<void> {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { kty, crv, x, y, d } = privateKey.export({ format: 'jwk' });
    try {
      await this.#folder.write(vmId, KEY_FILE, JSON.stringify({ kty, crv, x, y, d }));
    } catch (error) {
      throw new ClientError('folder_unusable', systemErrorCode(error));
    }
  }
}

/**
 * Whether the two halves belong together is seen when the key signs for the first time.
 *
 * @throws {ClientError} `key_unusable`
 */
function importPair(text: string): KeyPair {
  const object = parseJsonObject(text) ?? {};
  const jwk = publicJwkOf(object);
  const d = member(object, 'd');
  if (jwk === undefined || !isCoordinate(d)) throw new ClientError('key_unusable');
  const key = importPrivateKey({ ...jwk, d });
  return {
    jwk,
    sign: (octets) => Promise.resolve(sign('sha256', octets, { key, dsaEncoding: 'ieee-p1363' })),
  };
}

function importPrivateKey(key: PublicJwk & { readonly d: string }): KeyObject {
  try {
    return createPrivateKey({ key: { ...key }, format: 'jwk' });
  } catch {
    throw new ClientError('key_unusable');
  }
}
