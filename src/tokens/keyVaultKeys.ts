import { CLOCK_SKEW } from '../contract/clocks.ts';
import { KeyClient } from '@azure/keyvault-keys';
import type { KeyVaultKey } from '@azure/keyvault-keys';
import { planRotation } from './keyRotation.ts';
import type { Rotation, RotationRules } from './keyRotation.ts';
import { clientOptionsOf, createKeyVaultSigner } from './keyVaultSigner.ts';
import type { VaultAccess } from './keyVaultSigner.ts';
import { readVaultVersions } from './keyVaultVersions.ts';
import type { VaultVersion, VaultVersions } from './keyVaultVersions.ts';
import { thumbprint } from './publicJwk.ts';
import { ANY_KEY, MAX_KEYS } from './signingKeys.ts';
import type { MaySign, PublishedKeys, SigningKeys } from './signingKeys.ts';
import { SigningKeyUnavailableError } from './signer.ts';
import type { Signer } from './signer.ts';
import { callVault, VAULT_LIMITS } from './vaultCall.ts';

export interface KeyVaultKeysOptions extends VaultAccess {
  /** `https://<vault>/keys/<name>`, without a version: all its enabled versions count. */
  readonly keyUrl: string;
  readonly rules: RotationRules;
}

/** Milliseconds that the list of versions is kept. */
const REFRESH_AFTER = 60_000;
/** Milliseconds until it is asked for again after it could not be read. */
const RETRY_AFTER = 10_000;
/** Milliseconds: a request may come to this after another that began later and had the list read. */
const MAX_OVERTAKEN = 2_000;
/** Milliseconds before the last version's end at which somebody should make another. */
const WARN_BEFORE_END = 14 * 24 * 60 * 60 * 1000;

const LIST = { name: 'list the versions of the signing key', setting: 'SIGNING_KEY_URL' } as const;

interface Snapshot extends VaultVersions {
  readonly readAt: number;
}

/** An attempt to read that came to nothing, and when it began. */
interface Failure {
  readonly at: number;
  readonly error: unknown;
}

/**
 * The versions of one key in Azure Key Vault. They are read again after a minute; while they cannot be, what was read
 * last stays in use, so that the vault's outage does not take the key set away. Where nothing was read yet, the
 * error of the last attempt is given for some seconds, so that not every request waits for a vault that is away.
 *
 * What an operator does to a version, and what comes of it:
 * - **Makes a new one**: it is published, and signs after the lead. The one before it signs no more, and stays in the key
 *   set for as long as a licence under it may live, grace included. Nothing is to be done for that.
 * - **Disables one**: it leaves the key set at once (within a minute here, and when what others keep of the key set has
 *   aged), and no licence under it is valid any more, nor within its grace. An older version signs, or the next, without
 *   having been published for the lead. That is right for a key that others may have, and wrong as ordinary
 *   retirement: it takes the licence, and the grace, from VMs that did nothing wrong.
 * - **Takes the operation `sign` from one**: it never signs again, whatever becomes of the newer ones, and stays published
 *   for its licences. This is the way to retire one for good, once a newer one signs.
 * - **Enables one again**: while the one that was there before it is still kept for its licences, the version is published
 *   for the lead and then signs. Later than that, it cannot be told from one that was merely edited, and signs at once:
 *   set its activation date at least the lead ahead, or make a new version.
 * - **Edits one** (a tag, an expiry): the version in use signs on, or, while the one before it is still kept, that one
 *   signs for the lead. Either was published all the time.
 * - **Lets one expire** with no newer one there: the newest older version that may sign steps in, published for the lead
 *   before that. Where none may, nothing signs.
 */
export function createKeyVaultKeys(options: KeyVaultKeysOptions): SigningKeys {
  const readSnapshot = createReader(options);
  // A signer has a client of its own, which keeps its token: made once for each version.
  let latest: { readonly key: KeyVaultKey; readonly signer: Signer } | null = null;
  return {
    readSigner: async (at, choices = [ANY_KEY]) => {
      const { versions } = await readSnapshot(at);
      const current = findCurrent(versions, { at, rules: options.rules, choices });
      if (current === null)
        throw new SigningKeyUnavailableError('No version of the signing key may sign: make a new one.');
      const { key } = current;
      if (latest?.key !== key) latest = { key, signer: createKeyVaultSigner(key, options) };
      return latest.signer;
    },
    readPublished: async (at) => publish(await readSnapshot(at), at, options.rules),
  };
}

