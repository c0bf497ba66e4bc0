import type { RouteEvidence } from '../../../../src/client/agent/doctor/gather/route.ts';

/** What `route print` and `ipconfig /all` write, as Azure's article on the Instance Metadata Service shows it. */

const HEAD = `IPv4 Route Table
===========================================================================
Active Routes:
Network Destination        Netmask          Gateway       Interface  Metric
`;

const FOOT = `===========================================================================
Persistent Routes:
  None
`;

/** Of a node of a failover cluster ("Windows Server Failover Clustering"). */
const CLUSTER = `          0.0.0.0          0.0.0.0         10.0.1.1        10.0.1.10    266
         10.0.1.0  255.255.255.192         On-link         10.0.1.10    266
        10.0.1.10  255.255.255.255         On-link         10.0.1.10    266
        10.0.1.15  255.255.255.255         On-link         10.0.1.10    266
        10.0.1.63  255.255.255.255         On-link         10.0.1.10    266
        127.0.0.0        255.0.0.0         On-link         127.0.0.1    331
        127.0.0.1  255.255.255.255         On-link         127.0.0.1    331
  127.255.255.255  255.255.255.255         On-link         127.0.0.1    331
      169.254.0.0      255.255.0.0         On-link     169.254.1.156    271
    169.254.1.156  255.255.255.255         On-link     169.254.1.156    271
  169.254.255.255  255.255.255.255         On-link     169.254.1.156    271
        224.0.0.0        240.0.0.0         On-link         127.0.0.1    331
        224.0.0.0        240.0.0.0         On-link     169.254.1.156    271
  255.255.255.255  255.255.255.255         On-link         127.0.0.1    331
  255.255.255.255  255.255.255.255         On-link     169.254.1.156    271
  255.255.255.255  255.255.255.255         On-link         10.0.1.10    266
`;
/** What the article's command adds. */
const ADDED = `  169.254.169.254  255.255.255.255         On-link         10.0.1.10     11
`;

/** Of a VM on which the route is right ("Known issues and FAQ"). */
const PRIMARY = `          0.0.0.0          0.0.0.0      172.16.69.1      172.16.69.7     10
        127.0.0.0        255.0.0.0         On-link         127.0.0.1    331
        127.0.0.1  255.255.255.255         On-link         127.0.0.1    331
  127.255.255.255  255.255.255.255         On-link         127.0.0.1    331
    168.63.129.16  255.255.255.255      172.16.69.1      172.16.69.7     11
  169.254.169.254  255.255.255.255      172.16.69.1      172.16.69.7     11
`;

const SECONDARY = PRIMARY.replace(
  '169.254.169.254  255.255.255.255      172.16.69.1      172.16.69.7',
  '169.254.169.254  255.255.255.255      172.16.70.1      172.16.70.5',
);

const CARDS = `
Windows IP Configuration

   Host Name . . . . . . . . . . . . : wintest

Ethernet adapter Ethernet:

   Connection-specific DNS Suffix  . : xic3mnxjiefupcwr1mcs1rjiqa.cx.internal.cloudapp.net
   Description . . . . . . . . . . . : Microsoft Hyper-V Network Adapter
   Physical Address. . . . . . . . . : 00-0D-3A-E5-1C-C0
   DHCP Enabled. . . . . . . . . . . : Yes
   Autoconfiguration Enabled . . . . : Yes
   Link-local IPv6 Address . . . . . : fe80::3166:ce5a:2bd5:a6d1%3(Preferred)
   IPv4 Address. . . . . . . . . . . : 172.16.69.7(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.255.0

Ethernet adapter Ethernet 2:

   Description . . . . . . . . . . . : Microsoft Hyper-V Network Adapter #2
   Physical Address. . . . . . . . . : 00-0D-3A-E5-1C-C1
   DHCP Enabled. . . . . . . . . . . : Yes
   IPv4 Address. . . . . . . . . . . : 172.16.70.5(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
`;

const CLUSTER_CARDS = `${CARDS.replace('172.16.69.7', '10.0.1.10')}
Ethernet adapter Local Area Connection* 3:

   Description . . . . . . . . . . . : Microsoft Failover Cluster Virtual Adapter
   Physical Address. . . . . . . . . : 02-0F-2C-83-6A-11
   DHCP Enabled. . . . . . . . . . . : No
   Autoconfiguration IPv4 Address. . : 169.254.1.156(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.0.0
`;

const RECORDED = {
  cluster: [CLUSTER, CLUSTER_CARDS],
  clusterCured: [CLUSTER + ADDED, CLUSTER_CARDS],
  primary: [PRIMARY, CARDS],
  secondary: [SECONDARY, CARDS],
  /** No route at all but to the machine itself. */
  none: [
    PRIMARY.split('\n')
      .filter((line) => line.includes('127.0.0.1'))
      .join('\n'),
    CARDS,
  ],
} as const;

/** Windows ends its lines with CR and LF. */
const asWindows = (text: string) => text.replaceAll('\n', '\r\n');

export function recordedWindows(name: keyof typeof RECORDED): Extract<RouteEvidence, { system: 'windows' }> {
  const [routes, cards] = RECORDED[name];
  return { system: 'windows', routePrint: asWindows(HEAD + routes + FOOT), ipconfig: asWindows(cards) };
}

/** The same words in German, as a German Windows has them. */
export function inGerman({ routePrint, ipconfig }: ReturnType<typeof recordedWindows>): RouteEvidence {
  const words = [
    ['IPv4 Route Table', 'IPv4-Routentabelle'],
    ['Active Routes', 'Aktive Routen'],
    ['On-link', 'Auf Verbindung'],
    ['Ethernet adapter', 'Ethernet-Adapter'],
    ['Description . . ', 'Beschreibung. . '],
    ['Physical Address. ', 'Physische Adresse '],
    ['(Preferred)', '(Bevorzugt)'],
    ['DHCP Enabled. ', 'DHCP aktiviert'],
  ] as const;
  const translate = (text: string) => words.reduce((done, [from, to]) => done.replaceAll(from, to), text);
  return { system: 'windows', routePrint: translate(routePrint), ipconfig: translate(ipconfig) };
}
