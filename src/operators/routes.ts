import { ACTIVATION_ROUTES } from './activationRoutes.ts';
import { BULK_ROUTES } from './bulkRoutes.ts';
import { CHANGE_ROUTES } from './changeRoutes.ts';
import { CLAIM_ROUTES } from './claimRoutes.ts';
import { DECISION_ROUTES } from './decisionRoutes.ts';
import { FILE_ROUTES } from './fileRoutes.ts';
import { KEY_ROUTES } from './keyRoutes.ts';
import { KEY_SET_ROUTES } from './keySetRoutes.ts';
import { LICENCE_LIST_ROUTES } from './licenceListRoute.ts';
import type { LicenceListNeeds } from './licenceListRoute.ts';
import { LICENCE_ROUTES } from './licenceRoutes.ts';
import { OFFER_ROUTES } from './offerRoutes.ts';
import { OVERRIDE_ROUTES } from './overrideRoutes.ts';
import type { ActivationNeeds } from './activationRoutes.ts';
import type { ChangeNeeds } from './changeRoutes.ts';
import type { ClaimNeeds } from './claimRoutes.ts';
import type { DecisionNeeds } from './decisionRoutes.ts';
import type { FileNeeds } from './fileRoutes.ts';
import type { KeyNeeds } from './keyRoutes.ts';
import type { KeySetNeeds } from './keySetRoutes.ts';
import type { LicenceNeeds } from './licenceRoutes.ts';
import type { OfferNeeds } from './offerRoutes.ts';
import type { OverrideNeeds } from './overrideRoutes.ts';
import type { TrustNeeds } from './trustRoutes.ts';
import { OFFLINE_ROUTES } from './offlineRoutes.ts';
import type { OfflineNeeds } from './offlineRoutes.ts';
import type { OperatorRoute } from './route.ts';
import type { ServedRoute } from '../http/edge.ts';
import type { OperatorDirectory } from './checkToken.ts';
import { createOperatorKeySet } from './operatorKeySet.ts';
import { serveRoute } from './serveRoute.ts';
import type { ServeNeeds } from './serveRoute.ts';
import { OVERVIEW_ROUTES } from './overviewRoute.ts';
import type { OverviewNeeds } from './overviewRoute.ts';
import { POOL_ROUTES } from './poolRoutes.ts';
import type { PoolListNeeds } from './poolRoutes.ts';
import { PRIVACY_ROUTES } from './privacyRoutes.ts';
import type { PrivacyNeeds } from './privacyRoutes.ts';
import { SEARCH_ROUTES } from './searchRoutes.ts';
import type { SearchNeeds } from './searchRoutes.ts';
import { STATISTICS_ROUTES } from './statisticsRoutes.ts';
import type { StatisticsNeeds } from './statisticsRoutes.ts';
import { TRUST_ROUTES } from './trustRoutes.ts';
import { USAGE_ROUTES } from './usageRoutes.ts';
import type { UsageNeeds } from './usageRoutes.ts';

/** What the routes need together; each names its own share. */
export type OperatorNeeds = ActivationNeeds &
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
