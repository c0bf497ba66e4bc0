import { findRoute, formatAddress, parseAddress } from './route.ts';
import type { Route } from './route.ts';

/** The network card that Azure calls the primary one: IMDS answers requests through it alone. */
export interface Primary {
  /** As {@link Route.via}. */
  readonly via: string;
  readonly gateway: string;
}

/** Azure's DHCP server gives this route to the primary card, and the default route too. */
const WIRE_SERVER = parseAddress('168.63.129.16');
/** Cards that are not Azure's: tunnels, bridges, and those of containers. */
const VIRTUAL =
  /^(?:tun|tap|wg|ppp|ipsec|vti|tailscale|nordlynx|docker|br-|virbr|cni|cilium|flannel|cali|veth|lxc|lo$|\*)/;

export function isVirtual(via: string): boolean {
  return VIRTUAL.test(via);
}

/** @returns undefined where the table does not tell */
export function findPrimary(routes: readonly Route[]): Primary | undefined {
  const usable = routes.filter(({ via, isRejecting }) => !isRejecting && !isVirtual(via));
  const exact = usable.find(({ network, length }) => network === WIRE_SERVER && length === 32);
  const usual = findRoute(
    usable.filter(({ length }) => length === 0),
    '0.0.0.0',
  );
  for (const route of [exact, usual]) {
    if (route !== undefined && route.gateway !== null) return { via: route.via, gateway: route.gateway };
  }
  const subnet = usable.find(isSubnet);
  // In every subnet of Azure the first address is the gateway.
  return subnet === undefined ? undefined : { via: subnet.via, gateway: formatAddress(subnet.network + 1) };
}

const [LOOPBACK, LINK_LOCAL] = [127, 169];

function isSubnet({ network, length, gateway }: Route): boolean {
  const first = Math.floor(network / 2 ** 24);
  return gateway === null && length > 0 && length < 32 && first !== LOOPBACK && first !== LINK_LOCAL && first < 224;
}
