import type { ClaimCode } from './claimCode.ts';
import type { HoldingStore } from './claimHolding.ts';
import type { HoldingKey, Holdings, SubscriptionKey, SubscriptionOverride, Trial } from './holding.ts';
import type { Licence } from './licence.ts';
import type { Offer } from './offer.ts';
import type { OfferListStore } from './offers/offerList.ts';
import type { PlanName } from '../contract/planName.ts';
import type {
  Change,
  DeleteOutcome,
  PageRequest,
  ReadablePage,
  Recorded,
  Stored,
  WriteOutcome,
  Written,
} from '../contract/stored.ts';

/** Offers and licences, for decisions. A cache may stand before it. */
export interface Catalogue {
  readOffers(): Promise<readonly Offer[]>;
  /** What one subscription has: licences by their ids, trials, overrides. */
  readHoldings(key: SubscriptionKey): Promise<Holdings>;
  lookUpLicence(id: string): Promise<Licence | null>;
}

/** A licence, and the name of its last claims: by that, claims that were written are told from those that are still to be. */
export interface RecordedLicence extends Recorded<Licence> {
  readonly claim: string;
}

/** Offers and licences, for operators. `version: null` inserts. */
export interface CatalogueStore extends HoldingStore, OfferListStore {
  /** Whether there is at least one offer. */
  holdsAnOffer(): Promise<boolean>;
  /** All of them, for what must be judged together. */
  listOffers(): Promise<readonly Recorded<Offer>[]>;
  /** All of them, for what must be judged together. */
  listLicences(): Promise<readonly Recorded<Licence>[]>;
  /** Those of one plan or, where it is `*`, of every plan of its product. A search through all licences. */
  listLicencesOf(plan: PlanName): Promise<readonly Recorded<Licence>[]>;
  readOffer(plan: PlanName): Promise<Recorded<Offer> | null>;
  /** By the operators' own id, without regard to ASCII case. */
  readLicence(id: string): Promise<RecordedLicence | null>;
  readHoldings(key: SubscriptionKey): Promise<Holdings>;
  /** In the order of their names. */
  pageOffers(page: PageRequest): Promise<ReadablePage<Recorded<Offer>>>;
  /** In the order of their ids. */
  pageLicences(page: PageRequest): Promise<ReadablePage<Recorded<Licence>>>;
  /**
   * The row alone: writeLicence.ts claims its subscriptions. A row that is there word for word, of the same `change`, was
   * written by this very request.
   */
  writeLicence(licence: Licence, version: string | null, change: Change, claim?: string): Promise<Written>;
  /** `version: null` deletes whatever is there. */
  deleteLicence(id: string, version: string | null): Promise<DeleteOutcome>;
}

/** Trials are begun once, and never deleted. */
export interface TrialStore {
  insertTrial(trial: Trial): Promise<WriteOutcome>;
}

/** What single subscriptions have otherwise than an offer says, for operators. */
export interface OverrideStore {
  readOverride(key: HoldingKey): Promise<Recorded<SubscriptionOverride> | null>;
  /** Of one offer. A search through what all subscriptions have. */
  listOverridesOf(plan: PlanName): Promise<readonly SubscriptionOverride[]>;
  writeOverride(override: SubscriptionOverride, version: string | null, change: Change): Promise<Written>;
  deleteOverride(key: HoldingKey, version: string | null): Promise<DeleteOutcome>;
}

export interface ClaimStore {
  readClaim(id: string): Promise<Stored<ClaimCode> | null>;
  /** In the order of their ids. @param licence of this one alone; a search through all codes */
  pageClaims(licence: string | null, page: PageRequest): Promise<ReadablePage<Stored<ClaimCode>>>;
  writeClaim(claim: ClaimCode, version: string | null): Promise<Written>;
  deleteClaim(id: string): Promise<DeleteOutcome>;
}
