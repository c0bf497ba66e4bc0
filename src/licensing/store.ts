import type { Activation } from './activation.ts';
import type { SeatPool } from './entitlement.ts';
import type { Licence } from './licence.ts';
import type { Offer } from './offer.ts';

/**
 * The store did not answer in time, refused, or holds what cannot be read. Nothing was decided: the caller may try again.
 * The message names the operation and the store's error code, never a key or a credential.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** A row, and the version (ETag) that a conditional write must name. */
export interface Stored<T> {
  readonly value: T;
  readonly version: string;
}

/** `exists`: a row to insert was there already. `changed`: a row to update is no longer at the version named. */
export type WriteOutcome = 'written' | 'exists' | 'changed';

/** Offers and licences, for decisions. A cache may stand before it. */
export interface Catalogue {
  readOffers(): Promise<readonly Offer[]>;
  /** All licences of one subscription. */
  readLicences(cloud: string, subscriptionId: string): Promise<readonly Licence[]>;
}

/** Who made a change, and when (milliseconds since the epoch). */
export interface Change {
  readonly by: string;
  readonly at: number;
}

/** Offers and licences, for operators. `version: null` inserts. */
export interface CatalogueStore {
  listOffers(): Promise<readonly Stored<Offer>[]>;
  listLicences(): Promise<readonly Stored<Licence>[]>;
  writeOffer(offer: Offer, version: string | null, change: Change): Promise<WriteOutcome>;
  writeLicence(licence: Licence, version: string | null, change: Change): Promise<WriteOutcome>;
}

/** 64 seats of a pool: bit n of `taken` is seat `64 × index + n`. `version: null`: the row is still to be inserted. */
export interface SeatBlock {
  readonly index: number;
  readonly taken: bigint;
  readonly version: string | null;
}

/** The seats of a pool: its blocks, and whether VMs were ever let in without counting (while seats were unlimited). */
export interface SeatRows {
  readonly blocks: readonly SeatBlock[];
  readonly hasUncounted: boolean;
}

/** One row to write. `version: null` inserts, else the row must still be at that version. */
export type SeatWrite =
  | { readonly row: 'activation'; readonly activation: Activation; readonly version: string | null }
  | { readonly row: 'block'; readonly index: number; readonly taken: bigint; readonly version: string | null }
  | { readonly row: 'uncounted' };

/** The seats and activations of a pool. All rows of a pool can be written in one transaction. */
export interface SeatStore {
  readActivation(pool: SeatPool, vmId: string): Promise<Stored<Activation> | null>;
  readSeats(pool: SeatPool): Promise<SeatRows>;
  /** At most 100 activations that hold a numbered seat and whose lease ended before `before`. */
  readEnded(pool: SeatPool, before: number): Promise<readonly Stored<Activation>[]>;
  /** How many activations without a counted seat have a lease that ends at `since` or later. */
  countUncounted(pool: SeatPool, since: number): Promise<number>;
  /** All or nothing; 1 to 100 rows, no row twice. */
  writeSeats(pool: SeatPool, writes: readonly SeatWrite[]): Promise<WriteOutcome>;
}

/** Everything that is kept. Every method throws {@link StoreUnavailableError}. */
export interface LicenceStore extends Catalogue, CatalogueStore, SeatStore {
  /** Creates the tables that are missing. */
  ensureTables(): Promise<void>;
  /** Whether the store, which answered, holds at least one offer. */
  holdsAnOffer(): Promise<boolean>;
}
