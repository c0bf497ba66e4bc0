import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import { REAL_ADAPTERS } from '../../../src/client/adapters/real.ts';
import { Folder } from '../../../src/client/folder/folder.ts';
import { KeyFiles } from '../../../src/client/folder/keyFiles.ts';
import { openKey } from '../../../src/client/licence/possession.ts';
import { testKeyStore } from '../support/keyStoreContract.ts';
import { createFolder } from '../support/scene.ts';
import { VM_ID } from '../support/vectors.ts';

const openStore = (path: string): KeyFiles =>
  new KeyFiles(new Folder(path, REAL_ADAPTERS.files, REAL_ADAPTERS.process));

testKeyStore('files', async () => openStore(await createFolder()));

test('the key is a private JWK that only its owner can read', async () => {
  const folder = await createFolder();
  await openStore(folder).open(VM_ID);
  const file = join(folder, VM_ID, 'key.jwk');
  const jwk = JSON.parse(await readFile(file, 'utf8')) as object;
  expect(Object.keys(jwk)).toEqual(['kty', 'crv', 'x', 'y', 'd']);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, VM_ID))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(folder, VM_ID))).toEqual(['key.jwk']);
});

async function openText(text: string): Promise<unknown> {
  const folder = await createFolder();
  await mkdir(join(folder, VM_ID));
  await writeFile(join(folder, VM_ID, 'key.jwk'), text, { mode: 0o600 });
  return openKey(openStore(folder), VM_ID, { create: false });
}

test('a JWK of another program is as good, whatever else is in it', async () => {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  await expect(openText(JSON.stringify({ ...jwk, kid: 'x', use: 'sig' }))).resolves.toBeDefined();
});

test.each<[string, (jwk: Record<string, unknown>, other: Record<string, unknown>) => unknown]>([
  ['without its private half', (jwk) => ({ ...jwk, d: undefined })],
  ['with the private half of another', (jwk, other) => ({ ...jwk, d: other['d'] })],
  ['with the public half of another', (jwk, other) => ({ ...other, d: jwk['d'] })],
  ['with a private half of nothing', (jwk) => ({ ...jwk, d: 'A'.repeat(43) })],
  ['with a private half beyond the order', (jwk) => ({ ...jwk, d: `${'_'.repeat(42)}8` })],
  ['with a short private half', (jwk) => ({ ...jwk, d: 'AA' })],
  ['on another curve', (jwk) => ({ ...jwk, crv: 'P-384' })],
  ['in a list', (jwk) => [jwk]],
])('a key %s is not used', async (_, change) => {
  const [jwk, other] = await Promise.all(
    [0, 1].map(async () => exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey)),
  );
  const text = JSON.stringify(change({ ...jwk }, { ...other }));
  await expect(openText(text)).rejects.toMatchObject({ code: 'key_unusable' });
});
