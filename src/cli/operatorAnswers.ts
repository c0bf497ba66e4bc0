import type * as z from 'zod';
import type { ActivationJson } from '../contract/operators/activation.ts';
import type { BackupPartJson, ConfirmReportJson, RestoreReportJson } from '../contract/operators/backup.ts';
import type { BulkReportJson } from '../contract/operators/bulk.ts';
import type { ChangeJson } from '../contract/operators/change.ts';
import type { ClaimJson, createdClaim } from '../contract/operators/claim.ts';
import type { DecisionJson, ExplanationJson } from '../contract/operators/decision.ts';
import type { KeyReportJson, UploadReportJson } from '../contract/operators/keys.ts';
import type {
  EffectReportJson,
  applyReport,
  catalogueAnswer,
  deletedSchema,
  licenceDetail,
  licenceItem,
  offerItem,
  overrideItem,
  usageSchema,
} from '../contract/operators/records.ts';
import type { listedLicence } from '../contract/operators/licenceList.ts';
import type { ErasureJson, PrivacyItemJson } from '../contract/operators/privacy.ts';
import type { OverviewJson } from '../contract/operators/overview.ts';
import type { PoolJson, poolHistory } from '../contract/operators/pool.ts';
import type { searchAnswer } from '../contract/operators/search.ts';
import type { StatisticsPageJson } from '../contract/operators/statistics.ts';
import type { OfflineLicence } from '../contract/wire.ts';
import type { UsageRowJson } from '../contract/operators/usage.ts';
import type { DistrustJson, PinJson, TrustReportJson, issuerList } from '../contract/operators/trust.ts';

/**
 * The answers of the operators' API, by their names in OpenAPI. They have the types of the service's own schemas. These are
 * types only, so that no command waits for a library to load.
 */
export interface Answers {
  readonly OfferItem: z.input<typeof offerItem>;
  readonly LicenceItem: z.input<typeof licenceItem>;
  readonly ListedLicence: z.input<typeof listedLicence>;
  readonly LicenceDetail: z.input<typeof licenceDetail>;
  readonly OverrideItem: z.input<typeof overrideItem>;
  readonly Claim: ClaimJson;
  readonly CreatedClaim: z.input<typeof createdClaim>;
  readonly Deleted: z.input<typeof deletedSchema>;
  readonly Catalogue: z.input<typeof catalogueAnswer>;
  readonly ApplyReport: z.input<typeof applyReport>;
  readonly EffectReport: EffectReportJson;
  readonly BulkReport: BulkReportJson;
  readonly Change: ChangeJson;
  readonly SeatUsage: z.input<typeof usageSchema>;
  readonly Activation: ActivationJson;
  readonly OfflineLicence: OfflineLicence;
  readonly UsageRow: UsageRowJson;
  readonly PrivacyItem: PrivacyItemJson;
  readonly Erasure: ErasureJson;
  readonly Decision: DecisionJson;
  readonly Explanation: ExplanationJson;
  readonly DecisionStatistics: StatisticsPageJson;
  readonly Overview: OverviewJson;
  readonly Pool: PoolJson;
  readonly PoolHistory: z.input<typeof poolHistory>;
  readonly SearchAnswer: z.input<typeof searchAnswer>;
  readonly KeyReport: KeyReportJson;
  readonly UploadedKeySet: UploadReportJson;
  readonly OperatorPin: PinJson;
  readonly Distrust: DistrustJson;
  readonly UnknownIssuers: z.input<typeof issuerList>;
  readonly TrustReport: TrustReportJson;
  readonly BackupPart: BackupPartJson;
  readonly RestoreReport: RestoreReportJson;
  readonly RestoreConfirmation: ConfirmReportJson;
  readonly CSV: string;
}

export type AnswerName = keyof Answers;
