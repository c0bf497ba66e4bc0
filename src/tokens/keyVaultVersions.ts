import type { KeyClient, KeyProperties, KeyVaultKey } from '@azure/keyvault-keys';
import type { KeyVersion } from './keyRotation.ts';
import { isSigningKey, readVaultJwk } from './keyVaultSigner.ts';
import { thumbprint } from './publicJwk.ts';
import { SigningKeyUnavailableError } from './signer.ts';

/** A version of the key that can be published; whether it may sign as well is {@link KeyVersion.maySign}. */
export interface VaultVersion extends KeyVersion {
  /** The vault's name for it. */
  readonly id: string;
  readonly key: KeyVaultKey;
}

export interface VaultVersions {
  readonly versions: readonly VaultVersion[];
  /** Names of enabled versions that are no EC keys on P-256. */
  readonly strange: readonly string[];
}

/** Disabled ones too; at one rotation a week, five years of them. */
const MAX_VERSIONS = 250;

/**
 * Reads the enabled versions of a key. The list comes anew each time; a version's own key only where it is not in
 * `cache` as it is now, and is put there. A disabled one is never asked for: the vault need not answer. So it is as if it
 * were not there: it is not published, and what it signed cannot be verified any more, within its grace neither.
 *
 * @throws {SigningKeyUnavailableError} there are too many versions
 * @throws whatever the client throws
 */
export async function readVaultVersions(
  client: KeyClient,
  name: string,
  cache: Map<string, KeyVaultKey>,
  abortSignal: AbortSignal,
): Promise<VaultVersions> {
  const versions: VaultVersion[] = [];
  const strange: string[] = [];
  for (const properties of await listEnabled(client, name, abortSignal)) {
    const { version: id = '' } = properties;
    const cached = cache.get(id);
    const isSame = cached !== undefined && changeOf(cached.properties) === changeOf(properties);
    const key = isSame ? cached : await client.getKey(name, { version: id, abortSignal });
    cache.set(id, key);
    const version = describe(id, key, properties);
    if (version === null) strange.push(id);
    else versions.push(version);
  }
  return { versions: versions.filter(isFirstOfItsKey), strange };
}

async function listEnabled(client: KeyClient, name: string, abortSignal: AbortSignal): Promise<KeyProperties[]> {
  const listed: KeyProperties[] = [];
  for await (const properties of client.listPropertiesOfKeyVersions(name, { abortSignal })) {
    if (listed.push(properties) > MAX_VERSIONS) {
      throw new SigningKeyUnavailableError(`the key has more than ${MAX_VERSIONS} versions: start a new key`);
    }
  }
  return listed.filter(({ enabled }) => enabled === true);
}

function describe(id: string, key: KeyVaultKey, properties: KeyProperties): VaultVersion | null {
  const publicJwk = readVaultJwk(key);
  if (publicJwk === null) return null;
  const { createdOn, notBefore, expiresOn } = properties;
  return {
    ...{ id, key, publicJwk },
    maySign: isSigningKey(key),
    createdAt: createdOn?.getTime() ?? 0,
    changedAt: changeOf(properties),
    notBefore: notBefore?.getTime() ?? null,
    expiresAt: expiresOn?.getTime() ?? null,
  };
}

function changeOf({ createdOn, updatedOn }: KeyProperties): number {
  return Math.max(createdOn?.getTime() ?? 0, updatedOn?.getTime() ?? 0);
}

/** The same key can have been imported twice; a key set names it once. */
function isFirstOfItsKey(version: VaultVersion, index: number, versions: readonly VaultVersion[]): boolean {
  const kid = thumbprint(version.publicJwk);
  return versions.findIndex(({ publicJwk }) => thumbprint(publicJwk) === kid) === index;
}
