import type { ChassisTag } from '../adapters.ts';
import type { HandOf } from '../answer.ts';
import type { ClientError } from '../clientError.ts';
import { vmIdsAmong } from '../folder/folder.ts';
import { judgeChassis } from '../imds/chassis.ts';
import type { Chassis } from '../imds/chassis.ts';
import { countingTime } from '../licence/rememberedTime.ts';
import { standingOf } from '../licence/standing.ts';
import type { Session } from '../session.ts';
import { newestRecord, readRecord } from './records.ts';
import type { VmRecord } from './records.ts';
import type { Run } from '../run.ts';

/** What can be seen before anything is verified. */
export interface Glance {
  /** Everything in the folder. */
  readonly names: readonly string[];
  readonly tag: ChassisTag;
}

/** What this machine shows before anybody is asked. */
export interface Scene extends Glance {
  /** One for each VM that the folder holds something of. */
  readonly records: readonly VmRecord[];
}

/** Milliseconds: the longest wait for a newer licence with one in hand. */
const PATIENCE_WITH_LICENCE = 10_000;

/** @throws {ClientError} `folder_unusable` */
export async function glance({ settings, folder }: Session): Promise<Glance> {
  const tag = settings.adapters.chassisTag();
  return { names: await folder.list(), tag: await tag };
}

/** @throws {ClientError} `folder_unusable` */
export async function look(session: Session, seen?: Glance): Promise<Scene> {
  const { names, tag } = seen ?? (await glance(session));
  const records = await Promise.all(vmIdsAmong(names).map((vmId) => readRecord(session, vmId)));
  return { names, records, tag };
}

/**
 * Looks at the folder's owner and mode.
 *
 * @returns what is wrong with them: a licence in hand then counts still, because it is verified, and nothing is written
 * @throws {ClientError} `folder_unusable`; `folder_exposed` on first use, where the folder's writers are believed
 */
export async function judgeOwnFolder(
  { folder, settings }: Session,
  options: { readonly create: boolean },
): Promise<ClientError | undefined> {
  const fault = await folder.judge(options);
  if (fault !== undefined && settings.trust.kind === 'first-use') throw fault;
  return fault;
}

/** Whether the hardware is Azure's, or the one that the record's licence was issued on. */
export function chassisOf({ tag }: Scene, record: VmRecord | undefined): Chassis {
  return judgeChassis(tag, record?.licence?.chassisTag ?? null);
}

/** The licence in hand; undefined where it does not count on this hardware. */
export function handOf(run: Run, scene: Scene, record: VmRecord | undefined): HandOf | undefined {
  const licence = record?.licence;
  if (licence === undefined || chassisOf(scene, record) === 'foreign') return undefined;
  const { claims, token } = licence;
  const at = countingTime(licence.remembered, run.readClocks());
  return { claims, token, at, standing: standingOf(claims, at, run.request.dueAt?.(claims)) };
}

/** Sets how long this check may take: by what is lost when nothing new is had. */
export function setPatience(run: Run, scene: Scene, record: VmRecord | undefined): void {
  if (isLicensed(run, scene, record)) run.limitPatience(PATIENCE_WITH_LICENCE);
  else run.restorePatience();
}

/** Whether a licence in hand lets the software run now, in its grace too. */
export function isLicensed(run: Run, scene: Scene, record: VmRecord | undefined): boolean {
  const hand = handOf(run, scene, record);
  return hand !== undefined && hand.standing !== 'ended';
}

/** The record that counts until IMDS has said which VM this is. */
export function presumedRecord({ records }: Scene): VmRecord | undefined {
  return newestRecord(records);
}
