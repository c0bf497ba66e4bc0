import type { Licence, LicenceKey } from './licence.ts';
import type { Offer } from './offer.ts';
import type { PlanName } from '../contract/planName.ts';
import type { Recorded, PageRequest, ReadablePage, Written, DeleteOutcome, Change } from '../contract/stored.ts';

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
  /** Whether there is at least one offer. */
  holdsAnOffer(): Promise<boolean>;
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
