import type { Finding, HandOf } from '../answer.ts';
import { ClientError } from '../clientError.ts';
import { failureOf } from '../service/persist.ts';
import { findingOfHand, findingOfKeptDenial } from './check.ts';
import { localFaultOf } from './records.ts';
import type { VmRecord } from './records.ts';
import type { Run } from '../run.ts';
import { chassisOf, handOf, judgeOwnFolder, look, presumedRecord } from './scene.ts';
import type { Scene } from './scene.ts';

/** What the folder says, without asking anybody and without writing anything. */
export async function readStatus(run: Run): Promise<Finding> {
  try {
    const { session } = run;
    const wrong = (await judgeOwnFolder(session, { create: false })) ?? session.settings.fault;
    const scene = await look(session);
    const record = presumedRecord(scene);
    if (record?.denial !== undefined) return findingOfKeptDenial(record.denial);
    const hand = handOf(run, scene, record);
    const obstacle = (record && localFaultOf(record)) ?? wrong;
    const isLicensed = hand?.standing === 'current' || hand?.standing === 'due';
    if (record !== undefined && isLicensed && obstacle === undefined) return findingOfHand(record, hand);
    return { kind: 'failed', hand, failure: failureOf(obstacle ?? whyNotLicensed(scene, record, hand)) };
  } catch (error) {
    if (error instanceof ClientError) return { kind: 'failed', hand: undefined, failure: failureOf(error) };
    throw error;
  }
}

function whyNotLicensed(scene: Scene, record: VmRecord | undefined, hand: HandOf | undefined): ClientError {
  if (hand !== undefined)
    return new ClientError(record?.licence?.isKeyExposed === true ? 'key_exposed' : 'not_renewed');
  const isForeign = record?.licence !== undefined && chassisOf(scene, record) === 'foreign';
  return isForeign ? new ClientError('not_in_azure') : (record?.fault ?? new ClientError('nothing_kept'));
}
