import type { KeySetClaims, PublishedJwk } from '../../contract/claims.ts';
import { numericDate } from '../../contract/instants.ts';
import { createKeySet } from '../keySet.ts';
import type { RootKey } from '../rootKey.ts';
import { KEY_SET_SECONDS, signKeySet } from '../signedKeySet.ts';
import type { MaySign, SigningKeys } from '../signingKeys.ts';
import { SigningKeyUnavailableError } from '../signer.ts';
import type { Signer } from '../signer.ts';
import { chooseAmong, hasEnded } from './keySets.ts';
import type { KeySets, PublishedKeySet, RootState, ServedSet } from './keySets.ts';

const SECOND = 1_000;

/** Milliseconds after which a set is signed anew though nothing has changed. */
const HALF_LIFE = (KEY_SET_SECONDS * SECOND) / 2;

/**
 * Milliseconds after a change of the keys at which the set is signed once more. Instances learn of a change one after
 * another, and their clocks differ: one of them may have signed the old keys with a later `iat`, which makes clients
 * refuse an earlier one. After this time every instance serves a set that is later than all sets of before. It is
 * shorter than the shortest time for which a new key is published before it signs.
 */
const SETTLED_AFTER = 300 * SECOND;

/** Milliseconds until a root key that did not sign is asked again. */
const RETRY_AFTER = 10 * SECOND;

/** Milliseconds: an older list of signing keys is not signed anew, because other instances may know more. */
const OLDEST_LIST = 120 * SECOND;

export interface SignedKeySetsOptions {
  readonly issuer: string;
  /** One or two. */
  readonly roots: readonly RootKey[];
  readonly signingKeys: SigningKeys;
  /** Milliseconds from a licence's issue to the end of its grace, at most. */
  readonly life: number;
  /** Milliseconds for which a new key is published before it signs. */
  readonly lead: number;
}

interface Failure {
  readonly at: number;
  readonly error: Error;
}

/** One root key of this instance, and what it has signed. */
interface Root {
  readonly key: RootKey;
  thumbprint: string | null;
  createdAt: number | undefined;
  set: ServedSet | null;
  /** Of the last attempt, where that failed. */
  failure: Failure | null;
}

/** The public keys, and what tells them from others. */
interface Keys {
  readonly list: readonly PublishedJwk[];
  readonly name: string;
  readonly asOf: number;
}

/**
 * Key sets that the service signs itself, with root keys that it can use. They are kept in this instance: a root key is
 * asked when the keys have changed, and when half the life of the set is over. While it cannot be reached, the last set
 * is served until it ends.
 */
