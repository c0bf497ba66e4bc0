import { createHash } from 'node:crypto';
import { CryptographyClient } from '@azure/keyvault-keys';
import type { CryptographyClientOptions, KeyClient, KeyVaultKey } from '@azure/keyvault-keys';
import type { PublicJwk } from '../contract/wire.ts';
import { encodeBase64Url } from '../contract/base64.ts';
import { verifyEs256 } from './es256.ts';
import { parsePublicJwk, publicKeyOf, thumbprint } from './publicJwk.ts';
import type { Signer } from './signer.ts';
import { callVault, VAULT_LIMITS } from './vaultCall.ts';
import type { VaultLimits, VaultOperation } from './vaultCall.ts';

export interface VaultAccess {
  /** A credential of an identity library; it is asked for the scope that the vault names. */
  readonly credential: ConstructorParameters<typeof KeyClient>[1];
  readonly limits?: VaultLimits;
  /** For tests: trust in a vault of their own. */
  readonly clientOptions?: CryptographyClientOptions;
}

/** The client's own retries know no budget, and nothing of the vault's answers is somewhere else. */
export function clientOptionsOf({ clientOptions }: VaultAccess): CryptographyClientOptions {
  return { ...clientOptions, retryOptions: { maxRetries: 0 }, redirectOptions: { maxRetries: 0 } };
}

/** The public half of a version, or null where it is not an EC key on P-256, in software or HSM. */
export function readVaultJwk({ key }: KeyVaultKey): PublicJwk | null {
  if (key === undefined || !['EC', 'EC-HSM'].includes(key.kty ?? '')) return null;
  const { crv, x, y } = key;
  if (x === undefined || y === undefined) return null;
  return parsePublicJwk({ kty: 'EC', crv, x: encodeBase64Url(x), y: encodeBase64Url(y) });
}

/** Whether the version is enabled and may sign, apart from its times. */
export function isSigningKey({ keyOperations, properties }: KeyVaultKey): boolean {
  return properties.enabled === true && (keyOperations ?? []).includes('sign');
}

/**
 * A signer over one version of a key in Azure Key Vault. The vault is sent the digest, and its answer counts only when
 * it verifies with the version's public key.
 *
 * @throws {TypeError} the version is none that {@link readVaultJwk} and {@link isSigningKey} accept
 */
export function createKeyVaultSigner(
  key: KeyVaultKey,
  access: VaultAccess,
  operation: VaultOperation = { name: 'sign', setting: 'SIGNING_KEY_URL' },
): Signer {
  const publicJwk = readVaultJwk(key);
  if (publicJwk === null || !isSigningKey(key)) {
    throw new TypeError('A signer needs an enabled EC key on P-256 with the operation sign.');
  }
  const client = new CryptographyClient(withoutTimes(key), access.credential, clientOptionsOf(access));
  const publicKey = publicKeyOf(publicJwk);
  const hasSigned = (signingInput: Uint8Array, signature: Uint8Array) =>
    signature.length === 64 && verifyEs256(publicKey, signingInput, signature);
  return {
    kid: thumbprint(publicJwk),
    publicJwk,
    sign: (signingInput) =>
      callVault(operation, access.limits ?? VAULT_LIMITS, async (abortSignal) => {
        const digest = createHash('sha256').update(signingInput).digest();
        const { result } = (await client.sign('ES256', digest, { abortSignal })) as { result?: Uint8Array };
        if (result === undefined || !hasSigned(signingInput, result)) throw new WrongSignatureError();
        return result;
      }),
  };
}

/** Whoever chose this version judged its times; the client would judge them again, by a clock of its own. */
function withoutTimes(key: KeyVaultKey): KeyVaultKey {
  const properties = { ...key.properties };
  delete properties.notBefore;
  delete properties.expiresOn;
  return { ...key, properties };
}

/** The vault's answer is no signature by the key: half an answer, or another key's. */
class WrongSignatureError extends Error {
  override readonly name = 'WrongSignatureError';
}
