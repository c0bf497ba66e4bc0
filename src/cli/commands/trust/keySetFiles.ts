import type { KeySetClaims } from '../../../contract/claims.ts';
import type { PublicJwk } from '../../../contract/wire.ts';
import { SigningKeyError } from '../../../tokens/localSigner.ts';
import { parsePublicJwk, thumbprint } from '../../../tokens/publicJwk.ts';
import { createLocalRoot } from '../../../tokens/rootKey.ts';
import type { RootKey } from '../../../tokens/rootKey.ts';
import { explainKeySetFault, readRootOf, verifyKeySet } from '../../../tokens/signedKeySet.ts';
import type { Io } from '../../command.ts';
import { RefusedError, UsageError } from '../../command.ts';
import { parseJsonFile, readText } from '../../files.ts';
import { printable } from '../../printable.ts';

/* The files that signing a key set reads. None of them is large. */

const MAX_FILE = 64 * 1024;

/**
 * A text without the blanks around it. Whatever ends its lines, they end with line feeds here: keys are read so.
 *
 * @throws {CommandError} it is no text, or too large
 */
export async function readSmallFile(name: string, io: Io): Promise<string> {
  return (await readText(io, name, MAX_FILE)).trim().replace(/\r\n?/g, '\n');
}

/**
 * @throws {UsageError} it holds no private key on P-256
 * @throws {CommandError} it is a JWK that has a member twice
 */
export async function readRootFile(name: string, io: Io): Promise<RootKey & { readonly kid: string }> {
  const text = await readSmallFile(name, io);
  if (text.startsWith('{')) parseJsonFile(text, name);
  try {
    return createLocalRoot(text);
  } catch (error) {
    if (!(error instanceof SigningKeyError)) throw error;
    throw new UsageError(`${printable(name)}: ${error.message}`);
  }
}

/**
 * The public keys of a JWK set (RFC 7517 section 5), as `keys status --out` writes it.
 *
 * @throws {RefusedError} a key cannot be signed
 */
export async function readKeysFile(name: string, io: Io): Promise<readonly PublicJwk[]> {
  const keys = (parseJsonFile(await readSmallFile(name, io), name) as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) {
    throw new RefusedError(
      'keys_unusable',
      `${printable(name)} is not a JWK set: write it with countersign keys status --out FILE`,
    );
  }
  return keys.map((key: unknown, index) => readKey(key, `key ${index + 1} of ${printable(name)}`));
}

function readKey(value: unknown, where: string): PublicJwk {
  const { d, kid } = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  if (d !== undefined) throw new RefusedError('keys_unusable', `${where} is a private key: give its public half alone`);
  const jwk = parsePublicJwk(value);
  if (jwk === null) throw new RefusedError('keys_unusable', `${where} is not an EC key on P-256: remove it`);
  if (kid !== undefined && kid !== thumbprint(jwk)) {
    throw new RefusedError('keys_unusable', `${where} has a kid that is not its thumbprint: write the keys again`);
  }
  return jwk;
}

/** A set that was signed before, under this root or another one. */
export interface PreviousSet {
  readonly root: string;
  readonly claims: KeySetClaims;
}

/**
 * The set that is to be replaced. It may have ended, and it may be of a root that is to be replaced as well.
 *
 * @throws {RefusedError} it is no signed key set of this issuer
 */
export async function readPreviousSet(name: string, issuer: string, io: Io): Promise<PreviousSet> {
  const token = await readSmallFile(name, io);
  const root = readRootOf(token);
  const verified = verifyKeySet(token, { rootKeys: root === null ? [] : [root], issuer, at: null });
  if (verified.ok) return verified;
  const fault = root === null ? 'malformed' : verified.fault;
  throw new RefusedError(fault, `${printable(name)} cannot be the previous set. ${explainKeySetFault(fault)}`);
}
