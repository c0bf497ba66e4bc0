import type { Change, DeleteOutcome, Recorded, Stored, WriteOutcome, Written } from '../contract/stored.ts';
import type { Activation } from './activation.ts';
import type { DecisionFilter, DecisionRecord } from './decisionRecord.ts';
import type { SeatPool } from './entitlement.ts';
import type { Licence, LicenceKey } from './licence.ts';
import type { Offer } from './offer.ts';
import type { OperatorRequest, OperatorRequestKey } from './operatorRequest.ts';
import type { PlanName } from './planName.ts';
import type { TrustStore } from '../trust/live/trustEntry.ts';
import type { IssuerStore } from '../trust/live/unknownIssuer.ts';

export type { Change, DeleteOutcome, Recorded, Stored, WriteOutcome, Written } from '../contract/stored.ts';

/**
 * The store did not answer in time, refused, or holds what cannot be read. Nothing was decided: the caller may try again.
 * The message names the operation and the store's error code, never a key or a credential.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** `size`: 1 to 1,000 rows. `continuation`: the `next` of the page before; absent for the first one. */
export interface PageRequest {
  readonly size: number;
  readonly continuation?: string | undefined;
}

/** A page may have fewer items than were asked for, even none: only `next: null` is the end. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque, printable ASCII. It holds a place in the list and nothing secret. */
  readonly next: string | null;
}

/** A page without the rows that cannot be read: what is told of the others need not wait for those. */
export interface ReadablePage<T> extends Page<T> {
  /** For each row left out why: its kind and what is wrong with it, never what stands there. */
  readonly unreadable: readonly string[];
}

/** The `continuation` is not one that this store gave for this list: the caller must begin the list anew. */
export class ContinuationError extends Error {
  override readonly name = 'ContinuationError';
}

/** Offers and licences, for decisions. A cache may stand before it. */
export interface Catalogue {
  readOffers(): Promise<readonly Offer[]>;
  /** All licences of one subscription. */
  readLicences(cloud: string, subscriptionId: string): Promise<readonly Licence[]>;
}

/** One subscription in one cloud. */
export interface SubscriptionKey {
  readonly cloud: string;
  readonly subscriptionId: string;
}

/** Offers and licences, for operators. `version: null` inserts. */
export interface CatalogueStore {
  /** All of them, for what must be judged together. */
  listOffers(): Promise<readonly Recorded<Offer>[]>;
  /** All of them, for what must be judged together. */
  listLicences(): Promise<readonly Recorded<Licence>[]>;
  /** Those of one plan or, where it is `*`, of every plan of its product. A search through all licences. */
  listLicencesOf(plan: PlanName): Promise<readonly Recorded<Licence>[]>;
  readOffer(plan: PlanName): Promise<Recorded<Offer> | null>;
  readLicence(key: LicenceKey): Promise<Recorded<Licence> | null>;
  /** By the operators' own id, without regard to ASCII case. A search through all licences. */
  findLicence(id: string): Promise<Recorded<Licence> | null>;
  /** In the order of their names. */
  pageOffers(page: PageRequest): Promise<ReadablePage<Recorded<Offer>>>;
  /** Of one subscription, or all; in the order of cloud, subscription and plan. */
  pageLicences(of: SubscriptionKey | null, page: PageRequest): Promise<ReadablePage<Recorded<Licence>>>;
  /** A row that is there word for word, of the same `change`, was written by this very request. */
  writeOffer(offer: Offer, version: string | null, change: Change): Promise<Written>;
  writeLicence(licence: Licence, version: string | null, change: Change): Promise<Written>;
  /** `version: null` deletes whatever is there. */
  deleteOffer(plan: PlanName, version: string | null): Promise<DeleteOutcome>;
  deleteLicence(key: LicenceKey, version: string | null): Promise<DeleteOutcome>;
}

/** 64 seats of a pool: bit n of `taken` is seat `64 × index + n`. `version: null`: the row is still to be inserted. */
export interface SeatBlock {
  readonly index: number;
  readonly taken: bigint;
  readonly version: string | null;
}

/** The seats of a pool: its blocks, and the VMs that were let in without counting (while seats were unlimited). */
export interface SeatRows {
  readonly blocks: readonly SeatBlock[];
  /** Whether there ever were any. */
  readonly hasUncounted: boolean;
  /** How many of them have a lease that ends at the time asked for or later. */
  readonly uncounted: number;
}

/** One row to write. `version: null` inserts, else the row must still be at that version. */
export type SeatWrite =
  | { readonly row: 'activation'; readonly activation: Activation; readonly version: string | null }
  | { readonly row: 'block'; readonly index: number; readonly taken: bigint; readonly version: string | null }
  | { readonly row: 'uncounted' };

