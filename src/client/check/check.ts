import type { Failure, Finding, HandOf, Trouble } from '../answer.ts';
import { ClientError } from '../clientError.ts';
import { Imds } from '../imds/imds.ts';
import { openKey } from '../licence/possession.ts';
import type { PossessedKey } from '../licence/possession.ts';
import { countingTime } from '../licence/rememberedTime.ts';
import { obtainLicence } from '../service/obtainLicence.ts';
import type { IssuedLicence, ReceivedDenial, Subject } from '../service/obtainLicence.ts';
import { failureOf } from '../service/persist.ts';
import { reasonOf } from '../service/problem.ts';
import type { Session } from '../session.ts';
import { keepDenial, keepLicence, rememberTime } from './keep.ts';
import { emptyRecord, localFaultOf, readRecord } from './records.ts';
import type { KeptDenial, VmRecord } from './records.ts';
import type { Run } from '../run.ts';
import { chassisOf, handOf, isLicensed, presumedRecord, setPatience } from './scene.ts';
import type { Scene } from './scene.ts';
import { withFolder } from './withFolder.ts';

/**
 * One check: what is in the folder, which VM this is, and the service where something is due. Whatever fails is a finding
 * too; only faults of the program itself are thrown.
 */
export function checkLicence(run: Run): Promise<Finding> {
  return withFolder(run, {
    busy: (scene, fault) => concludeWithoutVm(run, scene, fault),
    free: (scene, fault) => checkScene(run, scene, fault),
    unusable: (fault) => failed(undefined, fault),
  });
}

/** @param fault what keeps the service from being asked */
async function checkScene(run: Run, scene: Scene, fault: ClientError | undefined): Promise<Finding> {
  const presumed = presumedRecord(scene);
  if (fault !== undefined && presumed?.licence === undefined) return concludeWithoutVm(run, scene, fault);
  setPatience(run, scene, presumed);
  const imds = openImds(run, scene, presumed);
  const vmId = await readVmId(imds, mayNeedUserData(run, scene, presumed));
  if (vmId instanceof ClientError) return concludeWithoutVm(run, scene, fault ?? vmId);
  const record = scene.records.find((found) => found.vmId === vmId) ?? emptyRecord(vmId);
  setPatience(run, scene, record);
  const hand = handOf(run, scene, record);
  run.report({ step: 'vm', vmId, cachedLicenceIsOurs: hand !== undefined });
  const obstacle = localFaultOf(record) ?? fault;
  if (hand?.standing === 'current' && obstacle === undefined && run.request.renew !== true) {
    return confirm(run, record, hand);
  }
  if (obstacle !== undefined) return concludeFailure(run, scene, record, failureOf(obstacle));
  return renew(run, { scene, record, imds });
}

export function openImds(run: Run, scene: Scene, record: VmRecord | undefined): Imds {
  const chassis = chassisOf(scene, record);
  if (chassis === 'foreign') run.report({ step: 'chassis_foreign' });
  return new Imds(run, { chassis, hasLicence: isLicensed(run, scene, record) });
}

/** Without a licence in hand a claim code may stand there. */
function mayNeedUserData(run: Run, scene: Scene, presumed: VmRecord | undefined): boolean {
  return run.session.settings.claim === undefined && !isLicensed(run, scene, presumed);
}

