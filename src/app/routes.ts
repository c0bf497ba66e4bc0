import { CONSOLE_ENDPOINTS, VM_ENDPOINTS } from '../contract/endpoints.ts';
import type { Endpoint } from '../contract/endpoints.ts';
import { countFirst } from '../http/addressLimit.ts';
import type { AddressLimitNeeds } from '../http/addressLimit.ts';
import type { AnonymousRoute } from '../http/anonymousRoute.ts';
import { createLogBounds } from '../http/boundLog.ts';
import type { LogOptions } from '../http/boundLog.ts';
import type { ServedRoute } from '../http/edge.ts';
import { CONSOLE_ROUTES } from '../operators/console/routes.ts';
import type { ConsoleNeeds } from '../operators/console/routes.ts';
import { VM_ROUTES } from '../vm/routes.ts';
import type { VmNeeds } from '../vm/routes.ts';
import { atEdge } from './atEdge.ts';

/** Where there are no operators there is no console either. */
export type RouteNeeds = VmNeeds &
  AddressLimitNeeds &
  LogOptions & { readonly console: ConsoleNeeds['console'] | null };

/**
 * The one table of all routes: each answers every request with a reply and never throws.
 *
 * @param operatorRoutes as they are served; their requests count for the client's address too
 */
export function joinRoutes(needs: RouteNeeds, operatorRoutes: readonly ServedRoute[]): readonly ServedRoute[] {
  const { console } = needs;
  const vmRoutes = serveAll(VM_ENDPOINTS, VM_ROUTES, needs);
  const consoleRoutes = console === null ? [] : serveAll(CONSOLE_ENDPOINTS, CONSOLE_ROUTES, { ...needs, console });
  const counted = operatorRoutes.map((route) => ({ ...route, useCase: countFirst(needs, route.useCase) }));
  const boundLog = createLogBounds(needs);
  return [...vmRoutes, ...consoleRoutes, ...counted].map((route) => ({
    ...route,
    useCase: boundLog(atEdge(needs.issuer, route.useCase)),
  }));
}

function serveAll<N extends AddressLimitNeeds, Name extends string>(
  endpoints: Readonly<Record<Name, Endpoint>>,
  routes: Readonly<Record<Name, AnonymousRoute<N>>>,
  needs: N,
): readonly ServedRoute[] {
  return (Object.keys(endpoints) as Name[]).map((name) => {
    const { access, serve } = routes[name];
    const useCase = serve(needs);
    return { name, ...endpoints[name], useCase: access === 'counted' ? countFirst(needs, useCase) : useCase };
  });
}
