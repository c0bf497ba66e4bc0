import type { Area } from '../finding.ts';
import type { RouteEvidence } from '../gather/route.ts';
import { parseLinuxRoutes } from '../network/linuxRoutes.ts';
import { findRoute, formatAddress, IMDS_ADDRESS } from '../network/route.ts';
import type { Route } from '../network/route.ts';
import { quoteForSh } from '../quote.ts';
import { isCutOff } from './imdsAnswers.ts';

export const ROUTE = {
  title: 'Route to 169.254.169.254',
  describe: (own) => findRoute(routesOf(own), IMDS_ADDRESS)?.text ?? 'none',
  causes: {
    route_missing: {
      means: 'No route leads to IMDS.',
      advice: 'Add the route as an administrator, on the primary network card of the VM.',
      explains: 'imds_unreachable',
      judge(own, all) {
        const routes = routesOf(own);
        if (!isCutOff(all) || findRoute(routes, IMDS_ADDRESS) !== undefined) return null;
        return { evidence: routes.map(({ text }) => text), command: addRoute(routes) };
      },
    },
  },
} as const satisfies Area<RouteEvidence>;

function routesOf(own: RouteEvidence): readonly Route[] {
  return own.system === 'linux' ? parseLinuxRoutes(own.table) : [];
}

/** In every subnet of Azure the first address is the gateway. */
function addRoute(routes: readonly Route[]): string | null {
  const subnet = routes.find(({ gateway, length, isRejecting }) => gateway === null && length < 32 && !isRejecting);
  if (subnet === undefined) return null;
  const gateway = formatAddress(subnet.network + 1);
  return quoteForSh('ip', 'route', 'add', `${IMDS_ADDRESS}/32`, 'via', gateway, 'dev', subnet.via);
}
