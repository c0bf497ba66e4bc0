import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AreaName } from '../../../../src/client/agent/doctor/evidence.ts';
import { Fabric, missingNamespaces } from './fabric.ts';

/** The doctor on a live Linux whose routes and rules are wrong, and what its own command does about it. */

const missing = missingNamespaces();
const AREAS: readonly AreaName[] = ['chassis', 'route', 'firewall', 'imds'];
const title = (name: string) => (missing === null ? name : `${name} (${missing})`);

let started: Fabric | undefined;

beforeAll(async () => {
  if (missing === null) started = await Fabric.start();
});

afterAll(async () => {
  await started?.stop();
});

function vm(): Fabric {
  if (started === undefined) throw new Error('There is no VM.');
  return started;
}

interface Case {
  readonly cause: string;
  /** Lines of a shell on the VM. */
  readonly broken: string;
  readonly command: string;
}

/** The doctor finds exactly the cause; its command, run as it is printed, cures it. */
async function expectCured({ cause, broken, command }: Case): Promise<void> {
  expect(await vm().doctor(AREAS)).toEqual([]);
  vm().onVm(broken);
  expect(await vm().doctor(AREAS)).toEqual([expect.objectContaining({ cause, command })]);
  vm().onVm(command);
  expect(await vm().doctor(AREAS)).toEqual([]);
  vm().resetRoutes();
}

const ROUTES: readonly Case[] = [
  {
    cause: 'route_missing',
    broken: 'ip route del default; ip route del 169.254.169.254',
    command: 'ip route add 169.254.169.254/32 via 10.0.1.1 dev eth0',
  },
  {
    cause: 'route_rejecting',
    broken: 'ip route replace unreachable 169.254.169.254',
    command: 'ip route del 169.254.169.254/32',
  },
  {
    cause: 'route_rejecting',
    broken: 'ip route replace blackhole 169.254.169.254',
    command: 'ip route del 169.254.169.254/32',
  },
  {
    cause: 'route_not_primary',
    broken: 'ip route replace 169.254.169.254 via 10.0.2.1 dev eth1',
    command: 'ip route replace 169.254.169.254/32 via 10.0.1.1 dev eth0',
  },
];

test.skipIf(missing !== null).each(ROUTES)(title('$cause: $broken'), expectCured);

const isInstalled = (program: string) => ['/usr/sbin', '/sbin'].some((folder) => existsSync(`${folder}/${program}`));

const NFT_CHAIN = `nft add table inet host
  nft 'add chain inet host output { type filter hook output priority 0; }'`;

test.skipIf(missing !== null || !isInstalled('nft')).each<Case>([
  {
    cause: 'firewall_rule_blocks_imds',
    broken: `${NFT_CHAIN}; nft add rule inet host output ip daddr 169.254.169.254 tcp dport 80 drop`,
    command: 'nft delete rule inet host output handle 2',
  },
  {
    cause: 'firewall_policy_blocks_imds',
    broken: `${NFT_CHAIN}; nft 'chain inet host output { policy drop; }'`,
    command: 'nft insert rule inet host output ip daddr 169.254.169.254 tcp dport 80 accept',
  },
])(title('$cause with nft'), async (each) => {
  await expectCured(each);
  vm().onVm('nft flush ruleset');
});

test.skipIf(missing !== null || !isInstalled('iptables-save')).each<Case>([
  {
    cause: 'firewall_rule_blocks_imds',
    broken: 'iptables -A OUTPUT -d 169.254.0.0/16 -m comment --comment "it\'s ours" -j DROP',
    command: `iptables -D OUTPUT -d 169.254.0.0/16 -m comment --comment 'it'\\''s ours' -j DROP`,
  },
  {
    cause: 'firewall_rule_blocks_imds',
    broken: 'iptables -A OUTPUT -d 169.254.169.254 -p tcp --dport 80 -j REJECT',
    command:
      'iptables -D OUTPUT -d 169.254.169.254/32 -p tcp -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable',
  },
  {
    cause: 'firewall_policy_blocks_imds',
    broken: 'iptables -P OUTPUT DROP',
    command: 'iptables -I OUTPUT -d 169.254.169.254/32 -p tcp --dport 80 -j ACCEPT',
  },
])(title('$cause with iptables'), async (each) => {
  await expectCured(each);
  vm().onVm('iptables -F; iptables -P OUTPUT ACCEPT');
});

test.skipIf(missing !== null)(title('chassis_foreign'), async () => {
  vm().onVm('ip route replace unreachable 169.254.169.254; echo Own > /sys/class/dmi/id/chassis_asset_tag');
  expect((await vm().doctor(['chassis', 'imds'])).map(({ cause }) => cause)).toEqual(['chassis_foreign']);
});
