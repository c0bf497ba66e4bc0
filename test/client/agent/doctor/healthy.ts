import type { Evidence } from '../../../../src/client/agent/doctor/evidence.ts';
import type { ConfigurationEvidence } from '../../../../src/client/agent/doctor/gather/configuration.ts';
import type { FileSeen } from '../../../../src/client/agent/doctor/gather/files.ts';
import type { FolderEvidence } from '../../../../src/client/agent/doctor/gather/folder.ts';
import type { ImdsAnswer } from '../../../../src/client/agent/doctor/gather/imds.ts';
import type { KeptEvidence, KeptVm } from '../../../../src/client/agent/doctor/gather/kept.ts';
import type { LastKnownEvidence } from '../../../../src/client/agent/doctor/gather/lastKnown.ts';
import type { PlanEvidence } from '../../../../src/client/agent/doctor/gather/plan.ts';
import type { ServiceEvidence } from '../../../../src/client/agent/doctor/gather/service.ts';
import type { ServiceReply } from '../../../../src/client/agent/doctor/gather/service/ask.ts';
import type { TrustEvidence } from '../../../../src/client/agent/doctor/gather/trust.ts';
import { AZURE_TAG, VM_ID } from '../../support/vectors.ts';

/** `/proc/net/route` of an Azure VM with one network card: 10.0.1.4/24 behind 10.0.1.1. */
const ROUTE_HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';

/** One line of it: card, destination, gateway, flags, metric, mask. */
export type RouteLine = readonly [string, string, string, string, number, string];

export function linuxTable(...lines: RouteLine[]): string {
  const rows = lines.map(
    ([card, to, gateway, flags, metric, mask]) =>
      `${card}\t${to}\t${gateway}\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`,
  );
  return ROUTE_HEAD + rows.join('');
}

export const DEFAULT = ['eth0', '00000000', '0101000A', '0003', 100, '00000000'] as const;
export const SUBNET = ['eth0', '0001000A', '00000000', '0001', 100, '00FFFFFF'] as const;
const WIRE_SERVER = ['eth0', '10813FA8', '0101000A', '0007', 100, 'FFFFFFFF'] as const;
const TO_IMDS = ['eth0', 'FEA9FEA9', '0101000A', '0007', 100, 'FFFFFFFF'] as const;

export const PROGRAM = { executable: '/usr/bin/countersign-agent', user: 'countersign' } as const;
export const RESOURCE_ID =
  '/subscriptions/8d10da13-8125-4ba9-a717-bf7490507b3d/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm';
const URL = 'http://169.254.169.254';

export function answered(asked: string): ImdsAnswer {
  const usable = { reply: 'answer', status: 200, text: null, trouble: null, earlier: [] } as const;
  return { asked, ...usable, tries: 1, milliseconds: 4 };
}

const PATHS = [
  '/metadata/versions',
  '/metadata/instance?api-version=2025-04-07',
  '/metadata/attested/document?api-version=2021-01-01',
] as const;

/** Nothing came: the first request was made so many times. */
export function unanswered(reply: 'silent' | 'refused' | 'no_route', tries = 4): Evidence['imds'] {
  const answer = { ...answered(PATHS[0]), reply, status: null, trouble: reply, earlier: [reply], tries };
  return { url: URL, answers: [answer], head: null, program: PROGRAM };
}

export const CONFIGURATION: ConfigurationEvidence = {
  ...{ path: '/etc/countersign/agent.json', file: { kind: 'file', uid: 0, mode: 0o644 }, owners: [0], rival: null },
  ...{ members: ['issuer', 'product', 'trust'], broken: null, faults: [], ignored: [] },
};

const ISSUER = 'https://licences.contoso.com';
const ROOT = 'Qz0l7u8v5JXqk3nS2pYtWmR4cH1bE9fGdAaBxKoLiNs';
const TIME = '2026-09-01T12:00:00Z';

/** What the service answered. */
export function replied(asked: string, more: Partial<ServiceReply> = {}): ServiceReply {
  return {
    ...{
      asked,
      failed: null,
      status: 200,
      mediaType: 'application/json',
      problem: null,
      location: null,
      excerpt: null,
    },
    ...{ issuer: null, keySetFault: null, date: TIME, clock: TIME, ...more },
  };
}

