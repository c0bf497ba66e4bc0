import type { OfflineRequest } from '../../contract/wire.ts';
import { troubleOf } from '../answer.ts';
import type { Failure, Licence, Trouble } from '../answer.ts';
import { withFolder } from '../check/withFolder.ts';
import type { Scene } from '../check/scene.ts';
import { ClientError } from '../clientError.ts';
import type { ClientOptions } from '../options.ts';
import { Run } from '../run.ts';
import { failureOf } from '../service/persist.ts';
import { openOrExplain } from '../session.ts';
import type { Session } from '../session.ts';
import { importLicence } from './importLicence.ts';
import { writeRequest } from './writeRequest.ts';

/*
 * A licence by file, for a VM that cannot reach the service. Nothing here asks the service for anything. Neither function
 * rejects for what can go wrong in the world.
 */

/** How writing a request ended. */
export type WrittenRequest =
  /** `request`: to be carried to the vendor as JSON. It holds no key, but a claim code where there is one. Good for seven days. */
  | { readonly written: true; readonly vmId: string; readonly request: OfflineRequest }
  | ({ readonly written: false; readonly state: Failure['state'] } & Trouble);

/** How an import ended. */
export type ImportedLicence =
  | { readonly imported: true; readonly licence: Licence }
  | ({ readonly imported: false; readonly state: Failure['state'] } & Trouble);

/** Makes the request of this VM: an attested document that names this VM and its key, and a proof by that key. */
export function createOfflineRequest(options: ClientOptions): Promise<WrittenRequest> {
  return requestIn(openOrExplain(options));
}

export async function requestIn(session: Session | ClientError): Promise<WrittenRequest> {
  const outcome = await inFolder(session, writeRequest);
  return outcome.ok ? { written: true, ...outcome.value } : { written: false, ...outcome.trouble };
}

/**
 * Verifies the licence that came back as every other licence, and keeps it: the next check finds it in hand.
 *
 * @param file what `countersign activate` has written, in UTF-8 or UTF-16
 */
export function importOfflineLicence(options: ClientOptions, file: string | Uint8Array): Promise<ImportedLicence> {
  return importInto(openOrExplain(options), file);
}

export async function importInto(session: Session | ClientError, file: string | Uint8Array): Promise<ImportedLicence> {
  const outcome = await inFolder(session, (run, scene) => importLicence(run, scene, file));
  return outcome.ok ? { imported: true, licence: outcome.value } : { imported: false, ...outcome.trouble };
}

type Outcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly trouble: Trouble & Pick<Failure, 'state'> };

/** @param action throws {ClientError} */
async function inFolder<Value>(
  session: Session | ClientError,
  action: (run: Run, scene: Scene) => Promise<Value>,
): Promise<Outcome<Value>> {
  try {
    if (session instanceof ClientError) throw session;
    const run = new Run(session, {});
    return await withFolder<Outcome<Value>>(run, {
      free: async (scene, fault) => {
        if (fault !== undefined) throw fault;
        return { ok: true, value: await action(run, scene) };
      },
      busy: (_, fault) => Promise.resolve(failed(fault)),
      unusable: failed,
    });
  } catch (error) {
    if (error instanceof ClientError) return failed(error);
    throw error;
  }
}

function failed(error: ClientError): Extract<Outcome<never>, { readonly ok: false }> {
  const failure = failureOf(error);
  return { ok: false, trouble: { state: failure.state, ...troubleOf(failure) } };
}
