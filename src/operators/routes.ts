import { ACTIVATION_ROUTES } from './activationRoutes.ts';
import { DECISION_ROUTES } from './decisionRoutes.ts';
import { FILE_ROUTES } from './fileRoutes.ts';
import { KEY_ROUTES } from './keyRoutes.ts';
import { KEY_SET_ROUTES } from './keySetRoutes.ts';
import { LICENCE_ROUTES } from './licenceRoutes.ts';
import { OFFER_ROUTES } from './offerRoutes.ts';
import type { OperatorRoute } from './route.ts';
import { TRUST_ROUTES } from './trustRoutes.ts';

/** Every operators' route. What is not in this list is not registered, and what is in it cannot be without its role. */
export const OPERATOR_ROUTES: readonly OperatorRoute[] = [
  ...OFFER_ROUTES,
  ...LICENCE_ROUTES,
  ...FILE_ROUTES,
  ...ACTIVATION_ROUTES,
  ...DECISION_ROUTES,
  ...TRUST_ROUTES,
  ...KEY_ROUTES,
  ...KEY_SET_ROUTES,
];
