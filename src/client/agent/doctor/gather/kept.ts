import { formatInstant } from '../../../../contract/instants.ts';
import { flatten } from '../../../answer.ts';
import { readRecord } from '../../../check/records.ts';
import type { VmRecord } from '../../../check/records.ts';
import { ClientError } from '../../../clientError.ts';
import { vmIdsAmong } from '../../../folder/folder.ts';
import { DENIAL_FILE, MAX_FILE, parseDenialFile } from '../../../folder/vmFiles.ts';
import { openKey } from '../../../licence/possession.ts';
import { standingOf } from '../../../licence/standing.ts';
import { textMember } from '../../../members.ts';
import type { Session } from '../../../session.ts';
import type { NotLookedAt } from '../notLookedAt.ts';
import type { Circumstances } from './circumstances.ts';

/** What the state folder holds of each VM, as far as it counts. */
export interface KeptEvidence {
  readonly path: string;
  readonly vms: readonly KeptVm[];
  /** Everything in the folder whose name has the form of a vmId, in any case. */
  readonly names: readonly string[];
  /** Ids in the option `label`. */
  readonly inLabel: readonly string[];
}

export interface KeptVm {
  readonly vmId: string;
  readonly key: 'absent' | 'usable' | 'exposed' | 'unusable';
  /** When the licence was issued; null without one that counts. */
  readonly issuedAt: string | null;
  /** Of a licence that counts and came as a file; otherwise null. */
  readonly byFile: LicenceByFile | null;
  /** Why a licence that is there does not count, as the library says it. */
  readonly licence: 'absent' | 'held' | { readonly fault: string };
  readonly denial: 'absent' | 'there' | 'unreadable';
  /** Of a denial that counts. */
  readonly deniedBy: string | null;
}

/** Times are RFC 3339. */
export interface LicenceByFile {
  /** Until then nothing is asked of the service. */
  readonly dueAt: string;
  readonly isDue: boolean;
  readonly expiresAt: string;
  readonly graceUntil: string;
}

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

export async function lookAtKept({ agent }: Circumstances): Promise<KeptEvidence | NotLookedAt> {
  const { session, configuration } = agent;
  if (session instanceof ClientError) return { notLookedAt: 'Nothing can be verified without a configuration.' };
  try {
    const names = await session.folder.list();
    const vms: KeptVm[] = [];
    for (const vmId of vmIdsAmong(names)) vms.push(await lookAtVm(session, vmId));
    return {
      ...{ path: session.folder.path, vms, names: names.filter((name) => name.match(ID)?.[0] === name) },
      inLabel: (textMember(configuration.options, 'label', 256) ?? '').match(ID) ?? [],
    };
  } catch (error) {
    if (error instanceof ClientError) return { notLookedAt: error.message };
    throw error;
  }
}

async function lookAtVm(session: Session, vmId: string): Promise<KeptVm> {
  const record = await readRecord(session, vmId);
  return {
    ...{ vmId, key: await judgeKey(session, vmId), licence: await judgeLicence(session, record) },
    issuedAt: record.licence === undefined ? null : formatInstant(record.licence.claims.iat * 1000),
    byFile: describeFile(record),
    ...{ denial: await judgeDenial(session, vmId), deniedBy: record.denial?.code ?? null },
  };
}

function describeFile({ file, licence }: VmRecord): LicenceByFile | null {
  if (licence === undefined || file?.byFile !== true) return null;
  const { renewAfter: dueAt, expiresAt, graceUntil } = flatten(licence);
  return { dueAt, isDue: standingOf(licence.claims, Date.now()) !== 'current', expiresAt, graceUntil };
}

async function judgeKey({ keyStore }: Session, vmId: string): Promise<KeptVm['key']> {
  try {
    const key = await openKey(keyStore, vmId, { create: false });
    if (key === undefined) return 'absent';
    return key.pair.fault === undefined ? 'usable' : 'exposed';
  } catch (error) {
    if (error instanceof ClientError) return 'unusable';
    throw error;
  }
}

async function judgeLicence({ folder }: Session, { vmId, licence, fault }: VmRecord): Promise<KeptVm['licence']> {
  if (licence !== undefined) return 'held';
  const isThere = (await folder.list(vmId)).includes('licence.json');
  if (!isThere || fault === undefined) return 'absent';
  return { fault: fault.detail === undefined ? fault.code : `${fault.code} (${fault.detail})` };
}

async function judgeDenial({ folder }: Session, vmId: string): Promise<KeptVm['denial']> {
  const text = await folder.read(folder.join(vmId, DENIAL_FILE), MAX_FILE).catch(() => '');
  if (text === undefined) return 'absent';
  return parseDenialFile(text) === undefined ? 'unreadable' : 'there';
}
