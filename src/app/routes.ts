import { VM_ENDPOINTS } from '../contract/endpoints.ts';
import type { VmEndpoint } from '../contract/endpoints.ts';
import type { AddressLimit } from '../http/addressLimit.ts';
import { readClientAddress } from '../http/clientAddress.ts';
import type { EdgeRequest, ServedRoute, UseCase } from '../http/edge.ts';
import { RequestError } from '../http/requestError.ts';
import { VM_ROUTES } from '../vm/routes.ts';
import type { VmNeeds } from '../vm/routes.ts';
import { atEdge } from './atEdge.ts';

export interface RateCheckNeeds {
  readonly addressLimit: AddressLimit;
  /** How many proxies of the vendor's own stand in front of the platform. */
  readonly trustedProxies: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * The one table of all routes: each answers every request with a reply and never throws.
 *
 * @param operatorRoutes as they are served; their requests count for the client's address too
 */
export function joinRoutes(
  needs: VmNeeds & RateCheckNeeds,
  operatorRoutes: readonly ServedRoute[],
): readonly ServedRoute[] {
  const names = Object.keys(VM_ROUTES) as VmEndpoint[];
  const vmRoutes = names.map((name): ServedRoute => {
    const { access, serve } = VM_ROUTES[name];
    const useCase = serve(needs);
    return { name, ...VM_ENDPOINTS[name], useCase: access === 'counted' ? countFirst(needs, useCase) : useCase };
  });
  const counted = operatorRoutes.map((route) => ({ ...route, useCase: countFirst(needs, route.useCase) }));
  return [...vmRoutes, ...counted].map((route) => ({ ...route, useCase: atEdge(needs.issuer, route.useCase) }));
}

/**
 * Counts a request for the client's address before anything else in it is read: a malformed request costs its sender as
 * much as a good one.
 */
function countFirst({ addressLimit, trustedProxies, now }: RateCheckNeeds, useCase: UseCase): UseCase {
  return (request: EdgeRequest) => {
    const address = readClientAddress(request.header('x-forwarded-for'), trustedProxies);
    const wait = addressLimit(address, now());
    if (wait > 0) throw new RequestError('rate_limited', null, wait);
    return useCase(request);
  };
}
