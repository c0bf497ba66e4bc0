import type { KeySetClaims, PublishedJwk } from '../../contract/claims.ts';
import type { MaySign } from '../signingKeys.ts';
import type { Signer } from '../signer.ts';

/** A signed key set as it is served. */
export interface ServedSet {
  /** A compact JWS. */
  readonly token: string;
  readonly claims: KeySetClaims;
}

/** A root key that is in force, and the set that is served under it. */
export interface RootState {
  /** RFC 7638; null where the root key lies in a vault that did not answer yet. */
  readonly thumbprint: string | null;
  readonly source: 'setting' | 'vault' | 'upload';
  /** Milliseconds since the epoch; absent where nobody tells it: a vault does. */
  readonly createdAt?: number;
  /** Null where there is none, or the last one has ended. */
  readonly set: ServedSet | null;
  /** Why there is no set, or no newer one; null where all is well. */
  readonly failure: Error | null;
}

/** The keys of a service as its clients may believe them. Times are milliseconds since the epoch. */
export interface KeySets {
  /**
   * Their thumbprints, in the order of the settings.
   *
   * @throws {SigningKeyUnavailableError} one lies in a vault that did not answer yet
   */
  readRootKeys(at: number): Promise<readonly string[]>;
  /**
   * The root keys in force, in the order of the settings; none on a loopback issuer without one.
   *
   * @throws {StoreUnavailableError} uploaded sets were never read, and cannot be read now
   */
  read(at: number): Promise<readonly RootState[]>;
  /**
   * What signs a licence now. No root key ever does.
   *
   * @throws {SigningKeyUnavailableError}
   * @throws {KeySetMissingError} without an uploaded set nothing may sign
   * @throws {StoreUnavailableError}
   */
  readSigner(at: number): Promise<Signer>;
  /**
   * The public keys that are published now.
   *
   * @throws {SigningKeyUnavailableError}
   * @throws {KeySetMissingError}
   * @throws {StoreUnavailableError}
   */
  readPublished(at: number): Promise<PublishedKeySet>;
  /**
   * The most milliseconds from a licence's issue to the end of its grace, so that every client takes it.
   *
   * @throws {StoreUnavailableError}
   */
  readLife(at: number): Promise<number>;
}

export interface PublishedKeySet {
  readonly keys: readonly PublishedJwk[];
  /** Nobody may keep the keys for longer. */
  readonly goodUntil: number;
}

/** No signed key set is there, or the last one has ended: an administrator has to upload one. */
export class KeySetMissingError extends Error {
  override readonly name = 'KeySetMissingError';
}

/** When keys came into the signed sets, by their thumbprints: milliseconds since the epoch. */
export type Since = (kid: string) => number;

/**
 * Which key signs: one that every served set has, and has had for so long that everybody knows it; else one that every
 * served set has; else one that some set has.
 *
 * @param lead milliseconds
 */
export function chooseAmong(sets: readonly ServedSet[], since: Since, { at, lead }: Lead): readonly MaySign[] {
  const kids = sets.map(({ claims }) => new Set(claims.keys.map(({ kid }) => kid)));
  const isInAll = (kid: string) => kids.every((set) => set.has(kid));
  const isInSome = (kid: string) => kids.some((set) => set.has(kid));
  return [(kid) => isInAll(kid) && since(kid) + lead <= at, isInAll, isInSome];
}

export interface Lead {
  readonly at: number;
  readonly lead: number;
}

export function hasEnded({ claims }: ServedSet, at: number): boolean {
  return at >= claims.exp * 1_000;
}
