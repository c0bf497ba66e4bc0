import type { PublicJwk } from '../contract/wire.ts';
import type { SigningKey } from './keySet.ts';
import { thumbprint } from './publicJwk.ts';
import { MAX_KEYS } from './signingKeys.ts';

/** A version with as many newer ones may be left out: two older ones can go before it, one that signs and one foreseen. */
const TOO_MANY_NEWER = MAX_KEYS - 2;

/** One version of the signing key, as whoever keeps it describes it. Times in milliseconds since the epoch. */
export interface KeyVersion {
  readonly publicJwk: PublicJwk;
  /** Whether the operation `sign` is allowed with it. */
  readonly maySign: boolean;
  readonly createdAt: number;
  /** When anything of it was last changed, or it was made. What was changed, and what it was before, is not told. */
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
  /**
   * What is to be published: the current version, those that come next, then those retired, the latest first. Of more
   * than {@link MAX_KEYS} the last are left out, and no version steps in that can have been one of these.
   */
  readonly keys: readonly SigningKey[];
}

/** A version, and what is certain of it whatever was done to it and to others before their last changes. */
interface Turn<V extends KeyVersion> {
  readonly version: V;
  /** From when everybody knows it, if it was published since it was made. */
  readonly knownAt: number;
  /** From when everybody knows it even if it was disabled until its last change; and it may sign. */
  readonly from: number;
  /** Until when it is published, if the next newer one took its place as soon as that could. */
  readonly keptUntil: number;
}

/**
 * Where each version stands at a time. All instances that see the same versions come to the same answer, and nobody has
 * to write down who signed when. Only enabled versions are to be handed in: a disabled one is not published, whatever it
 * signed. So disabling is for emergencies, and a version that is merely retired stays enabled until its time has passed.
 *
 * The newest usable version signs that has been published, unchanged, for `publishBeforeUse`. A change counts because
 * it may have been that the version was enabled again, which was not published meanwhile; it may as well have been a
 * tag or an end, and then the version has been signing. So an older one stands in for a changed one only while it is
 * certain to have been published in either case: within `keepAfterUse` of its being replaced. After that, or where all
 * have changed, the change is taken for a harmless one, and the newest signs on.
 *
 * Where no version has been there for `publishBeforeUse` (the first key, or all others disabled), the first of them
 * signs.
 */
export function planRotation<V extends KeyVersion>(
  versions: readonly V[],
  at: number,
  rules: RotationRules,
): Rotation<V> {
  const turns = orderTurns(versions, rules);
  const current = findCurrent(turns, at);
  const place = current === null ? -1 : turns.indexOf(current);
  const foreseen = foresee(turns, at, rules);
  const comesAt = (turn: Turn<V>, index: number) =>
    index > place && turn.from > at && at < endOf(turn.version) ? turn.from : (foreseen.get(turn) ?? null);
  const others = turns
    .map((turn, index) => ({ turn, from: comesAt(turn, index) }))
    .filter(({ turn }) => turn !== current);
  const keys: SigningKey[] = [
    ...(current === null ? [] : [{ state: 'current', ...describeKey(current) } as const]),
    ...others.flatMap(({ turn, from }) =>
      from === null ? [] : [{ state: 'next', ...describeKey(turn), from } as const],
    ),
    ...others
      .toReversed()
      .filter(({ from }) => from === null)
      .map(({ turn }) => ({ turn, until: lastUse(turn, turns, at) + rules.keepAfterUse }))
      .filter(({ until }) => at < until)
      .map(({ turn, until }) => ({ state: 'retired', ...describeKey(turn), until }) as const),
  ];
  return { current: current?.version ?? null, keys };
}

function describeKey({ version: { publicJwk, createdAt } }: Turn<KeyVersion>) {
  return { publicJwk, createdAt };
}

/** From the oldest to the newest. */
function orderTurns<V extends KeyVersion>(versions: readonly V[], rules: RotationRules): Turn<V>[] {
  const { publishBeforeUse, keepAfterUse } = rules;
  // The thumbprint settles a draw, so that instances agree.
  const name = (version: V) => thumbprint(version.publicJwk);
  return versions
    .toSorted((left, right) => left.createdAt - right.createdAt || (name(left) < name(right) ? -1 : 1))
    .map((version, index, sorted) => {
      const replacedAt = (sorted[index + 1]?.createdAt ?? Number.POSITIVE_INFINITY) + publishBeforeUse;
      const leftOutAt = sorted[index + TOO_MANY_NEWER]?.createdAt ?? Number.POSITIVE_INFINITY;
      return {
        version,
        knownAt: version.createdAt + publishBeforeUse,
        from: Math.max(version.changedAt + publishBeforeUse, version.notBefore ?? version.createdAt),
        keptUntil: Math.min(replacedAt + keepAfterUse, leftOutAt),
      };
    });
}

function findCurrent<V extends KeyVersion>(turns: readonly Turn<V>[], at: number): Turn<V> | null {
  const usable = turns.filter(({ version }) => isUsable(version, at));
  const newest = usable.findLast(({ knownAt }) => knownAt <= at);
  const settled = usable.findLast(({ from }) => from <= at);
  if (newest === undefined) return usable.toSorted((left, right) => firstUse(left) - firstUse(right))[0] ?? null;
  return settled !== undefined && newest.version.changedAt < settled.keptUntil ? settled : newest;
}

function firstUse({ version }: Turn<KeyVersion>): number {
  return Math.max(version.createdAt, version.notBefore ?? version.createdAt);
}

/** The versions that step in where another ends within `publishBeforeUse`, and when; they can be long retired. */
function foresee<V extends KeyVersion>(
  turns: readonly Turn<V>[],
  at: number,
  { publishBeforeUse }: RotationRules,
): Map<Turn<V>, number> {
  // The earliest comes last, so that it is the one that stays.
  const ends = turns
    .map(({ version }) => endOf(version))
    .filter((end) => at < end && end <= at + publishBeforeUse)
    .toSorted((left, right) => right - left);
  const stepsIn = ends.map((end) => [findCurrent(turns, end), end] as const);
  return new Map(stepsIn.filter((entry): entry is [Turn<V>, number] => entry[0] !== null));
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
