import { MAX_DURATION } from '../contract/durations.ts';
import type { VaultAccess } from '../tokens/keyVaultSigner.ts';
import { createLocalKeys } from '../tokens/localKeys.ts';
import type { SigningKeys } from '../tokens/signingKeys.ts';
import type { ServiceConfig } from './config.ts';
import { createManagedIdentity } from './managedIdentity.ts';

/**
 * The signing keys that the configuration names. Makes no request before their first use.
 *
 * @param access a test's own vault
 * @throws {SigningKeyError}
 */
export async function createSigningKeys(config: ServiceConfig, access?: VaultAccess): Promise<SigningKeys> {
  const { signingKey, SIGNING_KEY_URL: keyUrl = '', SIGNING_KEY_LEAD_SECONDS: lead } = config;
  if (signingKey !== null) return createLocalKeys(signingKey);
  // Only where it is needed: each start would pay for the library.
  const { createKeyVaultKeys } = await import('../tokens/keyVaultKeys.ts');
  const vault = access ?? { credential: await createManagedIdentity(config) };
  // No offer has a longer lifetime, nor a longer grace after it.
  const rules = { publishBeforeUse: lead * 1000, keepAfterUse: 2 * MAX_DURATION };
  return createKeyVaultKeys({ ...vault, keyUrl, rules });
}
