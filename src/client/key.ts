import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { calculateJwkThumbprint } from 'jose';
import type { PublicJwk } from '../contract/wire.ts';
import { ClientError, systemErrorCode } from './clientError.ts';
import { createPrivateFile, readPrivateFile } from './privateFile.ts';

/** The key pair that this machine's licences are bound to. */
export interface ClientKey {
  readonly privateKey: KeyObject;
  readonly jwk: PublicJwk;
  /** RFC 7638 */
  readonly thumbprint: string;
  /** Whether this call made it. */
  readonly created: boolean;
}

const MAXIMUM_SIZE = 4096;

/**
 * Reads the key (PKCS#8 PEM, P-256), or makes it on first use.
 *
 * @throws {ClientError} `key_unusable`, `key_exposed`, `folder_unusable`
 */
export async function openKey(file: string): Promise<ClientKey> {
  const kept = await readKeyFile(file);
  if (kept !== undefined) return describeKey(kept, false);
  const created = await createKeyFile(file);
  const text = await readKeyFile(file);
  if (text === undefined) throw new ClientError('folder_unusable');
  return describeKey(text, created);
}

async function readKeyFile(file: string): Promise<string | undefined> {
  try {
    const text = await readPrivateFile(file, MAXIMUM_SIZE);
    if (text !== undefined) await checkAccess(file);
    return text;
  } catch (error) {
    if (error instanceof ClientError) throw error;
    if (error instanceof RangeError) throw new ClientError('key_unusable');
    throw new ClientError('folder_unusable', systemErrorCode(error));
  }
}

/** A key that others can read binds nothing. Windows has no such mode; there the folder's access list has to do. */
async function checkAccess(file: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) throw new ClientError('key_exposed');
}

async function createKeyFile(file: string): Promise<boolean> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  try {
    return await createPrivateFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  } catch (error) {
    throw new ClientError('folder_unusable', systemErrorCode(error));
  }
}

async function describeKey(pem: string, created: boolean): Promise<ClientKey> {
  const privateKey = parsePrivateKey(pem);
  const { x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1' || x === undefined || y === undefined) {
    throw new ClientError('key_unusable');
  }
  const jwk: PublicJwk = { kty: 'EC', crv: 'P-256', x, y };
  return { privateKey, jwk, thumbprint: await calculateJwkThumbprint(jwk), created };
}

function parsePrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new ClientError('key_unusable');
  }
}
