import { formatInstant } from '../contract/instants.ts';
import type { Log } from '../http/edge.ts';
import type { SigningKey } from '../tokens/keySet.ts';
import type { KeySets, RootState } from '../tokens/keySets/keySets.ts';
import { thumbprint } from '../tokens/publicJwk.ts';
import type { SigningKeys } from '../tokens/signingKeys.ts';
import { isPinCurrent } from '../trust/pin.ts';
import type { LiveTrust } from '../trust/live/liveTrust.ts';
import type { IssuerStore } from '../trust/live/unknownIssuer.ts';
import { reportTrust } from '../trust/trustStatus.ts';
import { signerRules } from '../verifier/signerRules.ts';
import type { PoolViewStore } from '../views/store.ts';

export interface WatchNeeds {
  readonly store: Pick<PoolViewStore, 'pagePoolViews'> & Pick<IssuerStore, 'listIssuers'>;
  readonly trust: Pick<LiveTrust, 'refresh'>;
  readonly signingKeys: Pick<SigningKeys, 'readPublished'>;
  readonly keySets: Pick<KeySets, 'read'>;
  /** The names of the challenge secrets; the first signs. */
  readonly challengeKids: readonly string[];
  readonly acceptedClouds: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Lines of an hour. */
const MAX_POOLS = 100;
/** Milliseconds: an unknown issuer is told in the hour in which it was seen, and in the next one. */
const SEEN_LATELY = 2 * HOUR;

/**
 * Writes what changes without anybody asking: one line for each pin and each accepted cloud, each key, each of the 100
 * fullest pools, and each unknown issuer that was seen lately. What cannot be read keeps nothing else from its lines.
 *
 * @throws {StoreUnavailableError}
 * @throws {SigningKeyUnavailableError}
 */
export async function watchState(needs: WatchNeeds, log: Log): Promise<void> {
  const at = needs.now();
  const told = await Promise.allSettled([
    watchTrust(needs, at, log),
    watchKeys(needs, at, log),
    watchPools(needs, log),
    watchIssuers(needs, at, log),
  ]);
  for (const outcome of told) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Whole days, rounded down: less than a day is none. */
const daysUntil = (end: number, at: number) => Math.floor((end - at) / DAY);

const daysSince = (begin: number | undefined, at: number) => (begin === undefined ? null : daysUntil(at, begin));

async function watchTrust({ trust, acceptedClouds }: WatchNeeds, at: number, log: Log): Promise<void> {
  const { material } = await trust.refresh(at);
  const manifests = material.manifests.filter(({ cloud }) => acceptedClouds.includes(cloud));
  for (const { cloud, pins } of manifests) {
    for (const pin of pins.filter((one) => isPinCurrent(one, at))) {
      const { name, role, sha256, notAfter } = pin;
      log('info', 'pin_watched', { cloud, name, role, sha256, daysLeft: daysUntil(notAfter, at) });
    }
  }
  const { clouds } = reportTrust(material, { acceptedClouds, rules: signerRules(true), at });
  for (const { cloud, pathUntil, path } of clouds.filter(({ accepted }) => accepted)) {
    const daysLeft = pathUntil === null ? 0 : daysUntil(pathUntil, at);
    log('info', 'path_watched', { cloud, daysLeft, path });
  }
}

interface KeyFacts {
  readonly kind: 'signing' | 'root' | 'challenge';
  readonly id: string | null;
  readonly state: 'next' | 'current' | 'retired';
  /** `null` where nobody tells when it was made. */
  readonly ageDays: number | null;
  /** What takes its place, if anything does yet. */
  readonly successor: string | null;
  /** When the successor signs, where that is known. */
  readonly successorFrom?: string;
  /** Of the key set under a root key, which nobody signs anew on its own. */
  readonly setDaysLeft?: number | null;
}

async function watchKeys(needs: WatchNeeds, at: number, log: Log): Promise<void> {
  const { keys } = await needs.signingKeys.readPublished(at);
  const roots = await needs.keySets.read(at);
  const all = [...describeSigning(keys, at), ...describeRoots(roots, at), ...describeSecrets(needs.challengeKids)];
  for (const key of all) log('info', 'key_watched', { ...key });
}

function describeSigning(keys: readonly SigningKey[], at: number): KeyFacts[] {
  const next = keys.find(({ state }) => state === 'next');
  const current = keys.find(({ state }) => state === 'current');
  const nameOf = (key: SigningKey | undefined) => (key === undefined ? null : thumbprint(key.publicJwk));
  const from = next?.state === 'next' && next.from !== null ? { successorFrom: formatInstant(next.from) } : {};
  return keys.map((key) => {
    const { state, createdAt } = key;
    const told = { kind: 'signing', id: nameOf(key), state, ageDays: daysSince(createdAt, at) } as const;
    if (state === 'current') return { ...told, successor: nameOf(next), ...from };
    return { ...told, successor: state === 'retired' ? nameOf(current) : null };
  });
}

function describeRoots(roots: readonly RootState[], at: number): KeyFacts[] {
  return roots.map(({ thumbprint: id, createdAt, set }, index) => ({
    ...{ kind: 'root', id, state: 'current', ageDays: daysSince(createdAt, at) },
    successor: roots[index + 1]?.thumbprint ?? null,
    setDaysLeft: set === null ? null : daysUntil(set.claims.exp * 1_000, at),
  }));
}

/** The first one signs; the second one is of before, and verifies what it signed. */
function describeSecrets([signing, former]: readonly string[]): KeyFacts[] {
  const told = { kind: 'challenge', ageDays: null } as const;
  return [
    ...(signing === undefined ? [] : [{ ...told, id: signing, state: 'current', successor: null } as const]),
    ...(former === undefined ? [] : [{ ...told, id: former, state: 'retired', successor: signing ?? null } as const]),
  ];
}

async function watchPools({ store }: WatchNeeds, log: Log): Promise<void> {
  const { items } = await store.pagePoolViews('fullest', { size: MAX_POOLS });
  for (const { value } of items) {
    const { name: pool, licenceId, offer, cloud, seats, overage, taken, over } = value;
    log('info', 'pool_watched', { pool, licenceId, offer, cloud, taken, seats, overage, over });
  }
}

async function watchIssuers({ store }: WatchNeeds, at: number, log: Log): Promise<void> {
  const issuers = await store.listIssuers();
  for (const { name, cloud, firstSeen, lastSeen, count } of issuers) {
    if (lastSeen < at - SEEN_LATELY) continue;
    const seen = { firstSeen: formatInstant(firstSeen), lastSeen: formatInstant(lastSeen) };
    log('warn', 'issuer_watched', { cloud, name, ...seen, count });
  }
}
