import type { PublishedJwk } from '../../contract/claims.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import type { Change, Recorded } from '../../contract/stored.ts';
import type { KeySetStore, UploadedKeySet } from '../keySetStore.ts';
import { explainKeySetFault, verifyKeySet } from '../signedKeySet.ts';
import type { SigningKeys } from '../signingKeys.ts';
import type { Signer } from '../signer.ts';
import { KeySetMissingError, chooseAmong, hasEnded } from './keySets.ts';
import type { KeySets, PublishedKeySet, RootState, ServedSet } from './keySets.ts';

const SECOND = 1_000;

/** A set that was uploaded is served by every instance within half a minute; these are milliseconds of age. */
const REFRESHED_BEHIND = 10 * SECOND;
const REFRESHED_BEFORE = 25 * SECOND;

/** Milliseconds until the store is asked again after it did not answer. */
const RETRY_AFTER = 10 * SECOND;

/** Milliseconds: a request may come to this after another that began later and asked the store. */
const MAX_OVERTAKEN = 2 * SECOND;

/** How often a write is tried again where somebody else wrote at the same time. */
const MAX_TRIES = 4;

export interface UploadedKeySetsOptions {
  readonly issuer: string;
  /** RFC 7638 thumbprints of the roots, one or two. */
  readonly rootKeys: readonly string[];
  readonly signingKeys: SigningKeys;
  readonly store: KeySetStore;
  /** Milliseconds from a licence's issue to the end of its grace, at most. */
  readonly life: number;
  /** Milliseconds for which a new key is in a served set before it signs. */
  readonly lead: number;
}

/** A set as the store has it, verified. */
interface StoredSet extends ServedSet {
  readonly since: UploadedKeySet['since'];
}

/** What became of an upload. */
export type Upload =
  | {
      readonly ok: true;
      readonly root: string;
      readonly set: ServedSet;
      readonly change: Change;
      readonly isNew: boolean;
    }
  | { readonly ok: false; readonly reason: 'invalid' | 'older'; readonly detail: string };

/** A set that is about to replace another one; null where there was none that can be used. */
interface Replacement {
  readonly root: string;
  readonly set: ServedSet;
  readonly before: ServedSet | null;
  readonly version: string | null;
}

type BeforeWrite = (replacement: Replacement) => Promise<unknown>;

interface Putting {
  readonly root: string;
  readonly change: Change;
  readonly beforeWrite: BeforeWrite;
}

/**
 * Key sets under root keys that stay offline: an administrator uploads what they have signed, and the store keeps the
 * newest of each root. Nothing that is in no served set signs, and nothing else is published. While the store cannot be
 * read, the sets that were read last are served until they end.
 */
export class UploadedKeySets implements KeySets {
  readonly #options: UploadedKeySetsOptions;
  #sets: ReadonlyMap<string, StoredSet> | null = null;
  /** Roots whose row cannot be used. */
  #faults: ReadonlyMap<string, Error> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;
  #failure: { readonly at: number; readonly error: Error } | null = null;
  #pending: Promise<void> | null = null;
  /** Counts what was begun and what was taken, so that an answer that was overtaken says nothing new. */
  #begun = 0;
  #taken = 0;

  constructor(options: UploadedKeySetsOptions) {
    this.#options = options;
  }

