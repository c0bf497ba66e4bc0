import { MAX_DURATION } from '../contract/durations.ts';
import { createKeySet } from '../tokens/keySet.ts';
import { createLocalKeys } from '../tokens/localKeys.ts';
import type { KeySetStore } from '../tokens/keySetStore.ts';
import type { VaultAccess } from '../tokens/keyVaultSigner.ts';
import { createLocalRoot } from '../tokens/rootKey.ts';
import type { RootKey } from '../tokens/rootKey.ts';
import type { SigningKeys } from '../tokens/signingKeys.ts';
import type { ServiceConfig } from './config.ts';
import { loadOnce } from '../contract/loadOnce.ts';
import { createManagedIdentity } from './managedIdentity.ts';
import type { KeySets } from '../tokens/keySets/keySets.ts';
import { SignedKeySets } from '../tokens/keySets/signedKeySets.ts';
import { UploadedKeySets } from '../tokens/keySets/uploadedKeySets.ts';

/**
 * The signing keys that the configuration names. Makes no request before their first use.
 *
 * @param access a test's own vault
 * @throws {SigningKeyError}
 */
export async function createSigningKeys(config: ServiceConfig, access?: VaultAccess): Promise<SigningKeys> {
  const { signingKey, SIGNING_KEY_URL: keyUrl = '', SIGNING_KEY_LEAD_SECONDS: lead } = config;
  if (signingKey !== null) return createLocalKeys(signingKey);
  const vault = access ?? { credential: await createManagedIdentity(config) };
  // No offer has a longer lifetime, nor a longer grace after it.
  const rules = { publishBeforeUse: lead * 1000, keepAfterUse: 2 * MAX_DURATION };
  // The vault's library is loaded by the first request that needs a key: each start would pay for it.
  const load = loadOnce(async () =>
    (await import('../tokens/keyVaultKeys.ts')).createKeyVaultKeys({ ...vault, keyUrl, rules }),
  );
  return {
    readSigner: async (at, choices) => (await load()).readSigner(at, choices),
    readPublished: async (at) => (await load()).readPublished(at),
  };
}

export interface CreatedKeySets {
  readonly keySets: KeySets;
  /** Where administrators upload sets; null where the service signs its own, or none. */
  readonly uploads: UploadedKeySets | null;
}

export interface KeySetNeeds {
  readonly signingKeys: SigningKeys;
  readonly store: KeySetStore;
  /** A test's own vault. */
  readonly rootVault?: VaultAccess | undefined;
}

/** The key sets under the root keys that the configuration names. Makes no request before their first use. */
export async function createKeySets(config: ServiceConfig, needs: KeySetNeeds): Promise<CreatedKeySets> {
  const { ISSUER: issuer, root } = config;
  const [life, lead] = [config.LICENCE_LIFE_SECONDS * 1_000, config.SIGNING_KEY_LEAD_SECONDS * 1_000];
  const { signingKeys, store } = needs;
  if (root.kind === 'none') return { keySets: createKeySetsWithoutRoot(signingKeys, life), uploads: null };
  if (root.kind === 'upload') {
    const options = { issuer, rootKeys: root.thumbprints, signingKeys, store, life, lead };
    const uploads = new UploadedKeySets(options);
    return { keySets: uploads, uploads };
  }
  const roots =
    root.kind === 'setting' ? root.keys.map(createLocalRoot) : await createVaultRoots(config, root.keyUrls, needs);
  return { keySets: new SignedKeySets({ issuer, roots, signingKeys, life, lead }), uploads: null };
}

async function createVaultRoots(
  config: ServiceConfig,
  keyUrls: readonly string[],
  { rootVault }: KeySetNeeds,
): Promise<readonly RootKey[]> {
  const access = rootVault ?? { credential: await createManagedIdentity(config) };
  return keyUrls.map((keyUrl) => {
    const load = loadOnce(async () =>
      (await import('../tokens/keyVaultRoot.ts')).createKeyVaultRoot({ ...access, keyUrl }),
    );
    return { source: 'vault', readSigner: async () => (await load()).readSigner() };
  });
}

/** A service on a loopback issuer without a root key: nothing is signed, and its clients trust on first use. */
function createKeySetsWithoutRoot(signingKeys: SigningKeys, life: number): KeySets {
  return {
    readRootKeys: () => Promise.resolve([]),
    read: () => Promise.resolve([]),
    readSigner: (at) => signingKeys.readSigner(at),
    readPublished: async (at) => {
      const { keys, goodUntil } = await signingKeys.readPublished(at);
      return { keys: createKeySet(keys, at).keys, goodUntil };
    },
    readLife: () => Promise.resolve(life),
  };
}
