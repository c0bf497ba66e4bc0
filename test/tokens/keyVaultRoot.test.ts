import { expect, test } from 'vitest';
import { createKeyVaultRoot } from '../../src/tokens/keyVaultRoot.ts';
import { signKeySet, verifyKeySet } from '../../src/tokens/signedKeySet.ts';
import { SigningKeyUnavailableError } from '../../src/tokens/signer.ts';
import { startVault } from '../support/keyVault.ts';
import type { FakeVault, FakeVersion } from '../support/keyVault.ts';
import { createKeyPair } from './forge.ts';

const DAY = 86_400_000;
const AT = Date.UTC(2026, 10, 28);
const ISSUER = 'https://licences.contoso.com';
const INPUT = { issuer: ISSUER, keys: [createKeyPair().jwk], life: 60, iat: AT / 1000, seconds: 60 };

const rootOf = (vault: FakeVault, version?: FakeVersion) =>
  createKeyVaultRoot({
    ...vault.access,
    keyUrl: version === undefined ? vault.keyUrl : `${vault.keyUrl}/${version.id}`,
  });

const kidOf = async (root: ReturnType<typeof rootOf>) => (await root.readSigner()).kid;

/** What the vault was asked with a token, since it was looked at before. */
const asked = (vault: FakeVault) => vault.requests.splice(0).filter((line) => !line.endsWith('401'));

test('signs a key set that verifies, and asks the vault for the key once', async () => {
  const vault = await startVault();
  const { kid } = vault.addVersion({ created: AT - DAY });
  const root = rootOf(vault);
  expect([root.source, await kidOf(root)]).toEqual(['vault', kid]);
  asked(vault);
  const token = await signKeySet(INPUT, await root.readSigner());
  expect(verifyKeySet(token, { rootKeys: [kid], issuer: ISSUER, at: AT })).toMatchObject({ ok: true, root: kid });
  expect(asked(vault)).toEqual([expect.stringMatching(/^POST .*\/v1\/sign 200$/)]);
});

test('the oldest version is the root: images carry its thumbprint, and a rotation policy must not change it', async () => {
  const vault = await startVault();
  vault.addVersion({ created: AT - 3 * DAY, enabled: false });
  vault.addVersion({ created: AT - 3 * DAY, operations: ['verify'] });
  const oldest = vault.addVersion({ created: AT - 2 * DAY });
  vault.addVersion({ created: AT - DAY });
  expect(await kidOf(rootOf(vault))).toBe(oldest.kid);
});

test('a version that the URL names is the root, and the versions are not listed', async () => {
  const vault = await startVault();
  vault.addVersion({ created: AT - 2 * DAY });
  const named = vault.addVersion({ created: AT - DAY });
  expect(await kidOf(rootOf(vault, named))).toBe(named.kid);
  expect(asked(vault)).toEqual([expect.stringMatching(/^GET .*\/v2 200$/)]);
});

test('after it failed to sign, the key is read again', async () => {
  const vault = await startVault();
  const [first, second] = [vault.addVersion({ created: AT - 2 * DAY }), vault.addVersion({ created: AT - DAY })];
  const root = rootOf(vault);
  const signer = await root.readSigner();
  vault.change(first, { enabled: false });
  await expect(signer.sign(Buffer.from('x'))).rejects.toThrow(
    /^The vault did not sign with the root key: .*HTTP 403\./,
  );
  expect(await kidOf(root)).toBe(second.kid);
});

test('a vault that is away is asked again', async () => {
  const vault = await startVault();
  const { kid } = vault.addVersion({ created: AT - DAY });
  const root = rootOf(vault);
  vault.isOpen = false;
  await expect(root.readSigner()).rejects.toThrow(SigningKeyUnavailableError);
  await expect(root.readSigner()).rejects.toThrow(/^The vault did not read the root key: .*Key Vault Crypto User/);
  vault.isOpen = true;
  expect(await kidOf(root)).toBe(kid);
});

test.each<[string, Partial<FakeVersion>]>([
  ['is disabled', { enabled: false }],
  ['may not sign', { operations: ['verify'] }],
  ['is an RSA key', { kty: 'RSA' }],
])('a key that %s is no root', async (_, change) => {
  const vault = await startVault();
  vault.showsDisabled = true;
  const version = vault.addVersion({ created: AT - DAY, ...change });
  for (const root of [rootOf(vault), rootOf(vault, version)]) {
    await expect(root.readSigner()).rejects.toThrow(
      'ROOT_KEY_URL names no enabled EC key on P-256 with the operation sign.',
    );
  }
});

test('a key that is not there is told with the setting', async () => {
  const vault = await startVault();
  const root = createKeyVaultRoot({ ...vault.access, keyUrl: vault.keyUrl.replace(/[^/]+$/, 'nothing') });
  await expect(root.readSigner()).rejects.toThrow('Look at ROOT_KEY_URL: there is no such key.');
});
