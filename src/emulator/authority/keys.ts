import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

/** The kinds of keys that certificates can be made for: the one that Azure uses, and those that must be refused. */
export type KeyKind =
  'rsa-1024' | 'rsa-2048' | 'rsa-2048-exponent-3' | 'rsa-3072' | 'rsa-4096' | 'p-256' | 'p-384' | 'ed25519';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const GENERATORS: Record<KeyKind, () => Promise<KeyPair>> = {
  'rsa-1024': () => generate('rsa', { modulusLength: 1024 }),
  'rsa-2048': () => generate('rsa', { modulusLength: 2048 }),
  'rsa-2048-exponent-3': () => generate('rsa', { modulusLength: 2048, publicExponent: 3 }),
  'rsa-3072': () => generate('rsa', { modulusLength: 3072 }),
  'rsa-4096': () => generate('rsa', { modulusLength: 4096 }),
  'p-256': () => generate('ec', { namedCurve: 'P-256' }),
  'p-384': () => generate('ec', { namedCurve: 'P-384' }),
  ed25519: () => generate('ed25519'),
};

/**
 * Gives a key pair by its label, and the same one whenever the label is asked for again: an RSA key costs some hundred
 * milliseconds, so keys are made when first needed and shared wherever the test does not turn on their being different.
 */
export type KeyRing = (label: string, kind?: KeyKind) => Promise<KeyPair>;

export function createKeyRing(): KeyRing {
  const pairs = new Map<string, Promise<KeyPair>>();
  return (label, kind = 'rsa-2048') => {
    const name = `${kind}/${label}`;
    const pair = pairs.get(name) ?? GENERATORS[kind]();
    pairs.set(name, pair);
    return pair;
  };
}

/**
 * A key ring that finds its keys again at the next start: each is a file in the folder, which nobody else may read.
 *
 * @param source where keys come from that the folder does not have
 */
export function createKeptKeyRing(folder: string, source: KeyRing = createKeyRing()): KeyRing {
  const pairs = new Map<string, Promise<KeyPair>>();
  return (label, kind = 'rsa-2048') => {
    const file = keyFile(folder, label, kind);
    const pair = pairs.get(file) ?? readOrKeep(folder, file, () => source(label, kind));
    pairs.set(file, pair);
    return pair;
  };
}

/** Where such a ring keeps a key. */
export function keyFile(folder: string, label: string, kind: KeyKind): string {
  return join(folder, `${label.replaceAll(/[^a-z0-9]+/g, '-')}.${kind}.pem`);
}

async function readOrKeep(folder: string, file: string, make: () => Promise<KeyPair>): Promise<KeyPair> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(file)) {
    const { privateKey } = await make();
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }
  const privateKey = createPrivateKey(await readFile(file));
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** The DER of the key's SubjectPublicKeyInfo. */
export function subjectPublicKeyInfo(key: KeyObject): Uint8Array<ArrayBuffer> {
  return new Uint8Array(key.export({ type: 'spki', format: 'der' }));
}
