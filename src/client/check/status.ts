import type { Finding } from '../answer.ts';
import { ClientError } from '../clientError.ts';
import { failureOf } from '../service/persist.ts';
import { findingOfKeptDenial } from './check.ts';
import type { Run } from '../run.ts';
import { chassisOf, handOf, judgeOwnFolder, look, presumedRecord } from './scene.ts';

/** What the folder says, without asking anybody and without writing anything. */
export async function readStatus(run: Run): Promise<Finding> {
  try {
    await judgeOwnFolder(run.session, { create: false });
    const scene = await look(run.session);
    const record = presumedRecord(scene);
    if (record?.denial !== undefined) return findingOfKeptDenial(record.denial);
    const hand = handOf(run, scene, record);
    if (hand?.standing === 'current' || hand?.standing === 'due') return { kind: 'confirmed', hand };
    if (hand !== undefined) return { kind: 'failed', hand, failure: failureOf(new ClientError('not_renewed')) };
    const isForeign = record?.licence !== undefined && chassisOf(scene, record) === 'foreign';
    const fault = isForeign ? new ClientError('not_in_azure') : (record?.fault ?? new ClientError('nothing_kept'));
    return { kind: 'failed', hand, failure: failureOf(fault) };
  } catch (error) {
    if (error instanceof ClientError) return { kind: 'failed', hand: undefined, failure: failureOf(error) };
    throw error;
  }
}
