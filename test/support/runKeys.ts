import { createPrivateKey, createPublicKey, randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { createKeyRing } from '../../src/emulator/authority/keys.ts';
import type { KeyKind, KeyPair, KeyRing } from '../../src/emulator/authority/keys.ts';

/**
 * A key ring that all test files of a run share: an RSA key takes up to a second of a busy processor, so each is made
 * once a run and kept in a file. Two rings of different names never give the same key.
 *
 * @param name lower-case letters, digits and hyphens; parties that must have different keys have rings of different names
 */
export function runKeys(name: string): KeyRing {
  const pairs = new Map<string, Promise<KeyPair>>();
  return (label, kind = 'rsa-2048') => {
    const file = join(inject('keyFolder'), `${name}.${label.replaceAll(' ', '-')}.${kind}.pem`);
    const pair = pairs.get(file) ?? readOrMake(file, kind);
    pairs.set(file, pair);
    return pair;
  };
}

async function readOrMake(file: string, kind: KeyKind): Promise<KeyPair> {
  if (!existsSync(file)) writeOnce(file, await createKeyRing()('new', kind));
  const privateKey = createPrivateKey(readFileSync(file));
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** Another worker may write the same key at the same time: the first one counts, and no reader sees half a file. */
function writeOnce(file: string, { privateKey }: KeyPair): void {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft);
  }
}