async function readVmId(imds: Imds, withUserData: boolean): Promise<string | ClientError> {
  try {
    return await (withUserData ? imds.readVmIdWithUserData() : imds.readVmId());
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
}

/** The cache may have come here in a captured image, so IMDS has said whose machine this is before it counts. */
async function confirm(run: Run, record: VmRecord, hand: HandOf): Promise<Finding> {
  await rememberTime(run, record);
  return findingOfHand(record, hand);
}

export function findingOfHand({ licence }: VmRecord, hand: HandOf): Finding {
  const isExposed = licence?.isKeyExposed === true;
  return { kind: 'confirmed', hand, ...(isExposed ? { trouble: troubleOf(new ClientError('key_exposed')) } : {}) };
}

interface Renewal {
  readonly scene: Scene;
  readonly record: VmRecord;
  readonly imds: Imds;
}

async function renew(run: Run, { scene, record, imds }: Renewal): Promise<Finding> {
  const { denial, keySet, vmId } = record;
  const key = await openOwnKey(run, vmId);
  if (key instanceof ClientError) return concludeFailure(run, scene, record, failureOf(key));
  const licensed = isLicensed(run, scene, record);
  const subject = { vmId, licence: inHandOf(run, record), isLicensed: licensed, deniedAt: denial?.iat, keySet };
  const obtained = await obtainLicence({ run, imds, key }, subject);
  switch (obtained.outcome) {
    case 'issued':
      return concludeIssue(run, scene, record, obtained.licence);
    case 'denied':
      await keepDenial(run, vmId, obtained.denial);
      return { kind: 'denied', denial: troubleOfDenial(obtained.denial) };
    case 'failed':
      return concludeFailure(run, scene, await readAgain(run.session, record), obtained.failure);
  }
}

/** What a new licence is compared with. */
export function inHandOf(run: Run, { licence }: VmRecord): Subject['licence'] {
  return licence && { iat: licence.claims.iat, at: countingTime(licence.remembered, run.readClocks()) };
}

/** Creates the key where there is none: under the lock, so that one process does. */
export async function openOwnKey(run: Run, vmId: string): Promise<PossessedKey | ClientError> {
  const { keyStore } = run.session;
  try {
    const isThere = (await openKey(keyStore, vmId, { create: false })) !== undefined;
    const key = await (isThere ? openOrCreateKey(run, vmId) : createKey(run, vmId));
    run.report({ step: 'key', thumbprint: key.thumbprint });
    return key.pair.fault === undefined ? key : new ClientError(key.pair.fault);
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
}

async function createKey(run: Run, vmId: string): Promise<PossessedKey> {
  const isOwner = await run.lock?.confirm();
  if (isOwner === undefined) throw new ClientError('folder_unusable', run.lockFault);
  if (!isOwner) throw new ClientError('check_running');
  return openOrCreateKey(run, vmId);
}

async function openOrCreateKey(run: Run, vmId: string): Promise<PossessedKey> {
  const key = await openKey(run.session.keyStore, vmId, { create: true });
  if (key === undefined) throw new ClientError('key_unusable', 'none was created');
  return key;
}

async function concludeIssue(run: Run, scene: Scene, record: VmRecord, licence: IssuedLicence): Promise<Finding> {
  const { tag, records } = scene;
  const otherVms = records.map(({ vmId }) => vmId).filter((vmId) => vmId !== record.vmId);
  const code = await keepLicence(run, licence, { record, chassisTag: tag.readable ? tag.tag : null, otherVms });
  const { token, claims } = licence;
  const hand: HandOf = { token, claims, standing: 'current', at: Math.max(run.clocks.now(), claims.iat * 1000) };
  if (code === undefined) return { kind: 'issued', hand };
  return { kind: 'issued', hand, trouble: troubleOf(new ClientError('cache_not_written', code)) };
}

/** A newer key set may have come in meanwhile, and the licence in hand has to verify under that. */
function readAgain(session: Session, record: VmRecord): Promise<VmRecord> | VmRecord {
  const { newestKeySet } = session.memory;
  const isNewer = newestKeySet !== undefined && newestKeySet.kept !== record.keySet?.kept;
  return isNewer ? readRecord(session, record.vmId) : record;
}

/** Nobody has said which VM this is: the newest word of the service counts, by the rules of grace. */
function concludeWithoutVm(run: Run, scene: Scene, fault: ClientError): Promise<Finding> {
  const record = presumedRecord(scene);
  const local = record === undefined ? undefined : localFaultOf(record);
  return concludeFailure(run, scene, record, failureOf(local ?? fault));
}

async function concludeFailure(
  run: Run,
  scene: Scene,
  record: VmRecord | undefined,
  failure: Failure,
): Promise<Finding> {
  const hand = handOf(run, scene, record);
  if (record !== undefined) await rememberTime(run, record);
  if (record?.denial !== undefined) return findingOfKeptDenial(record.denial);
  return failed(hand, failure);
}

function failed(hand: HandOf | undefined, failure: Failure | ClientError): Finding {
  return { kind: 'failed', hand, failure: failure instanceof ClientError ? failureOf(failure) : failure };
}

function troubleOf({ code, message }: ClientError): Trouble {
  return { code, reason: message };
}

function troubleOfDenial({ code, problem }: ReceivedDenial): Trouble {
  const reason = `The service has signed that this VM has no licence. ${problem.reason}`;
  return { code, reason, ...(problem.correlationId === undefined ? {} : { correlationId: problem.correlationId }) };
}

export function findingOfKeptDenial({ code }: KeptDenial): Finding {
  const advice = reasonOf(code, 'Contact the vendor.');
  const reason = `The service has signed that this VM has no licence, and has issued none since. ${advice}`;
  return { kind: 'denied', denial: { code, reason } };
}
