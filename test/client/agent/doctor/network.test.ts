import { expect, test } from 'vitest';
import { diagnose, listChecked } from '../../../../src/client/agent/doctor/diagnose.ts';
import type { Evidence } from '../../../../src/client/agent/doctor/evidence.ts';
import { DEFAULT, HEALTHY, linuxTable, SUBNET, unanswered } from './healthy.ts';
import type { RouteLine } from './healthy.ts';
import { inGerman, recordedWindows } from './windowsTexts.ts';

/** What the judges of routes and rules make of other machines than those of the fixtures. IMDS does not answer on any. */

function judge(seen: Partial<Evidence>): Readonly<Record<string, string | null>> {
  const findings = diagnose({ ...HEALTHY, imds: unanswered('silent'), ...seen });
  return Object.fromEntries(findings.map(({ cause, command }) => [cause, command]));
}

const BY_HAND = "curl -sv --noproxy '*' -m 10 -H 'Metadata: true' http://169.254.169.254/metadata/versions";
const UNEXPLAINED = { imds_silent: BY_HAND };

test.each(['clusterCured', 'primary'] as const)(
  'the routes of the article that are right explain nothing: %s',
  (name) => {
    expect(judge({ route: recordedWindows(name) })).toEqual(UNEXPLAINED);
  },
);

test('an IMDS that a missing route cuts off is not ok, and its line names the cause', () => {
  const evidence = { ...HEALTHY, imds: unanswered('no_route'), route: recordedWindows('none') };
  const findings = diagnose(evidence);
  expect(findings.map(({ cause }) => cause)).toEqual(['route_missing']);
  expect(listChecked(evidence, findings)).toContainEqual({
    ...{ area: 'imds', outcome: 'found', detail: 'explained by route_missing' },
  });
});

test('a Windows without a route has no primary card either', () => {
  expect(judge({ route: recordedWindows('none') })).toEqual({ route_missing: null });
});

test.each(['cluster', 'secondary', 'primary'] as const)('German words change nothing: %s', (name) => {
  expect(judge({ route: inGerman(recordedWindows(name)) })).toEqual(judge({ route: recordedWindows(name) }));
});

const onLinux = (...lines: RouteLine[]): Partial<Evidence> => ({
  route: { system: 'linux', table: linuxTable(...lines), decision: null },
});
const NEXT_SUBNET = ['eth1', '0002000A', '00000000', '0001', 200, '00FFFFFF'] as const;

test.each<[string, Partial<Evidence>, Readonly<Record<string, string | null>>]>([
  ['the default route alone', onLinux(DEFAULT, SUBNET), UNEXPLAINED],
  ['the link-local network on the primary card', onLinux(DEFAULT, SUBNET, linkLocal('eth0')), UNEXPLAINED],
  [
    'the link-local network on another card',
    onLinux(DEFAULT, SUBNET, NEXT_SUBNET, linkLocal('eth1')),
    { route_not_primary: 'ip route replace 169.254.169.254/32 via 10.0.1.1 dev eth0' },
  ],
  [
    'a tunnel that takes everything',
    onLinux(['tun0', '00000000', '01080008', '0003', 50, '00000000'], SUBNET),
    { route_not_primary: 'ip route replace 169.254.169.254/32 via 10.0.1.1 dev eth0' },
  ],
  [
    'a black hole',
    onLinux(DEFAULT, SUBNET, ['*', '0000FEA9', '00000000', '0001', 0, '0000FFFF']),
    { route_rejecting: 'ip route del 169.254.0.0/16' },
  ],
  ['no card at all', onLinux(), { route_missing: null }],
])('on Linux: %s', (_, seen, findings) => {
  expect(judge(seen)).toEqual(findings);
});

function linkLocal(card: string) {
  return [card, '0000FEA9', '00000000', '0001', 1000, '0000FFFF'] as const;
}

const iptables = (output: string, ...rules: readonly string[]) => ({
  nft: null,
  iptables: [
    '*filter',
    ':INPUT DROP [0:0]',
    ':FORWARD DROP [0:0]',
    `:OUTPUT ${output} [0:0]`,
    ...rules,
    'COMMIT',
    '',
  ].join('\n'),
});
const drops = (command: string) => ({ firewall_rule_blocks_imds: command });
const LET_THROUGH = {
  firewall_policy_blocks_imds: 'iptables -I OUTPUT -d 169.254.169.254/32 -p tcp --dport 80 -j ACCEPT',
};

