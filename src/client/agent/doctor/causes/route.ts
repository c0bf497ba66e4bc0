import type { Area } from '../finding.ts';
import type { RouteEvidence } from '../gather/route.ts';
import { parseLinuxRoutes } from '../network/linuxRoutes.ts';
import { findPrimary, isVirtual } from '../network/primary.ts';
import { findRoute, IMDS_ADDRESS } from '../network/route.ts';
import type { Route } from '../network/route.ts';
import { findCard, parseCards, parseWindowsRoutes } from '../network/windowsRoutes.ts';
import type { Card } from '../network/windowsRoutes.ts';
import { quoteForSh } from '../../../../contract/quoteForSh.ts';
import { isCutOff } from './imdsAnswers.ts';

const HOST = `${IMDS_ADDRESS}/32`;
/** The same in every language of Windows. */
const CLUSTER_CARD = /Microsoft Failover Cluster Virtual Adapter/i;

export const ROUTE = {
  title: 'Route to 169.254.169.254',
  describe: (own) => findRoute(routesOf(own), IMDS_ADDRESS)?.text ?? 'There is none.',
  causes: {
    route_missing: {
      means: 'No route leads to IMDS.',
      advice: 'Add the route as an administrator, on the primary network card of the VM.',
      explains: 'imds_unreachable',
      judge(own, all) {
        const routes = routesOf(own);
        if (!isCutOff(all) || findRoute(routes, IMDS_ADDRESS) !== undefined) return null;
        return { evidence: tell(routes), command: addRoute(own) };
      },
    },
    route_rejecting: {
      means: 'The route to IMDS turns packets back.',
      advice: 'Delete the route or the rule as an administrator, and also where it is kept for the next boot.',
      explains: 'imds_unreachable',
      judge(own, all) {
        const route = findRoute(routesOf(own), IMDS_ADDRESS);
        if (own.system !== 'linux' || !isCutOff(all) || route === undefined) return null;
        const decision = own.decision?.trim() ?? '';
        if (!route.isRejecting && !decision.startsWith('RTNETLINK answers')) return null;
        const network = route.text.split(' ')[1] ?? HOST;
        const command = route.isRejecting ? ['ip', 'route', 'del', network] : ['ip', 'rule', 'list'];
        return { evidence: [route.text, ...(decision === '' ? [] : [decision])], command: quoteForSh(...command) };
      },
    },
    route_of_cluster: {
      means: 'The virtual adapter of the Windows failover cluster takes what is meant for IMDS.',
      advice: 'Add a route by the primary network card as an administrator, on each node of the cluster.',
      explains: 'imds_unreachable',
      judge(own, all) {
        const route = findRoute(routesOf(own), IMDS_ADDRESS);
        const card = findClusterCard(own, route);
        if (route === undefined || card === undefined || !isCutOff(all)) return null;
        return { evidence: [route.text, ...describeCard(card)], command: replaceRoute(own) };
      },
    },
    route_not_primary: {
      means: 'The route to IMDS does not leave by the primary network card, and IMDS answers that one alone.',
      advice:
        'Replace the route as an administrator. The primary card is the one that has "primary": true in az vm nic show.',
      explains: 'imds_unreachable',
      judge(own, all) {
        const routes = routesOf(own);
        const route = findRoute(routes, IMDS_ADDRESS);
        const primary = findPrimary(routes);
        if (!isCutOff(all) || route === undefined || route.isRejecting || primary?.via === route.via) return null;
        if (findClusterCard(own, route) !== undefined || (primary === undefined && !isVirtual(route.via))) return null;
        const card = own.system === 'windows' ? findCard(parseCards(own.ipconfig), route.via) : undefined;
        const known = primary === undefined ? [] : [`primary network card: ${primary.via}`];
        return { evidence: [route.text, ...known, ...describeCard(card)], command: replaceRoute(own) };
      },
    },
  },
} as const satisfies Area<RouteEvidence>;

function routesOf(own: RouteEvidence): readonly Route[] {
  return own.system === 'linux' ? parseLinuxRoutes(own.table) : parseWindowsRoutes(own.routePrint);
}

/** Without routes there is something to say too. */
function tell(routes: readonly Route[]): readonly string[] {
  return routes.length === 0 ? ['The table of routes is empty.'] : routes.map(({ text }) => text);
}

function findClusterCard(own: RouteEvidence, route: Route | undefined): Card | undefined {
  if (own.system !== 'windows' || route === undefined) return undefined;
  const card = findCard(parseCards(own.ipconfig), route.via);
  return card?.lines.some((line) => CLUSTER_CARD.test(line)) === true ? card : undefined;
}

/** Its name, its description and its MAC address, which Azure's portal has too. */
function describeCard(card: Card | undefined): readonly string[] {
  if (card === undefined) return [];
  return [card.name, ...card.lines.filter((line) => CLUSTER_CARD.test(line) || /(?:[\dA-F]{2}-){5}/i.test(line))];
}

function addRoute(own: RouteEvidence): string | null {
  const primary = findPrimary(routesOf(own));
  if (primary === undefined) return null;
  return own.system === 'linux'
    ? quoteForSh('ip', 'route', 'add', HOST, 'via', primary.gateway, 'dev', primary.via)
    : // The card's own address stands for the gateway (Azure Instance Metadata Service, "Windows Server Failover Clustering").
      quoteForSh('route', 'add', HOST, primary.via, 'metric', '1', '-p');
}

function replaceRoute(own: RouteEvidence): string | null {
  const added = addRoute(own);
  if (added === null) return null;
  if (own.system === 'linux') return added.replace('ip route add', 'ip route replace');
  const isThere = findRoute(routesOf(own), IMDS_ADDRESS)?.length === 32;
  return isThere ? `${quoteForSh('route', 'delete', IMDS_ADDRESS)} & ${added}` : added;
}