/** The seats and activations of a pool. All rows of a pool can be written in one transaction. */
export interface SeatStore {
  readActivation(pool: SeatPool, vmId: string): Promise<Stored<Activation> | null>;
  /** @param since VMs without a counted seat whose lease ends at this time or later are counted; `null`: none are */
  readSeats(pool: SeatPool, since: number | null): Promise<SeatRows>;
  /** At most 100 activations that hold a numbered seat and whose lease ended before `before`. */
  readEnded(pool: SeatPool, before: number): Promise<readonly Stored<Activation>[]>;
  /** All or nothing; 1 to 100 rows, no row twice. */
  writeSeats(pool: SeatPool, writes: readonly SeatWrite[]): Promise<WriteOutcome>;
}

/** Which activations: of one pool, of one subscription in all its pools, or of one VM wherever it is. */
export type ActivationFilter =
  | { readonly pool: SeatPool; readonly vmId?: string | undefined }
  | { readonly cloud: string; readonly subscriptionId: string; readonly vmId?: string | undefined }
  | { readonly vmId: string };

/** An activation and the pool whose seats it counts among. The names of the pool's plan are in lower case. */
export interface PooledActivation extends Stored<Activation> {
  readonly pool: SeatPool;
}

/** Activations as operators see them. Changes to one go through the seat store: changeActivation.ts. */
export interface ActivationStore {
  /** In the order of the pools, then of the VM ids. A VM id alone is a search through all pools. */
  pageActivations(filter: ActivationFilter, page: PageRequest): Promise<ReadablePage<PooledActivation>>;
  /** How many activations hold a seat, counted or not, with a lease that ends at `since` or later. */
  countSeated(pool: SeatPool, since: number): Promise<number>;
}

/** Audit rows. They are inserted once and never changed. */
export interface DecisionStore {
  /** `exists`: a row of this id was there, and stays as it is. */
  insertDecision(decision: DecisionRecord): Promise<'written' | 'exists'>;
  /** By `id`, which is the correlation id that the VM was given too. */
  readDecision(id: string): Promise<DecisionRecord | null>;
  /**
   * The newest day first, and within a page the newest first. Which rows of a day share a page goes by subscription and
   * then by hour: a refusal's id, by which it is found, has the beginning of its hour.
   */
  pageDecisions(filter: DecisionFilter, page: PageRequest): Promise<ReadablePage<DecisionRecord>>;
}

/** Operators' requests with an `Idempotency-Key`, and what was answered. `version: null` inserts. */
export interface RequestStore {
  readRequest(key: OperatorRequestKey): Promise<Stored<OperatorRequest> | null>;
  writeRequest(request: OperatorRequest, version: string | null): Promise<Written>;
  deleteRequest(key: OperatorRequestKey, version: string): Promise<DeleteOutcome>;
}

/** A key set that a root key signed elsewhere, as an administrator uploaded it. There is at most one for each root. */
export interface UploadedKeySet {
  /** RFC 7638 thumbprint of the root. */
  readonly root: string;
  /** A compact JWS. Whoever reads it verifies it again. */
  readonly token: string;
  /** For each key of the set, by its thumbprint, when it came into the sets of this root: milliseconds since the epoch. */
  readonly since: Readonly<Record<string, number>>;
}

/** Uploaded key sets. `version: null` inserts. */
export interface KeySetStore {
  listKeySets(): Promise<readonly Recorded<UploadedKeySet>[]>;
  writeKeySet(set: UploadedKeySet, version: string | null, change: Change): Promise<Written>;
}

/**
 * What is old is deleted in pieces, so that the caller can stop between them. Each piece says how many rows it deleted:
 * none, too, while the store is still searching.
 */
export interface CleaningStore {
  /** Decisions of the days before the one in which `before` lies. */
  deleteDecisions(before: number): AsyncIterable<number>;
  /** Operators' requests that began before `before`. */
  deleteRequests(before: number): AsyncIterable<number>;
  /**
   * Activations without a counted seat that are not blocked and whose lease and grace ended before `before`. They keep
   * a VM's newest challenge and its keys, so that `before` must lie further back than any challenge or licence lives.
   */
  deleteActivations(before: number): AsyncIterable<number>;
}

/** Everything that is kept. Every method throws {@link StoreUnavailableError}, and those with pages {@link ContinuationError}. */
export interface LicenceStore
  extends
    Catalogue,
    CatalogueStore,
    SeatStore,
    ActivationStore,
    DecisionStore,
    RequestStore,
    IssuerStore,
    TrustStore,
    KeySetStore,
    CleaningStore {
  /** Creates the tables that are missing. */
  ensureTables(): Promise<void>;
  /** Whether the store, which answered, holds at least one offer. */
  holdsAnOffer(): Promise<boolean>;
}