interface Choosing {
  readonly at: number;
  readonly rules: RotationRules;
  readonly choices: readonly MaySign[];
}

/** The versions that may not sign are looked at as if they were not there. */
function findCurrent(versions: readonly VaultVersion[], { at, rules, choices }: Choosing): VaultVersion | null {
  for (const maySign of choices) {
    const eligible = versions.filter(({ publicJwk }) => maySign(thumbprint(publicJwk)));
    const { current } = planRotation(eligible, at, rules);
    if (current !== null) return current;
  }
  return null;
}

function createReader(options: KeyVaultKeysOptions): (at: number) => Promise<Snapshot> {
  const { origin, pathname } = new URL(options.keyUrl);
  const client = new KeyClient(origin, options.credential, clientOptionsOf(options));
  const cache = new Map<string, KeyVaultKey>();
  const read = (at: number) =>
    callVault(LIST, options.limits ?? VAULT_LIMITS, async (signal) => {
      const versions = await readVaultVersions(client, pathname.split('/')[2] ?? '', cache, signal);
      return { ...versions, readAt: at };
    });
  let latest: Snapshot | null = null;
  let failure: Failure | null = null;
  let pending: Promise<void> | null = null;
  const refresh = (at: number) =>
    read(at)
      .then(
        (snapshot) => {
          latest = snapshot;
          failure = null;
        },
        (error: unknown) => {
          failure = { at, error };
        },
      )
      .finally(() => (pending = null));
  return async (at) => {
    const isFresh = latest !== null && isWithin(REFRESH_AFTER, latest.readAt, at);
    // A request that began before the one that failed is no reason to ask again either.
    const isTooSoon = failure !== null && Math.abs(at - failure.at) < RETRY_AFTER;
    if (!isFresh && !isTooSoon) await (pending ??= refresh(at));
    if (latest !== null) return latest;
    throw failure?.error;
  };
}

/** A time well before `since` is none within it: a clock was set back. */
function isWithin(milliseconds: number, since: number, at: number): boolean {
  return since - MAX_OVERTAKEN <= at && at < since + milliseconds;
}

function publish(snapshot: Snapshot, at: number, rules: RotationRules): PublishedKeys {
  const rotation = planRotation(snapshot.versions, at, rules);
  if (rotation.keys.length === 0) {
    throw new SigningKeyUnavailableError('The vault has no enabled version of the signing key that can be published.');
  }
  return {
    keys: rotation.keys.slice(0, MAX_KEYS),
    asOf: snapshot.readAt,
    // A version that was made right after the reading is not used before this, by whatever instance.
    goodUntil: snapshot.readAt + rules.publishBeforeUse - CLOCK_SKEW,
    troubles: findTroubles(snapshot, rotation, at),
  };
}

function findTroubles(snapshot: Snapshot, rotation: Rotation<VaultVersion>, at: number): string[] {
  const { current, keys } = rotation;
  const troubles = snapshot.strange.map((id) => `version ${id} is not an EC key on P-256, and is left out`);
  if (at >= snapshot.readAt + REFRESH_AFTER) troubles.push('the vault does not list the versions of the key');
  if (keys.length > MAX_KEYS) troubles.push(`more than ${MAX_KEYS} versions are enabled, and the oldest are left out`);
  const end = current?.expiresAt ?? null;
  if (current !== null && end !== null && end - at < WARN_BEFORE_END && !hasSuccessor(current, snapshot.versions)) {
    troubles.push(`the key expires on ${new Date(end).toISOString()}, and there is no next one`);
  }
  return troubles;
}

/** An older version that steps in at the end is none: it was rotated away. */
function hasSuccessor(current: VaultVersion, versions: readonly VaultVersion[]): boolean {
  const end = current.expiresAt ?? Number.POSITIVE_INFINITY;
  const outlives = ({ maySign, expiresAt }: VaultVersion) => maySign && (expiresAt === null || end < expiresAt);
  return versions.some((version) => version.createdAt > current.createdAt && outlives(version));
}