test.each<[string, ReturnType<typeof iptables>, Readonly<Record<string, string | null>>]>([
  ['another address', iptables('ACCEPT', '-A OUTPUT -d 168.63.129.16/32 -j DROP'), UNEXPLAINED],
  ['every other address', iptables('ACCEPT', '-A OUTPUT ! -d 169.254.169.254/32 -j DROP'), UNEXPLAINED],
  ['what comes in', iptables('ACCEPT', '-A INPUT -d 169.254.169.254/32 -j DROP'), UNEXPLAINED],
  [
    'DNS at that address',
    iptables('ACCEPT', '-A OUTPUT -d 169.254.169.254/32 -p udp -m udp --dport 53 -j DROP'),
    UNEXPLAINED,
  ],
  [
    'HTTPS at that address',
    iptables('ACCEPT', '-A OUTPUT -d 169.254.169.254/32 -p tcp -m tcp --dport 443 -j DROP'),
    UNEXPLAINED,
  ],
  [
    'all link-local addresses, with a remark',
    iptables('ACCEPT', String.raw`-A OUTPUT -d 169.254.0.0/16 -m comment --comment "it\'s \"ours\"" -j DROP`),
    drops(`iptables -D OUTPUT -d 169.254.0.0/16 -m comment --comment 'it'\\''s "ours"' -j DROP`),
  ],
  [
    'in a chain of its own',
    iptables(
      'ACCEPT',
      '-A own -d 169.254.169.254/32 -p tcp -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable',
    ),
    drops(
      'iptables -D own -d 169.254.169.254/32 -p tcp -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable',
    ),
  ],
  ['a policy with an exception for it', iptables('DROP', '-A OUTPUT -d 169.254.169.254/32 -j ACCEPT'), UNEXPLAINED],
  [
    'a policy with an exception for HTTP',
    iptables('DROP', '-A own -p tcp -m multiport --dports 80,443 -j ACCEPT'),
    UNEXPLAINED,
  ],
  [
    'a policy with exceptions for others',
    iptables(
      'DROP',
      '-A OUTPUT -o lo -j ACCEPT',
      '-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT',
    ),
    LET_THROUGH,
  ],
])('iptables: %s', (_, firewall, findings) => {
  expect(judge({ firewall })).toEqual(findings);
});

test('iptables: a rule of another table is deleted there', () => {
  const save = '*security\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -d 169.254.169.254/32 -j DROP\nCOMMIT\n';
  const found = drops('iptables -t security -D OUTPUT -d 169.254.169.254/32 -j DROP');
  expect(judge({ firewall: { nft: null, iptables: save } })).toEqual(found);
});

/** As nft 1.0 writes it. */
const nft = (policy: string, ...rules: readonly string[]) => ({
  nft: [
    'table inet host { # handle 1',
    '\tchain output { # handle 1',
    `\t\ttype filter hook output priority filter; policy ${policy};`,
    ...rules.map((rule, index) => `\t\t${rule} # handle ${index + 3}`),
    '\t}',
    '\tchain input { # handle 2',
    '\t\ttype filter hook input priority filter; policy drop;',
    '\t\tip daddr 169.254.169.254 drop # handle 90',
    '\t}',
    '}',
  ].join('\n'),
  iptables: null,
});
const DELETED = drops('nft delete rule inet host output handle 3');

test.each<[string, readonly string[], Readonly<Record<string, string | null>>]>([
  ['a port', ['ip daddr 169.254.169.254 tcp dport 80 drop'], DELETED],
  [
    'a set, counted',
    ['ip daddr { 10.0.0.1, 169.254.169.254 } counter packets 0 bytes 0 reject with icmp admin-prohibited'],
    DELETED,
  ],
  ['a network, but for root', ['ip daddr 169.254.0.0/16 meta skuid != 0 drop comment "only root"'], DELETED],
  ['several ports', ['ip daddr 169.254.169.254 tcp dport { 80, 443 } drop'], DELETED],
  ['DNS', ['ip daddr 169.254.169.254 udp dport 53 drop'], UNEXPLAINED],
  ['HTTPS', ['tcp dport 443 ip daddr 169.254.169.254 drop'], UNEXPLAINED],
  ['every other address', ['ip daddr != 169.254.169.254 drop'], UNEXPLAINED],
  ['another address', ['ip daddr 168.63.129.16 drop'], UNEXPLAINED],
])('nft: %s', (_, rules, findings) => {
  expect(judge({ firewall: nft('accept', ...rules) })).toEqual(findings);
});

test.each<[string, readonly string[], boolean]>([
  ['nothing let through', [], true],
  ['what was begun let through', ['ct state established,related accept'], true],
  ['the loopback card let through', ['oifname "lo" accept'], true],
  ['IMDS let through', ['ip daddr 169.254.169.254 accept'], false],
  ['HTTP let through', ['tcp dport { 80, 443 } accept'], false],
])('nft drops what nothing lets through: %s', (_, rules, isBlocked) => {
  const command = 'nft insert rule inet host output ip daddr 169.254.169.254 tcp dport 80 accept';
  expect(judge({ firewall: nft('drop', ...rules) })).toEqual(
    isBlocked ? { firewall_policy_blocks_imds: command } : UNEXPLAINED,
  );
});

test('a rule of iptables is told once, though nft lists it too', () => {
  const listed = `table ip filter {
	chain OUTPUT { # handle 1
		type filter hook output priority filter; policy accept;
		ip daddr 169.254.169.254 counter packets 0 bytes 0 drop # handle 2
	}
}`;
  const own = iptables('ACCEPT', '-A OUTPUT -d 169.254.169.254/32 -j DROP');
  const found = diagnose({ ...HEALTHY, imds: unanswered('silent'), firewall: { ...own, nft: listed } });
  expect(found.map(({ evidence }) => evidence)).toEqual([['-A OUTPUT -d 169.254.169.254/32 -j DROP']]);
});
