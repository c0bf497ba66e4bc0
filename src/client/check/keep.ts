import { systemErrorCode } from '../clientError.ts';
import { KEY_FILE } from '../folder/keyFiles.ts';
import { DENIAL_FILE, formatDenialFile, formatLicenceFile, LICENCE_FILE } from '../folder/vmFiles.ts';
import { advance, isWorthWriting, leastTime } from '../licence/rememberedTime.ts';
import type { RememberedTime } from '../licence/rememberedTime.ts';
import { CLOCK_SKEW } from '../../contract/clocks.ts';
import type { IssuedLicence, ReceivedDenial } from '../service/obtainLicence.ts';
import { newerOf } from '../trust/trust.ts';
import type { HeldLicence, VmRecord } from './records.ts';
import type { Run } from '../run.ts';

/** Writes results to the folder. Where that fails they are kept in memory: a full disk does not end a valid licence. */

/** What is known of a new licence beside itself. */
export interface Circumstances {
  readonly record: VmRecord;
  /** Read now; null where it could not be read. */
  readonly chassisTag: string | null;
  /** Everything else that the folder holds is of other VMs. */
  readonly otherVms: readonly string[];
  /** It came as a file and not from the service. */
  readonly byFile?: true;
}

/**
 * Keeps a licence that has just been issued and verified. The service has then accepted this VM's evidence, so that what is
 * kept of other VMs came with an image or a disk, and is deleted.
 *
 * @returns the system's code where it could not be written
 */
export async function keepLicence(
  run: Run,
  { token, claims, keySet }: IssuedLicence,
  { record, chassisTag, otherVms, ...how }: Circumstances,
): Promise<string | undefined> {
  const { vmId } = record;
  const remembered = timeOfIssue(run, claims.iat, record);
  const text = formatLicenceFile({ licence: token, keySet: keySet.kept, chassisTag, remembered, ...how });
  const code = await write(run, vmId, LICENCE_FILE, text);
  if (code !== undefined) return code;
  await remove(run, vmId, DENIAL_FILE);
  for (const other of otherVms) await removeVm(run, other);
  return undefined;
}

/**
 * The service's word for how late it is replaces what was remembered, back as well as forward. The licence in hand once more,
 * as it may have been recorded, says nothing new.
 */
function timeOfIssue(run: Run, iat: number, { licence }: VmRecord): RememberedTime {
  const isNew = licence === undefined || licence.claims.iat < iat;
  return isNew ? { ...run.readClocks(), time: iat * 1000 } : licence.remembered;
}

/** Writes the denial first, so that a power loss never leaves a folder with neither denial nor licence. */
export async function keepDenial(run: Run, vmId: string, { token, keySet, proof }: ReceivedDenial): Promise<void> {
  await write(run, vmId, DENIAL_FILE, formatDenialFile({ denial: token, keySet: keySet.kept, proof }));
  await remove(run, vmId, LICENCE_FILE);
}

/** Moves the remembered time on, and keeps a newer key set that has been seen. Says where the wall clock is wrong. */
export async function rememberTime(run: Run, { vmId, licence, file, keySet }: VmRecord): Promise<void> {
  if (file === undefined) return;
  const newest = newerOf(keySet, run.session.memory.newestKeySet);
  const isNewerSet = newest?.signed !== undefined && newest.kept !== file.keySet;
  const before = licence?.remembered ?? file.remembered;
  const remembered = licence === undefined ? before : moveOn(run, licence);
  if (!isNewerSet && !isWorthWriting(before, remembered)) return;
  const kept = isNewerSet ? newest.kept : file.keySet;
  await write(run, vmId, LICENCE_FILE, formatLicenceFile({ ...file, remembered, keySet: kept }));
}

function moveOn(run: Run, { claims, remembered }: HeldLicence): RememberedTime {
  const reading = run.readClocks();
  const ahead = reading.wall - leastTime(remembered, reading);
  const advanced = advance(remembered, reading, claims.licence.graceUntil * 1000);
  if (-ahead > CLOCK_SKEW) run.report({ step: 'clock_set_back', milliseconds: -ahead });
  if (reading.wall - advanced.time > CLOCK_SKEW) run.report({ step: 'clock_ahead', milliseconds: ahead });
  return advanced;
}

/** @returns the system's code where it could not be written; the text is then kept in memory */
async function write(run: Run, vmId: string, name: string, text: string): Promise<string | undefined> {
  const { folder, memory } = run.session;
  const code = await attempt(run, () => folder.write(vmId, name, text));
  if (code === undefined) memory.unwritten.delete(`${vmId}/${name}`);
  else memory.unwritten.set(`${vmId}/${name}`, text);
  return code;
}

async function remove(run: Run, vmId: string, name: string): Promise<void> {
  run.session.memory.unwritten.delete(`${vmId}/${name}`);
  await attempt(run, () => run.session.folder.remove(vmId, name));
}

async function removeVm(run: Run, vmId: string): Promise<void> {
  for (const name of [LICENCE_FILE, DENIAL_FILE]) run.session.memory.unwritten.delete(`${vmId}/${name}`);
  await attempt(run, () => run.session.folder.removeVm(vmId, [LICENCE_FILE, DENIAL_FILE, KEY_FILE]));
}

/** Another process may have taken the lock over, from one that was suspended for minutes. */
async function attempt(run: Run, change: () => Promise<void>): Promise<string | undefined> {
  try {
    const isOwner = await run.lock?.confirm();
    if (isOwner !== true) return say(run, isOwner === undefined ? run.lockFault : 'EBUSY');
    await change();
    return undefined;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return say(run, code);
  }
}

function say(run: Run, code: string): string {
  run.report({ step: 'cache_not_written', code });
  return code;
}
