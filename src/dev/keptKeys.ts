import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyRing } from '../emulator/keys.ts';
import type { KeyKind, KeyPair, KeyRing } from '../emulator/keys.ts';

/** The text of a file, which is made where it is not there. Nobody else may read it. */
async function readOrMake(file: string, make: () => string): Promise<string> {
  if (existsSync(file)) return readFile(file, 'utf8');
  const text = make();
  await writeFile(file, text, { mode: 0o600 });
  return text;
}

/** @returns a P-256 key, PKCS#8 in PEM, from the file or made for it */
export function readOrMakeKey(file: string): Promise<string> {
  return readOrMake(file, () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  });
}

/** @returns 32 random octets in base64url, from the file or made for it */
export function readOrMakeSecret(file: string): Promise<string> {
  return readOrMake(file, () => randomBytes(32).toString('base64url'));
}

/** A key ring that finds its keys again at the next start. */
export function createKeptKeyRing(folder: string): KeyRing {
  const pairs = new Map<string, Promise<KeyPair>>();
  return (label, kind = 'rsa-2048') => {
    const file = join(folder, `${label.replaceAll(' ', '-')}.${kind}.pem`);
    const pair = pairs.get(file) ?? readOrMakePair(folder, file, kind);
    pairs.set(file, pair);
    return pair;
  };
}

async function readOrMakePair(folder: string, file: string, kind: KeyKind): Promise<KeyPair> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(file)) {
    const { privateKey } = await createKeyRing()('new', kind);
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }
  const privateKey = createPrivateKey(await readFile(file));
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
