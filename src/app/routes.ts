import { VM_ENDPOINTS } from '../contract/endpoints.ts';
import type { VmEndpoint } from '../contract/endpoints.ts';
import { countFirst } from '../http/addressLimit.ts';
import type { AddressLimitNeeds } from '../http/addressLimit.ts';
import { createLogBounds } from '../http/boundLog.ts';
import type { ServedRoute } from '../http/edge.ts';
import { VM_ROUTES } from '../vm/routes.ts';
import type { VmNeeds } from '../vm/routes.ts';
import { atEdge } from './atEdge.ts';

/**
 * The one table of all routes: each answers every request with a reply and never throws.
 *
 * @param operatorRoutes as they are served; their requests count for the client's address too
 */
export function joinRoutes(
  needs: VmNeeds & AddressLimitNeeds,
  operatorRoutes: readonly ServedRoute[],
): readonly ServedRoute[] {
  const names = Object.keys(VM_ROUTES) as VmEndpoint[];
  const vmRoutes = names.map((name): ServedRoute => {
    const { access, serve } = VM_ROUTES[name];
    const useCase = serve(needs);
    return { name, ...VM_ENDPOINTS[name], useCase: access === 'counted' ? countFirst(needs, useCase) : useCase };
  });
  const counted = operatorRoutes.map((route) => ({ ...route, useCase: countFirst(needs, route.useCase) }));
  const boundLog = createLogBounds(needs);
  return [...vmRoutes, ...counted].map((route) => ({
    ...route,
    useCase: boundLog(atEdge(needs.issuer, route.useCase)),
  }));
}
