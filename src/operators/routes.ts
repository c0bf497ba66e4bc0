import { ACTIVATION_ROUTES } from './vms/activationRoutes.ts';
import { BACKUP_ROUTES } from './backup/backupRoutes.ts';
import type { BackupNeeds } from './backup/backupRoutes.ts';
import { RESTORE_ROUTES } from './backup/restoreRoutes.ts';
import type { RestoreNeeds } from './backup/restoreRoutes.ts';
import { BULK_ROUTES } from './sold/bulkRoutes.ts';
import { CHANGE_ROUTES } from './changes/changeRoutes.ts';
import { CLAIM_ROUTES } from './sold/claimRoutes.ts';
import { DECISION_ROUTES } from './look/decisionRoutes.ts';
import { FILE_ROUTES } from './sold/fileRoutes.ts';
import { KEY_ROUTES } from './trust/keyRoutes.ts';
import { KEY_SET_ROUTES } from './trust/keySetRoutes.ts';
import { LICENCE_LIST_ROUTES } from './sold/licenceListRoute.ts';
import type { LicenceListNeeds } from './sold/licenceListRoute.ts';
import { LICENCE_ROUTES } from './sold/licenceRoutes.ts';
import { OFFER_ROUTES } from './sold/offerRoutes.ts';
import { OVERRIDE_ROUTES } from './sold/overrideRoutes.ts';
import type { ActivationNeeds } from './vms/activationRoutes.ts';
import type { ChangeNeeds } from './changes/changeRoutes.ts';
import type { ClaimNeeds } from './sold/claimRoutes.ts';
import type { DecisionNeeds } from './look/decisionRoutes.ts';
import type { FileNeeds } from './sold/fileRoutes.ts';
import type { KeyNeeds } from './trust/keyRoutes.ts';
import type { KeySetNeeds } from './trust/keySetRoutes.ts';
import type { LicenceNeeds } from './sold/licenceRoutes.ts';
import type { OfferNeeds } from './sold/offerRoutes.ts';
import type { OverrideNeeds } from './sold/overrideRoutes.ts';
import type { TrustNeeds } from './trust/trustRoutes.ts';
import { OFFLINE_ROUTES } from './vms/offlineRoutes.ts';
import type { OfflineNeeds } from './vms/offlineRoutes.ts';
import type { OperatorRoute } from './edge/route.ts';
import type { ServedRoute } from '../http/edge.ts';
import type { OperatorDirectory } from './access/checkToken.ts';
import { createOperatorKeySet } from './access/operatorKeySet.ts';
import { serveRoute } from './edge/serveRoute.ts';
import type { ServeNeeds } from './edge/serveRoute.ts';
import { OVERVIEW_ROUTES } from './look/overviewRoute.ts';
import type { OverviewNeeds } from './look/overviewRoute.ts';
import { POOL_ROUTES } from './look/poolRoutes.ts';
import type { PoolListNeeds } from './look/poolRoutes.ts';
import { PRIVACY_ROUTES } from './privacy/privacyRoutes.ts';
import type { PrivacyNeeds } from './privacy/privacyRoutes.ts';
import { SEARCH_ROUTES } from './look/searchRoutes.ts';
import type { SearchNeeds } from './look/searchRoutes.ts';
import { STATISTICS_ROUTES } from './look/statisticsRoutes.ts';
import type { StatisticsNeeds } from './look/statisticsRoutes.ts';
import { TRUST_ROUTES } from './trust/trustRoutes.ts';
import { USAGE_ROUTES } from './look/usageRoutes.ts';
import type { UsageNeeds } from './look/usageRoutes.ts';

/** What the routes need together; each names its own share. */
export type OperatorNeeds = ActivationNeeds &
  BackupNeeds &
  ChangeNeeds &
  ClaimNeeds &
  DecisionNeeds &
  FileNeeds &
  KeyNeeds &
  KeySetNeeds &
  LicenceListNeeds &
  LicenceNeeds &
  OfferNeeds &
  OfflineNeeds &
  OverviewNeeds &
  PoolListNeeds &
  PrivacyNeeds &
  OverrideNeeds &
  RestoreNeeds &
  SearchNeeds &
  StatisticsNeeds &
  TrustNeeds &
  UsageNeeds;

/** Every operators' route. What is not in this list is not registered, and what is in it cannot be without its role. */
export const OPERATOR_ROUTES: readonly OperatorRoute<OperatorNeeds>[] = [
  ...OFFER_ROUTES,
  ...OVERRIDE_ROUTES,
  ...LICENCE_LIST_ROUTES,
  ...LICENCE_ROUTES,
  ...BULK_ROUTES,
  ...CLAIM_ROUTES,
  ...FILE_ROUTES,
  ...ACTIVATION_ROUTES,
  ...OFFLINE_ROUTES,
  ...DECISION_ROUTES,
  ...OVERVIEW_ROUTES,
  ...SEARCH_ROUTES,
  ...STATISTICS_ROUTES,
  ...POOL_ROUTES,
  ...CHANGE_ROUTES,
  ...TRUST_ROUTES,
  ...KEY_ROUTES,
  ...KEY_SET_ROUTES,
  ...USAGE_ROUTES,
  ...PRIVACY_ROUTES,
  ...BACKUP_ROUTES,
  ...RESTORE_ROUTES,
];

/** The operators' routes of a service; none where no directory is named, because then nobody is an operator. */
export function serveOperators(
  directory: OperatorDirectory | null,
  needs: OperatorNeeds & ServeNeeds,
): readonly ServedRoute[] {
  if (directory === null) return [];
  const rules = { directory, keySet: createOperatorKeySet(directory.keySetUrl) };
  return OPERATOR_ROUTES.map((route) => ({
    ...{ name: route.name, ...route.endpoint },
    useCase: serveRoute(route, needs, rules),
  }));
}
