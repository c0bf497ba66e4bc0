import { openImds } from '../check/check.ts';
import { emptyRecord, localFaultOf } from '../check/records.ts';
import type { VmRecord } from '../check/records.ts';
import { presumedRecord } from '../check/scene.ts';
import type { Scene } from '../check/scene.ts';
import type { Imds } from '../imds/imds.ts';
import type { Run } from '../run.ts';

/** What the folder holds of this VM, whose id only IMDS can say. */
export interface OwnRecord {
  readonly imds: Imds;
  readonly record: VmRecord;
}

/** @throws {ClientError} IMDS does not say which VM this is; folder or key have to be set right first */
export async function readOwnRecord(run: Run, scene: Scene): Promise<OwnRecord> {
  const imds = openImds(run, scene, presumedRecord(scene));
  const vmId = await imds.readVmId();
  const record = scene.records.find((found) => found.vmId === vmId) ?? emptyRecord(vmId);
  run.report({ step: 'vm', vmId, cachedLicenceIsOurs: record.licence !== undefined });
  const fault = localFaultOf(record);
  if (fault !== undefined) throw fault;
  return { imds, record };
}
