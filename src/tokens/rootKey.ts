import { isObject } from './canonicalJson.ts';
import { OTHER_TEXT, findKeyFault } from './keyFault.ts';
import { createLocalSigner, SigningKeyError } from './localSigner.ts';
import type { Signer } from './signer.ts';

/** A root key of the vendor, wherever it lies. It signs key sets and nothing else. */
export interface RootKey {
  /** Where it lies, for operators. */
  readonly source: 'setting' | 'vault';
  /**
   * What signs with it.
   *
   * @throws {SigningKeyUnavailableError} it cannot be reached
   */
  readSigner(): Promise<RootSigner>;
}

export interface RootSigner extends Signer {
  /** Milliseconds since the epoch; absent where nobody tells it. */
  readonly createdAt?: number;
}

/** Two roots are in force while one takes the place of the other. */
export const MAX_ROOTS = 2;

/**
 * A root key that lies in this process.
 *
 * @param source a PKCS#8 PEM, or the JSON of a private JWK (RFC 7518 section 6.2.2)
 * @throws {SigningKeyError}
 */
export function createLocalRoot(source: string): RootKey & { readonly kid: string } {
  const signer = createLocalSigner(source, 'root key');
  return { source: 'setting', kid: signer.kid, readSigner: () => Promise.resolve(signer) };
}

const PEM = /-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g;

/**
 * Takes a text with one or two root keys apart: a PEM or a JWK; two PEMs, one after the other; or a JWK set.
 *
 * @throws {SigningKeyError} there are none, or more than two
 */
export function splitRootKeys(text: string): readonly string[] {
  const trimmed = text.trim();
  const keys = trimmed.startsWith('{') ? splitJwks(trimmed) : splitPems(trimmed);
  if (keys.length >= 1 && keys.length <= MAX_ROOTS) return keys;
  throw new SigningKeyError(`There are ${keys.length} root keys. Give one or two.`);
}

/** Text beside the PEMs may be a key as well, damaged: it is not left out in silence. */
function splitPems(text: string): readonly string[] {
  const keys = text.match(PEM) ?? [text];
  const rest = text.replace(PEM, '').trim();
  if (keys[0] === text || rest === '') return keys;
  throw new SigningKeyError(`The root key ${findKeyFault(text) ?? findKeyFault(rest) ?? OTHER_TEXT}`);
}

/** What is not JSON is left to whoever reads it as a key. */
function splitJwks(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text);
    const keys = isObject(value) ? value['keys'] : undefined;
    return Array.isArray(keys) ? keys.map((key: unknown) => JSON.stringify(key)) : [text];
  } catch {
    return [text];
  }
}