export class SignedKeySets implements KeySets {
  readonly #options: SignedKeySetsOptions;
  readonly #roots: readonly Root[];
  readonly #since = new Map<string, number>();
  /** When this instance last saw the keys change. */
  #changedAt = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> | null = null;
  /** When issuing a licence last was a reason to look. */
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(options: SignedKeySetsOptions) {
    this.#options = options;
    this.#roots = options.roots.map((key) => ({
      key,
      thumbprint: null,
      createdAt: undefined,
      set: null,
      failure: null,
    }));
  }

  async readRootKeys(at: number): Promise<readonly string[]> {
    const roots = await this.read(at);
    return roots.map(({ thumbprint, failure }) => {
      if (thumbprint !== null) return thumbprint;
      throw failure ?? new SigningKeyUnavailableError('A root key was not read yet.');
    });
  }

  async read(at: number): Promise<readonly RootState[]> {
    const refreshed = this.#refresh(at);
    // A root key that is slow delays nobody while what it signed before still says what is true.
    if (await this.#isCurrent(at)) refreshed.catch(() => undefined);
    else await refreshed;
    const states = this.#roots.map(({ key, thumbprint, createdAt, set, failure }) => ({
      ...{ thumbprint, source: key.source, ...(createdAt !== undefined && { createdAt }) },
      set: set === null || hasEnded(set, at) ? null : set,
      failure: failure?.error ?? null,
    }));
    return states.filter(isFirstOfItsRoot);
  }

  /**
   * A licence does not wait for a root key, unless no other key may sign it. A key that no set has yet signs where there
   * is no other: its licences count as soon as the root key can be reached.
   */
  async readSigner(at: number): Promise<Signer> {
    const { signingKeys } = this.#options;
    const choices = this.#choose(at);
    if (choices.length > 0) {
      this.#refreshBehind(at);
      try {
        return await signingKeys.readSigner(at, choices);
      } catch (error) {
        if (!(error instanceof SigningKeyUnavailableError)) throw error;
        await this.#refresh(at);
      }
    }
    return signingKeys.readSigner(at, [...this.#choose(at), (kid) => !this.#isRoot(kid)]);
  }

  async readPublished(at: number): Promise<PublishedKeySet> {
    const { keys, goodUntil } = await this.#options.signingKeys.readPublished(at);
    return { keys: this.#withoutRoots(createKeySet(keys, at).keys), goodUntil };
  }

  readLife(): Promise<number> {
    return Promise.resolve(this.#options.life);
  }

  #choose(at: number): readonly MaySign[] {
    const sets = this.#roots.flatMap(({ set }) => (set === null || hasEnded(set, at) ? [] : [set]));
    if (sets.length === 0) return [];
    const since = (kid: string) => this.#since.get(kid) ?? Number.POSITIVE_INFINITY;
    return chooseAmong(sets, since, { at, lead: this.#options.lead });
  }

  /** Licences are many, and the keys change seldom. */
  #refreshBehind(at: number): void {
    if (Math.abs(at - this.#refreshedAt) < RETRY_AFTER) return;
    this.#refreshedAt = at;
    this.#refresh(at).catch(() => undefined);
  }

  #isRoot(kid: string): boolean {
    return this.#roots.some(({ thumbprint }) => thumbprint === kid);
  }

  /** @throws {SigningKeyUnavailableError} nothing is left */
  #withoutRoots(keys: readonly PublishedJwk[]): readonly PublishedJwk[] {
    const others = keys.filter(({ kid }) => !this.#isRoot(kid));
    if (others.length > 0) return others;
    throw new SigningKeyUnavailableError('Every signing key is a root key too: make a signing key of its own.');
  }

  /** Signs what has to be signed. Requests that come while that goes on wait for it together. */
  async #refresh(at: number): Promise<void> {
    await this.#pending;
    if (!(await this.#isDue(at))) return;
    await (this.#pending ??= this.#signAll(at).finally(() => (this.#pending = null)));
  }

  async #isCurrent(at: number): Promise<boolean> {
    if (this.#roots.some(({ set }) => set === null || hasEnded(set, at))) return false;
    const { name } = await this.#readKeys(at);
    return this.#roots.every(({ set }) => set !== null && nameOf(set.claims.keys) === name);
  }

  async #isDue(at: number): Promise<boolean> {
    const due = this.#roots.filter(({ failure }) => failure === null || Math.abs(at - failure.at) >= RETRY_AFTER);
    if (due.length === 0) return false;
    if (due.some(({ set }) => set === null)) return true;
    // Signing keys that were read once can always be read.
    const keys = await this.#readKeys(at);
    return due.some((root) => this.#isOutdated(root, keys, at));
  }

  #isOutdated({ set }: Root, { name, asOf }: Keys, at: number): boolean {
    if (set === null || nameOf(set.claims.keys) !== name) return true;
    const signedAt = set.claims.iat * SECOND;
    const settledAt = this.#changedAt + SETTLED_AFTER;
    if (signedAt < settledAt && at >= settledAt) return true;
    return at >= signedAt + HALF_LIFE && (at - asOf < OLDEST_LIST || hasEnded(set, at));
  }

  async #readKeys(at: number): Promise<Keys> {
    const { keys, asOf } = await this.#options.signingKeys.readPublished(at);
    const list = this.#withoutRoots(createKeySet(keys, at).keys);
    return { list, name: nameOf(list), asOf };
  }

  async #signAll(at: number): Promise<void> {
    await Promise.all(this.#roots.map((root) => this.#attempt(root, at, () => this.#identify(root))));
    for (const root of this.#roots) {
      if (root.failure?.at === at) continue;
      await this.#attempt(root, at, () => this.#sign(root, at));
    }
  }

  /** All roots are known before anything is signed: none may be among the keys of the other. */
  async #identify(root: Root): Promise<void> {
    const { kid, createdAt } = await root.key.readSigner();
    // Another key's set is no longer served.
    if (root.thumbprint !== null && root.thumbprint !== kid) root.set = null;
    root.thumbprint = kid;
    root.createdAt = createdAt;
  }

  async #sign(root: Root, at: number): Promise<void> {
    const keys = await this.#readKeys(at);
    if (!this.#isOutdated(root, keys, at)) return;
    const { issuer, life } = this.#options;
    const earliest = root.set === null ? 0 : root.set.claims.iat + 1;
    const iat = Math.max(numericDate(at), earliest);
    const input = { issuer, keys: keys.list, life: life / SECOND, iat, seconds: KEY_SET_SECONDS };
    const token = await signKeySet(input, await root.key.readSigner());
    this.#note(root, keys, at);
    const claims: KeySetClaims = {
      ...{ iss: issuer, sub: issuer, iat, exp: iat + KEY_SET_SECONDS, life: input.life },
      keys: keys.list,
    };
    root.set = { token, claims };
  }

  /** What the first set of an instance holds has been published before: the signing keys' own rules say since when. */
  #note({ set }: Root, { list, name }: Keys, at: number): void {
    const isFirst = this.#since.size === 0;
    for (const { kid } of list) {
      if (!this.#since.has(kid)) this.#since.set(kid, isFirst ? Number.NEGATIVE_INFINITY : at);
    }
    if (set !== null && nameOf(set.claims.keys) !== name) this.#changedAt = at;
  }

  async #attempt(root: Root, at: number, run: () => Promise<void>): Promise<void> {
    try {
      await run();
      root.failure = null;
    } catch (error) {
      if (!(error instanceof SigningKeyUnavailableError)) throw error;
      root.failure = { at, error };
    }
  }
}

/** Two addresses may name one key. */
function isFirstOfItsRoot({ thumbprint }: RootState, index: number, states: readonly RootState[]): boolean {
  return thumbprint === null || states.findIndex((other) => other.thumbprint === thumbprint) === index;
}

function nameOf(keys: readonly PublishedJwk[]): string {
  return keys.map(({ kid }) => kid).join();
}
