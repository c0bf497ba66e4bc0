import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';

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
