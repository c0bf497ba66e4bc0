import { VM_ENDPOINTS } from '../../contract/endpoints.ts';
import { troubleOf } from '../answer.ts';
import type { Failure, Trouble } from '../answer.ts';
import { ClientError } from '../clientError.ts';
import { Imds } from '../imds/imds.ts';
import { openKey } from '../licence/possession.ts';
import type { PossessedKey } from '../licence/possession.ts';
import { Exchange, requestRelease } from '../service/exchange.ts';
import { failureOf, persist } from '../service/persist.ts';
import type { HeldLicence } from './records.ts';
import type { Run } from '../run.ts';
import { chassisOf, presumedRecord } from './scene.ts';
import type { Scene } from './scene.ts';
import { withFolder } from './withFolder.ts';

/** How giving the seat back ended. */
export type Release =
  /** RFC 3339 UTC: when another VM can have the seat. The licence in hand is good until it expires. */
  | { readonly released: true; readonly seatFreeAt: string }
  | ({ readonly released: false; readonly state: Failure['state'] } & Trouble);

/** Gives the seat of this VM back, as when it is about to be deleted. The licence in hand stays, and its key. */
export function releaseSeat(run: Run): Promise<Release> {
  return withFolder(run, {
    busy: (_, fault) => Promise.resolve(refusedBy(fault)),
    free: (scene, fault) => (fault === undefined ? release(run, scene) : Promise.resolve(refusedBy(fault))),
    unusable: refusedBy,
  });
}

async function release(run: Run, scene: Scene): Promise<Release> {
  const presumed = presumedRecord(scene);
  const imds = new Imds(run, { chassis: chassisOf(scene, presumed), hasLicence: presumed?.licence !== undefined });
  try {
    const vmId = await imds.readVmId();
    const licence = scene.records.find((record) => record.vmId === vmId)?.licence;
    const key = licence === undefined ? undefined : await openKey(run.session.keyStore, vmId, { create: false });
    if (licence === undefined || key === undefined) return refusedBy(new ClientError('nothing_kept'));
    return await request(run, { imds, key, licence });
  } catch (error) {
    if (error instanceof ClientError) return refusedBy(error);
    throw error;
  }
}

async function request(
  run: Run,
  { imds, key, licence }: { readonly imds: Imds; readonly key: PossessedKey; readonly licence: HeldLicence },
): Promise<Release> {
  const exchange = new Exchange({ run, imds, key });
  const persisted = await persist(run, exchange, async () =>
    requestRelease(run, await exchange.prepare(VM_ENDPOINTS.releaseLicence.path), licence.token),
  );
  if (!persisted.ok) return refused(persisted.failure);
  run.report({ step: 'released', seatFreeAt: persisted.value });
  return { released: true, seatFreeAt: persisted.value };
}

function refusedBy(error: ClientError): Release {
  return refused(failureOf(error));
}

export function refused(failure: Failure): Release {
  return { released: false, state: failure.state, ...troubleOf(failure) };
}
