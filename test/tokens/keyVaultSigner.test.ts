import { createPublicKey, verify } from 'node:crypto';
import { KeyClient } from '@azure/keyvault-keys';
import { expect, test } from 'vitest';
import { clientOptionsOf, createKeyVaultSigner } from '../../src/tokens/keyVaultSigner.ts';
import { SigningKeyUnavailableError } from '../../src/tokens/signer.ts';
import type { Signer } from '../../src/tokens/signer.ts';
import { KEY_NAME, startVault, TENANT } from '../support/keyVault.ts';
import type { FakeVault, FakeVersion, VaultFault } from '../support/keyVault.ts';

const INPUT = Buffer.from('header.payload');

async function readKey(vault: FakeVault, { id }: FakeVersion) {
  const client = new KeyClient(new URL(vault.keyUrl).origin, vault.access.credential, clientOptionsOf(vault.access));
  return client.getKey(KEY_NAME, { version: id });
}

async function createScene(change: Partial<FakeVersion> = {}) {
  const vault = await startVault();
  const version = vault.addVersion(change);
  const signer = createKeyVaultSigner(await readKey(vault, version), vault.access);
  vault.requests.length = 0;
  return { vault, version, signer };
}

function isSigned(signer: Signer, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: { ...signer.publicJwk }, format: 'jwk' });
  return verify('sha256', INPUT, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

async function refusalOf(signer: Signer): Promise<string> {
  const error: unknown = await signer.sign(INPUT).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SigningKeyUnavailableError);
  expect(error).not.toHaveProperty('cause');
  const { message } = error as Error;
  expect(message).not.toMatch(/the-token|eyJ|127\.0\.0\.1/);
  return message;
}

test.each(['EC', 'EC-HSM'] as const)(
  'signs ES256 with a key of type %s, after the challenge of the vault',
  async (kty) => {
    const { vault, version, signer } = await createScene({ kty });
    expect(signer.kid).toBe(version.kid);
    const signature = await signer.sign(INPUT);
    expect(signature).toHaveLength(64);
    expect(isSigned(signer, signature)).toBe(true);
    await signer.sign(INPUT);
    const path = `POST /keys/${KEY_NAME}/v1/sign`;
    expect(vault.requests).toEqual([`${path} 401`, `${path} 200`, `${path} 200`]);
    expect(vault.tokens.at(-1)).toEqual({ scope: ['https://vault.azure.net/.default'], tenant: TENANT });
  },
);

test('the identity’s token is kept from a vault whose challenge names another domain', async () => {
  const { vault, version } = await createScene();
  const { tlsOptions } = vault.access.clientOptions;
  const key = await readKey(vault, version);
  vault.tokens.length = 0;
  const signer = createKeyVaultSigner(key, { ...vault.access, clientOptions: { tlsOptions } });
  await expect(signer.sign(INPUT)).rejects.toThrow(SigningKeyUnavailableError);
  expect(vault.tokens).toEqual([]);
});

test.each([
  ['429 that says when', { status: 429, retryAfter: 1 }],
  ['429 that does not', { status: 429 }],
  ['500', { status: 500 }],
  ['503', { status: 503, retryAfter: 0 }],
  ['408', { status: 408 }],
  ['no answer', 'hang'],
  ['half an answer', 'half'],
  ['a connection closed', 'close'],
  ['half a JSON text', 'noJson'],
  ['an answer without a signature', 'empty'],
  ['a signature by another key', 'otherSignature'],
  ['a signature in DER', 'derSignature'],
] as const)('tries again after %s', async (_, fault) => {
  const { vault, signer } = await createScene();
  vault.fail('sign', fault);
  const started = vault.clock.now();
  expect(isSigned(signer, await signer.sign(INPUT))).toBe(true);
  const waited = vault.clock.now() - started;
  expect(vault.requests).toHaveLength(3);
  if (typeof fault === 'object' && 'retryAfter' in fault && fault.retryAfter > 0)
    expect(waited).toBeGreaterThanOrEqual(1_000);
});

