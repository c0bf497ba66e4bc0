import { KeyClient } from '@azure/keyvault-keys';
import type { KeyVaultKey } from '@azure/keyvault-keys';
import { clientOptionsOf, createKeyVaultSigner, isSigningKey, readVaultJwk } from './keyVaultSigner.ts';
import type { VaultAccess } from './keyVaultSigner.ts';
import { readVaultVersions } from './keyVaultVersions.ts';
import type { RootKey, RootSigner } from './rootKey.ts';
import { SigningKeyUnavailableError } from './signer.ts';
import { callVault, VAULT_LIMITS } from './vaultCall.ts';

export interface KeyVaultRootOptions extends VaultAccess {
  /** `https://<vault>/keys/<name>`, or with `/<version>` behind it. */
  readonly keyUrl: string;
}

const SETTING = 'ROOT_KEY_URL';
const READ = { name: 'read the root key', setting: SETTING } as const;
const SIGN = { name: 'sign with the root key', setting: SETTING } as const;

/**
 * A root key in Azure Key Vault. Where the URL names no version, the oldest enabled version that may sign is the root:
 * images carry its thumbprint, so that a newer version, made by a rotation policy for instance, must not take its place.
 *
 * The key is read once. It is read again after it failed to sign.
 */
export function createKeyVaultRoot(options: KeyVaultRootOptions): RootKey {
  let known: Promise<RootSigner> | null = null;
  const forget = () => {
    known = null;
  };
  return {
    source: 'vault',
    readSigner: async () => {
      known ??= readRoot(options).then((key) => createRootSigner(key, options, forget));
      try {
        return await known;
      } catch (error) {
        forget();
        throw error;
      }
    },
  };
}

function createRootSigner(key: KeyVaultKey, options: KeyVaultRootOptions, onFailure: () => void): RootSigner {
  const signer = createKeyVaultSigner(key, options, SIGN);
  const createdAt = key.properties.createdOn?.getTime();
  return {
    ...signer,
    ...(createdAt !== undefined && { createdAt }),
    sign: async (signingInput) => {
      try {
        return await signer.sign(signingInput);
      } catch (error) {
        onFailure();
        throw error;
      }
    },
  };
}

async function readRoot(options: KeyVaultRootOptions): Promise<KeyVaultKey> {
  const { origin, pathname } = new URL(options.keyUrl);
  const [, , name = '', version] = pathname.split('/');
  const client = new KeyClient(origin, options.credential, clientOptionsOf(options));
  const key = await callVault(READ, options.limits ?? VAULT_LIMITS, (abortSignal) =>
    version === undefined ? readOldest(client, name, abortSignal) : client.getKey(name, { version, abortSignal }),
  );
  if (key === null || readVaultJwk(key) === null || !isSigningKey(key)) {
    throw new SigningKeyUnavailableError(`${SETTING} names no enabled EC key on P-256 with the operation sign.`);
  }
  return key;
}

async function readOldest(client: KeyClient, name: string, abortSignal: AbortSignal): Promise<KeyVaultKey | null> {
  const { versions } = await readVaultVersions(client, name, new Map(), abortSignal);
  const usable = versions.filter(({ maySign }) => maySign);
  return usable.toSorted((left, right) => left.createdAt - right.createdAt)[0]?.key ?? null;
}
