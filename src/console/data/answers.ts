import type { ActivationJson } from '../../contract/operators/activation.ts';
import type { ChangeJson } from '../../contract/operators/change.ts';
import type { DecisionJson, ExplanationJson } from '../../contract/operators/decision.ts';
import type { KeyReportJson } from '../../contract/operators/keys.ts';
import type { ListedLicenceJson } from '../../contract/operators/licenceList.ts';
import type { OverviewJson } from '../../contract/operators/overview.ts';
import type { PoolHistoryJson, PoolJson } from '../../contract/operators/pool.ts';
import type { LicenceDetailJson, OfferItemJson, OverrideItemJson } from '../../contract/operators/records.ts';
import type { SearchAnswerJson } from '../../contract/operators/search.ts';
import type { IssuerJson, TrustReportJson } from '../../contract/operators/trust.ts';

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly continuation: string | null;
}

/** What each route that the console reads answers. */
export interface Answers {
  readonly listPools: Page<PoolJson>;
  readonly readPoolHistory: PoolHistoryJson;
  readonly readTimeline: Page<DecisionJson>;
  readonly listChanges: Page<ChangeJson>;
  readonly search: SearchAnswerJson;
  readonly readOverview: OverviewJson;
  readonly listLicences: Page<ListedLicenceJson>;
  readonly readLicence: LicenceDetailJson;
  readonly listActivations: Page<ActivationJson>;
  readonly readActivation: ActivationJson;
  readonly listDecisions: Page<DecisionJson>;
  readonly explainDecision: ExplanationJson;
  readonly listOffers: Page<OfferItemJson>;
  readonly readOffer: OfferItemJson;
  readonly readOverride: OverrideItemJson;
  readonly readTrust: TrustReportJson;
  readonly listUnknownIssuers: { readonly items: readonly IssuerJson[] };
  readonly readKeys: KeyReportJson;
}
