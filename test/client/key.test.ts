import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import { expect, test } from 'vitest';
import { openKey } from '../../src/client/key.ts';
import { signProof } from '../../src/client/proof.ts';
import { createFolder } from './support/scene.ts';

test('a key is made once, as PKCS#8 that only its owner can read', async () => {
  const folder = await createFolder();
  const file = join(folder, 'deep', 'key.pem');
  const made = await openKey(file);
  const again = await openKey(file);
  expect(made.created).toBe(true);
  expect(again).toMatchObject({ created: false, jwk: made.jwk, thumbprint: made.thumbprint });
  expect(await readFile(file, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'deep'))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(folder, 'deep'))).toEqual(['key.pem']);
});

test('the thumbprint is that of RFC 7638, and the public half has no private member', async () => {
  const { jwk, thumbprint } = await openKey(join(await createFolder(), 'key.pem'));
  expect(Object.keys(jwk).sort()).toEqual(['crv', 'kty', 'x', 'y']);
  expect(thumbprint).toBe(await calculateJwkThumbprint(jwk));
});

test('of many that start together one makes the key, and all use it', async () => {
  const file = join(await createFolder(), 'key.pem');
  const keys = await Promise.all(Array.from({ length: 8 }, () => openKey(file)));
  expect(new Set(keys.map(({ thumbprint }) => thumbprint)).size).toBe(1);
  expect(keys.filter(({ created }) => created)).toHaveLength(1);
});

test.each([0o640, 0o604, 0o666])('a key that others can reach (mode %o) is refused', async (mode) => {
  const file = join(await createFolder(), 'key.pem');
  await openKey(file);
  await chmod(file, mode);
  await expect(openKey(file)).rejects.toMatchObject({ code: 'key_exposed' });
});

function pem(type: 'P-384' | 'P-256' | 'rsa' | 'ed25519'): string {
  const options = { type: 'pkcs8', format: 'pem' } as const;
  if (type === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(options).toString();
  if (type === 'ed25519') return generateKeyPairSync('ed25519').privateKey.export(options).toString();
  return generateKeyPairSync('ec', { namedCurve: type }).privateKey.export(options).toString();
}

test.each([
  ['P-384', pem('P-384')],
  ['RSA', pem('rsa')],
  ['Ed25519', pem('ed25519')],
  ['half a key', pem('P-256').slice(0, 100)],
  ['nothing', ''],
  ['too much', 'x'.repeat(5000)],
])('a file with %s is refused and left alone', async (_, text) => {
  const file = join(await createFolder(), 'key.pem');
  await writeFile(file, text, { mode: 0o600 });
  await expect(openKey(file)).rejects.toMatchObject({ code: 'key_unusable' });
  expect(await readFile(file, 'utf8')).toBe(text);
});

test('a folder that is none is said so', async () => {
  const folder = await createFolder();
  await writeFile(join(folder, 'file'), '');
  await expect(openKey(join(folder, 'file', 'key.pem'))).rejects.toMatchObject({
    code: 'folder_unusable',
    message: expect.stringContaining('ENOTDIR') as string,
  });
  await mkdir(join(folder, 'key.pem'));
  await expect(openKey(join(folder, 'key.pem'))).rejects.toMatchObject({ code: 'folder_unusable' });
});

test('a link that leads nowhere makes no key elsewhere', async () => {
  const folder = await createFolder();
  await symlink(join(folder, 'elsewhere'), join(folder, 'key.pem'));
  await expect(openKey(join(folder, 'key.pem'))).rejects.toMatchObject({ code: 'folder_unusable' });
  expect(await readdir(folder)).toEqual(['key.pem']);
});

test('a proof is a JWS of our key for one path and one challenge', async () => {
  const key = await openKey(join(await createFolder(), 'key.pem'));
  const proof = await signProof(key, 'https://licences.example.test/v1/licences', 'challenge-1');
  const { payload } = await compactVerify(proof, await importJWK({ ...key.jwk }, 'ES256'));
  expect(decodeProtectedHeader(proof)).toEqual({ alg: 'ES256', typ: 'proof+jwt', jwk: key.jwk });
  expect(JSON.parse(Buffer.from(payload).toString('utf8'))).toEqual({
    aud: 'https://licences.example.test/v1/licences',
    nonce: 'challenge-1',
  });
});
