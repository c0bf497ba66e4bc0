import { FILE_ROUTES } from './fileRoutes.ts';
import { LICENCE_ROUTES } from './licenceRoutes.ts';
import { OFFER_ROUTES } from './offerRoutes.ts';
import type { OperatorRoute } from './route.ts';

/** Every operators' route. What is not in this list is not registered, and what is in it cannot be without its role. */
export const OPERATOR_ROUTES: readonly OperatorRoute[] = [...OFFER_ROUTES, ...LICENCE_ROUTES, ...FILE_ROUTES];