  readRootKeys(): Promise<readonly string[]> {
    return Promise.resolve(this.#options.rootKeys);
  }

  async read(at: number): Promise<readonly RootState[]> {
    const sets = await this.#readSets(at);
    return this.#options.rootKeys.map((thumbprint) => {
      const set = sets.get(thumbprint) ?? null;
      const missing = this.#explainMissing(set, thumbprint, at);
      const failure = missing ?? this.#failure?.error ?? null;
      return { thumbprint, source: 'upload', set: missing === null ? set : null, failure };
    });
  }

  async readSigner(at: number): Promise<Signer> {
    const sets = await this.#readServed(at);
    // A key is known to everybody when it is in the sets of every root, so the latest time counts.
    const since = (kid: string) => Math.max(...sets.map((set) => set.since[kid] ?? Number.POSITIVE_INFINITY));
    return this.#options.signingKeys.readSigner(at, chooseAmong(sets, since, { at, lead: this.#options.lead }));
  }

  async readPublished(at: number): Promise<PublishedKeySet> {
    const sets = await this.#readServed(at);
    const keys = new Map<string, PublishedJwk>(sets.flatMap(({ claims }) => claims.keys.map((key) => [key.kid, key])));
    // A key of a later set does not sign before it has been served for the lead.
    return { keys: [...keys.values()], goodUntil: Number.POSITIVE_INFINITY };
  }

  /** A set may tell less than the setting: then clients take no longer licence. */
  async readLife(at: number): Promise<number> {
    const sets = await this.#readServed(at);
    return Math.min(this.#options.life, ...sets.map(({ claims }) => claims.life * SECOND));
  }

  /**
   * Takes a set that a root key has signed. The newest one of each root counts; the same one again is success.
   *
   * @param beforeWrite called right before the set is written, and again where somebody else wrote at the same time
   * @throws {StoreUnavailableError}
   */
  async add(token: string, change: Change, beforeWrite: BeforeWrite = () => Promise.resolve()): Promise<Upload> {
    const { rootKeys, issuer, life } = this.#options;
    const verified = verifyKeySet(token, { rootKeys, issuer, at: change.at });
    if (!verified.ok) return { ok: false, reason: 'invalid', detail: explainKeySetFault(verified.fault) };
    const { root, claims } = verified;
    if (claims.life * SECOND < life)
      return { ok: false, reason: 'invalid', detail: explainShortLife(claims.life, life) };
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const stored = (await this.#options.store.listKeySets()).find(({ value }) => value.root === root) ?? null;
      const upload = await this.#put({ token, claims }, stored, { root, change, beforeWrite });
      if (upload !== null) return upload;
    }
    throw new StoreUnavailableError('Others wrote key sets at the same time, again and again.');
  }

  /** Null where somebody else wrote at the same time. */
  async #put(
    set: ServedSet,
    stored: Recorded<UploadedKeySet> | null,
    { root, change, beforeWrite }: Putting,
  ): Promise<Upload | null> {
    const before = stored === null ? null : this.#verify(stored.value);
    const isSame = before?.token === set.token;
    if (stored !== null && before !== null && isSame) {
      this.#take(root, before);
      return { ok: true, root, set, change: stored.change, isNew: false };
    }
    if (before !== null && before.claims.iat >= set.claims.iat) {
      return { ok: false, reason: 'older', detail: explainOlder(before, set) };
    }
    const known = before?.since ?? {};
    const since = Object.fromEntries(set.claims.keys.map(({ kid }) => [kid, known[kid] ?? change.at]));
    await beforeWrite({ root, set, before, version: stored?.version ?? null });
    const written = await this.#options.store.writeKeySet(
      { root, token: set.token, since },
      stored?.version ?? null,
      change,
    );
    if (written.outcome !== 'written') return null;
    this.#take(root, { ...set, since });
    return { ok: true, root, set, change, isNew: stored === null };
  }

  /** What this instance has written holds here at once. */
  #take(root: string, set: StoredSet): void {
    this.#begun += 1;
    this.#taken = this.#begun;
    this.#sets = new Map([...(this.#sets ?? []), [root, set]]);
    this.#faults = new Map([...this.#faults].filter(([one]) => one !== root));
  }

  /** @throws {KeySetMissingError} */
  async #readServed(at: number): Promise<readonly StoredSet[]> {
    const sets = await this.#readSets(at);
    const inForce = this.#options.rootKeys.flatMap((root) => sets.get(root) ?? []);
    const served = inForce.filter((set) => !hasEnded(set, at));
    if (served.length > 0) return served;
    const [first = ''] = this.#options.rootKeys;
    throw this.#explainMissing(sets.get(first) ?? null, first, at) ?? new KeySetMissingError(NO_SET);
  }

  #explainMissing(set: StoredSet | null, root: string, at: number): Error | null {
    if (set === null) return this.#faults.get(root) ?? new KeySetMissingError(NO_SET);
    return hasEnded(set, at) ? new KeySetMissingError(ENDED_SET) : null;
  }

  /** @throws {StoreUnavailableError} nothing was ever read */
  async #readSets(at: number): Promise<ReadonlyMap<string, StoredSet>> {
    const age = at - this.#readAt;
    const isTooSoon = this.#failure !== null && Math.abs(at - this.#failure.at) < RETRY_AFTER;
    // A clock that was set back makes rows old, not young; a request that another overtook is no such clock.
    const isOld = age < -MAX_OVERTAKEN || age >= REFRESHED_BEFORE;
    if (isOld && !isTooSoon) await this.#refreshShared(at);
    else if (age >= REFRESHED_BEHIND && !isTooSoon) void this.#refreshShared(at);
    if (this.#sets !== null) return this.#sets;
    throw this.#failure?.error ?? new StoreUnavailableError('The key sets were not read.');
  }

  #refreshShared(at: number): Promise<void> {
    this.#pending ??= this.#refresh(at).finally(() => (this.#pending = null));
    return this.#pending;
  }

  async #refresh(at: number): Promise<void> {
    this.#begun += 1;
    const turn = this.#begun;
    try {
      const rows = await this.#options.store.listKeySets();
      const read = this.#verifyAll(rows);
      this.#failure = null;
      if (turn < this.#taken) return;
      this.#readAt = at;
      [this.#sets, this.#faults, this.#taken] = [read.sets, read.faults, turn];
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      this.#failure = { at, error };
    }
  }

  #verifyAll(rows: readonly Recorded<UploadedKeySet>[]) {
    const sets = new Map<string, StoredSet>();
    const faults = new Map<string, Error>();
    for (const { value } of rows.filter((row) => this.#options.rootKeys.includes(row.value.root))) {
      const set = this.#verify(value);
      if (set === null) faults.set(value.root, new KeySetMissingError(UNUSABLE_SET));
      else sets.set(value.root, set);
    }
    return { sets, faults };
  }

  /** Whoever writes to the store is not believed: null where the root did not sign this. */
  #verify({ root, token, since }: UploadedKeySet): StoredSet | null {
    const known = this.#sets?.get(root);
    if (known?.token === token) return { ...known, since };
    const { rootKeys, issuer } = this.#options;
    const verified = verifyKeySet(token, { rootKeys, issuer, at: null });
    return verified.ok && verified.root === root ? { token, claims: verified.claims, since } : null;
  }
}

const HOW_TO = 'Sign a key set with countersign keys sign-set, and send it with countersign keys upload FILE';
const NO_SET = `no key set was uploaded yet. ${HOW_TO}`;
const ENDED_SET = `the uploaded key set has ended. ${HOW_TO}`;
const UNUSABLE_SET = `the key set in the store is not one of this root key for this issuer. ${HOW_TO}`;

function explainShortLife(set: number, life: number): string {
  return `Its life is ${set} seconds, and LICENCE_LIFE_SECONDS is ${life / SECOND}: clients would refuse longer licences. Sign it again with --life ${life / SECOND}.`;
}

function explainOlder(stored: ServedSet, { claims }: ServedSet): string {
  const formatted = [stored.claims.iat, claims.iat].map((iat) => new Date(iat * SECOND).toISOString());
  return `The stored set was signed at ${formatted[0] ?? ''}, and this one at ${formatted[1] ?? ''}. Sign a new one: only a later set replaces it.`;
}