const ALWAYS: readonly (readonly [string, VaultFault, RegExp])[] = [
  ['429', { status: 429, code: 'Throttled' }, /after 4 tries: Throttled, HTTP 429\.$/],
  ['500', { status: 500 }, /after 4 tries: Fault, HTTP 500\.$/],
  ['half an answer', 'half', /after 4 tries: \w+\.$/],
  ['half a JSON text', 'noJson', /after 4 tries: PARSE_ERROR, HTTP 200\.$/],
  ['no signature', 'empty', /after 4 tries: \w+\.$/],
  ['signatures by another key', 'otherSignature', /after 4 tries: WrongSignatureError\.$/],
  ['signatures in DER', 'derSignature', /after 4 tries: WrongSignatureError\.$/],
  ['no answer', 'hang', /after 4 tries: no answer within \d+ ms\.$/],
];

test.each(ALWAYS)('gives up within its budget on %s', async (_, fault, message) => {
  const { vault, signer } = await createScene();
  vault.fail('sign', fault, fault, fault, fault, fault);
  expect(await refusalOf(signer)).toMatch(message);
  expect(vault.clock.now()).toBeLessThanOrEqual(vault.access.limits.budget);
  // The vault is well again: so is the signer.
  vault.recover();
  expect(isSigned(signer, await signer.sign(INPUT))).toBe(true);
});

test('does not wait for longer than its budget, whatever Retry-After says', async () => {
  const { vault, signer } = await createScene();
  vault.fail('sign', { status: 429, code: 'Throttled', retryAfter: 7 });
  expect(await refusalOf(signer)).toBe('The vault did not sign: Throttled, HTTP 429.');
  expect(vault.clock.now()).toBeLessThan(vault.access.limits.budget);
});

test('asks once, and says what to do, where the vault refuses', async () => {
  const { vault, version, signer } = await createScene();
  vault.change(version, { enabled: false });
  expect(await refusalOf(signer)).toMatch(/^The vault did not sign: Forbidden, HTTP 403\. Give the identity the role/);
  vault.change(version, { enabled: true, expires: vault.now() - 1_000 });
  expect(await refusalOf(signer)).toMatch(/HTTP 403/);
  vault.isOpen = false;
  expect(await refusalOf(signer)).toMatch(/HTTP 403.*Key Vault Crypto User/);
  vault.isOpen = true;
  vault.versions.length = 0;
  expect(await refusalOf(signer)).toMatch(/KeyNotFound, HTTP 404\. Look at SIGNING_KEY_URL/);
  expect(vault.requests.filter((line) => !line.endsWith('401'))).toHaveLength(4);
});

test('a credential that fails or never answers is a failure of the key, and is not quoted', async () => {
  const { vault, version } = await createScene();
  const key = await readKey(vault, version);
  const neverAnswers = () => {
    vault.clock.pass(vault.access.limits.attempt);
    return new Promise<never>(() => undefined);
  };
  const credentials = [() => Promise.reject(new Error('the-token eyJ')), neverAnswers];
  for (const getToken of credentials) {
    expect(await refusalOf(createKeyVaultSigner(key, { ...vault.access, credential: { getToken } }))).toMatch(
      /^The vault did not sign after \d tries: (Error|no answer within \d+ ms)\.$/,
    );
  }
});

test('nobody answers', async () => {
  const { vault, version } = await createScene();
  const key = await readKey(vault, version);
  const nowhere = { ...key, id: `https://127.0.0.1:1/keys/${KEY_NAME}/${version.id}` };
  expect(await refusalOf(createKeyVaultSigner(nowhere, vault.access))).toBe(
    'The vault did not sign after 4 tries: ECONNREFUSED.',
  );
});

test.each([
  ['an RSA key', { kty: 'RSA' }],
  ['another curve', { crv: 'P-384' }],
  ['a key that may not sign', { operations: ['verify'] }],
] as const)('refuses %s', async (_, change) => {
  const vault = await startVault();
  const key = await readKey(vault, vault.addVersion(change));
  expect(() => createKeyVaultSigner(key, vault.access)).toThrow(TypeError);
});

test('refuses a disabled key', async () => {
  const vault = await startVault();
  vault.showsDisabled = true;
  const key = await readKey(vault, vault.addVersion({ enabled: false }));
  expect(() => createKeyVaultSigner(key, vault.access)).toThrow(TypeError);
});
