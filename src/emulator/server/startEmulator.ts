import { createAuthority, type Authority } from '../authority/authority.ts';
import { CA_KEYS, openAuthorityFolder, readKeptPort } from '../authority/authorityFolder.ts';
import { createEmulator, type Emulator, type RunningEmulator } from './emulator.ts';
import type { EmulatorOptions } from './options.ts';
import { readVmFile } from '../vms/vmFile.ts';
import type { KeyRing } from '../authority/keys.ts';
import { BUILT_IN_VMS } from '../vms/builtInVms.ts';
import { withFirst, type Vm } from '../vms/vms.ts';

/** What a command can be told. Absent members have the emulator's own defaults. */
export interface StartOptions extends Omit<EmulatorOptions, 'authority' | 'vms'> {
  readonly port: number;
  readonly host?: string;
  /** A JSON file with VMs; the article's by default. */
  readonly vmFile?: string;
  /** VMs that have been read already, instead of the file's. */
  readonly vms?: readonly [Vm, ...Vm[]];
  /** The VM that the root answers for; the first by default. */
  readonly vm?: string;
  /** One that is there already; by default one is made. */
  readonly authority?: Authority;
  /** A folder that keeps the authority, which is made there once. Port 0 then is the one of its first start, while that is free. */
  readonly authorityFolder?: string;
  /** Where the keys of an authority that is made come from. */
  readonly keys?: KeyRing;
}

export interface StartedEmulator extends RunningEmulator {
  readonly vms: readonly [Vm, ...Vm[]];
}

/**
 * Starts an emulator with an authority of its own, and answers quickly from the first request on.
 *
 * @throws an Error that says what to change: a VM file that cannot be used, a VM that is not there, a port that is taken
 */
export async function startEmulator(options: StartOptions): Promise<StartedEmulator> {
  const { vmFile, vms: given = BUILT_IN_VMS, vm } = options;
  const vms = withFirst(vmFile === undefined ? given : await readVmFile(vmFile), vm);
  const { authority = (baseUrl: string) => makeAuthority(options, baseUrl) } = options;
  const emulator = createEmulator({ ...options, authority, vms, prepared: true });
  return { ...(await listenAgain(emulator, options)), vms };
}

function makeAuthority({ clock = Date.now, keys, authorityFolder: folder }: StartOptions, baseUrl: string) {
  const source = keys && { keys };
  if (folder !== undefined) return openAuthorityFolder({ folder, baseUrl, now: clock(), ...source });
  return createAuthority({ at: clock(), baseUrl, ...source, keyKind: CA_KEYS });
}

/** On the port that the authority's certificates were first made for, where any port will do. */
async function listenAgain(emulator: Emulator, { port, host, authorityFolder }: StartOptions) {
  const kept = port === 0 && authorityFolder !== undefined ? await readKeptPort(authorityFolder) : null;
  if (kept === null) return emulator.listen(port, host);
  return emulator.listen(kept, host).catch((error: unknown) => {
    if (isTaken(error)) return emulator.listen(port, host);
    throw error;
  });
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
