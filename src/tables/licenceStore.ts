import type { BackupSource, RestoreTarget, StagingStore } from '../backup/store.ts';
import type { Catalogue, CatalogueStore, ClaimStore, OverrideStore, TrialStore } from '../catalogue/store.ts';
import type { RestoreMarkStore, ShelfReader } from '../catalogue/restoreMark.ts';
import type { ChangeStore } from '../decisions/changes.ts';
import type { DecisionStore, IssueStore } from '../decisions/store.ts';
import type { IssuerStore } from '../trust/live/unknownIssuer.ts';
import type { KeySetStore } from '../tokens/keySetStore.ts';
import type { RequestStore } from '../http/requestStore.ts';
import type { SeatStore, ActivationStore } from '../seats/store.ts';
import type {
  LicenceViewStore,
  PoolViewStore,
  SearchStore,
  SortedLicenceStore,
  StatisticsStore,
  TimelineStore,
  ViewMarkStore,
} from '../views/store.ts';
import type { TrustStore } from '../trust/live/trustEntry.ts';
import type { UsageStore } from '../usage/store.ts';

/** Everything that is kept. Every method throws {@link StoreUnavailableError}, and those with pages {@link ContinuationError}. */
export interface LicenceStore
  extends
    Catalogue,
    CatalogueStore,
    TrialStore,
    OverrideStore,
    ClaimStore,
    SeatStore,
    ActivationStore,
    UsageStore,
    DecisionStore,
    IssueStore,
    ChangeStore,
    TimelineStore,
    StatisticsStore,
    ViewMarkStore,
    PoolViewStore,
    LicenceViewStore,
    SearchStore,
    SortedLicenceStore,
    RequestStore,
    IssuerStore,
    TrustStore,
    KeySetStore,
    BackupSource,
    RestoreTarget,
    StagingStore,
    RestoreMarkStore,
    ShelfReader {
  /** Creates the tables that are missing. */
  ensureTables(): Promise<void>;
}
