import type { PublicJwk } from '../contract/wire.ts';
import type { SigningKey } from './keySet.ts';
import { thumbprint } from './publicJwk.ts';

/** One version of the signing key, as whoever keeps it describes it. Times in milliseconds since the epoch. */
export interface KeyVersion {
  readonly publicJwk: PublicJwk;
  /** Whether the operation `sign` is allowed with it. */
  readonly maySign: boolean;
  readonly createdAt: number;
  /** When it was last changed, or made. Enabling it again is a change: it was not published meanwhile. */
  readonly changedAt: number;
  readonly notBefore: number | null;
  readonly expiresAt: number | null;
}

/** Milliseconds. */
export interface RotationRules {
  /** How long a version is published before it signs: longer than anybody keeps the key set. */
  readonly publishBeforeUse: number;
  /** How long it is published after it last signed: the longest life of a licence, grace included. */
  readonly keepAfterUse: number;
}

export interface Rotation<V extends KeyVersion> {
  /** The version that signs; null where none may. */
  readonly current: V | null;
  /** What is to be published: the current version, those that come next, then those retired, the latest first. */
  readonly keys: readonly SigningKey[];
}

/** A version, and since when it may sign. */
interface Turn<V extends KeyVersion> {
  readonly version: V;
  readonly from: number;
}

/**
 * Where each version stands at a time. All instances that see the same versions come to the same answer, and nobody has
 * to write down who signed when.
 *
 * The newest usable version signs that has been published, unchanged, for `publishBeforeUse`. Where none has (the first
 * key, or all others disabled), the one that will have been first.
 */
export function planRotation<V extends KeyVersion>(
  versions: readonly V[],
  at: number,
  rules: RotationRules,
): Rotation<V> {
  const turns = orderTurns(versions, rules);
  const current = findCurrent(turns, at);
  const place = current === null ? -1 : turns.indexOf(current);
  const isNext = ({ version, from }: Turn<V>, index: number) => index > place && from > at && at < endOf(version);
  const next = turns.filter(isNext);
  const retired = turns.filter((turn, index) => turn !== current && !isNext(turn, index)).toReversed();
  const keys: SigningKey[] = [
    ...(current === null ? [] : [{ state: 'current', publicJwk: current.version.publicJwk } as const]),
    ...next.map(({ version, from }) => ({ state: 'next', publicJwk: version.publicJwk, from }) as const),
    ...retired
      .map((turn) => ({ turn, until: lastUse(turn, turns, at) + rules.keepAfterUse }))
      .filter(({ until }) => at < until)
      .map(({ turn, until }) => ({ state: 'retired', publicJwk: turn.version.publicJwk, until }) as const),
  ];
  return { current: current?.version ?? null, keys };
}

/** From the oldest to the newest. */
function orderTurns<V extends KeyVersion>(versions: readonly V[], { publishBeforeUse }: RotationRules): Turn<V>[] {
  // The thumbprint settles a draw, so that instances agree.
  const name = (version: V) => thumbprint(version.publicJwk);
  return versions
    .toSorted((left, right) => left.createdAt - right.createdAt || (name(left) < name(right) ? -1 : 1))
    .map((version) => ({
      version,
      from: Math.max(version.changedAt + publishBeforeUse, version.notBefore ?? version.createdAt),
    }));
}

function findCurrent<V extends KeyVersion>(turns: readonly Turn<V>[], at: number): Turn<V> | null {
  const usable = turns.filter(({ version }) => isUsable(version, at));
  const earliest = usable.toSorted((left, right) => left.from - right.from)[0];
  return usable.findLast(({ from }) => from <= at) ?? earliest ?? null;
}

function isUsable(version: KeyVersion, at: number): boolean {
  return version.maySign && (version.notBefore ?? at) <= at && at < endOf(version);
}

/** When a version stops signing. Where the permission was taken from it, that was its last change at the latest. */
function endOf({ maySign, changedAt, expiresAt }: KeyVersion): number {
  return maySign ? (expiresAt ?? Number.POSITIVE_INFINITY) : changedAt;
}

/** The latest time at which this version can have signed: one at which no newer version was there to do it. */
function lastUse<V extends KeyVersion>(turn: Turn<V>, turns: readonly Turn<V>[], at: number): number {
  const newer = turns.slice(turns.indexOf(turn) + 1);
  // An end that was set afterwards is no proof that the version did not sign until then.
  let last = Math.min(at, Math.max(endOf(turn.version), turn.version.changedAt));
  for (;;) {
    const end = last;
    const instead = newer.find(({ version, from }) => from < end && end <= endOf(version));
    if (instead === undefined) return last;
    last = instead.from;
  }
}