export const DISCOVERY = replied('/.well-known/countersign', { issuer: ISSUER });
export const KEY_SET = `/.well-known/jwks.jwt?root=${ROOT}`;

export const SERVICE: ServiceEvidence = {
  ...{ issuer: ISSUER, proxy: null, hasOwnCa: false, extraAuthorities: null },
  reached: { host: 'licences.contoso.com', port: 443, addresses: ['203.0.113.10'], failed: null },
  handshake: { tunnel: null, failed: null, chain: [] },
  replies: [DISCOVERY, replied(KEY_SET, { mediaType: 'application/jwk-set+jwt' })],
};

export const TRUST: TrustEvidence = { kind: 'rootKeys', issuer: ISSUER, rootKeys: [ROOT], isUsable: true };

/** Case does not matter. */
export const PLAN: PlanEvidence = {
  ...{ vmId: VM_ID, plan: 'Contoso/Widget/standard', image: 'contoso/widget/standard', product: 'contoso/widget' },
  ...{ offer: null, claim: null },
};

const STATE = '/var/lib/countersign';
const USER = 998;

export function seen(name: string, more: Partial<FileSeen> = {}): FileSeen {
  const kind = name === '' || name === VM_ID ? 'folder' : 'file';
  const mode = kind === 'folder' ? 0o700 : 0o600;
  return { name, kind, uid: USER, gid: USER, mode, size: 512, modifiedAt: TIME, ...more };
}

export const FOLDER: FolderEvidence = {
  ...{ path: STATE, now: TIME, folder: seen(''), agentUser: USER, unwritable: null, holder: null },
  files: [VM_ID, 'lock', `${VM_ID}/key.jwk`, `${VM_ID}/licence.json`].map((name) => seen(name)),
  room: { octets: 10 * 2 ** 30, files: 1_000_000 },
};

export const KEPT_VM: KeptVm = {
  ...{ vmId: VM_ID, key: 'usable', licence: 'held', denial: 'absent', deniedBy: null },
  ...{ issuedAt: '2026-09-01T11:00:00Z', byFile: null },
};
export const KEPT: KeptEvidence = { path: STATE, vms: [KEPT_VM], names: [VM_ID], inLabel: [] };

export const STATUS: NonNullable<LastKnownEvidence['status']> = {
  ...{ state: 'licensed', code: null, reason: null, since: '2026-09-01T11:00:00Z', checkedAt: '2026-09-01T11:30:00Z' },
  ...{ nextCheckAt: '2026-09-01T12:30:00Z', vmId: VM_ID, agent: 'countersign-agent/0.1.0' },
};
export const LAST_KNOWN: LastKnownEvidence = {
  ...{ runFolder: '/run/countersign', now: TIME, user: USER, distrusted: null, agent: STATUS.agent },
  files: [seen('', { mode: 0o755 }), seen('state'), seen('status.json')],
  status: STATUS,
};

/** A VM on which nothing is wrong. */
export const HEALTHY: Evidence = {
  configuration: CONFIGURATION,
  chassis: { assetTag: { readable: true, tag: AZURE_TAG } },
  container: { ofKubernetes: [], ofOthers: [] },
  proxy: { set: [], diverting: [], ofNode: [], isWindows: false },
  route: {
    system: 'linux',
    table: linuxTable(DEFAULT, SUBNET, WIRE_SERVER, TO_IMDS),
    decision: '169.254.169.254 via 10.0.1.1 dev eth0 src 10.0.1.4 uid 0 \n    cache \n',
  },
  firewall: {
    nft: '',
    iptables: '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n',
  },
  imds: { url: URL, answers: PATHS.map(answered), head: null, program: PROGRAM },
  metadata: {
    apiVersion: '2025-04-07',
    sections: ['compute', 'network'],
    missing: [],
    resourceId: RESOURCE_ID,
    isInScaleSet: false,
  },
  plan: PLAN,
  service: SERVICE,
  trust: TRUST,
  clock: { now: TIME, service: { date: TIME, clock: TIME }, licenceIssuedAt: null, isSynchronized: true },
  folder: FOLDER,
  kept: KEPT,
  lastKnown: LAST_KNOWN,
};
