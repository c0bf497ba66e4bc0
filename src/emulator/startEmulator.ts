import { createAuthority, type Authority } from './authority.ts';
import { createEmulator, type EmulatorOptions, type RunningEmulator } from './emulator.ts';
import { readVmFile } from './vmFile.ts';
import type { KeyRing } from './keys.ts';
import { BUILT_IN_VMS } from './builtInVms.ts';
import { findVm, type Vm } from './vms.ts';

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
  const { port, host, vmFile, vms: given = BUILT_IN_VMS, vm, authority, keys, ...rest } = options;
  const vms = withFirst(vmFile === undefined ? given : await readVmFile(vmFile), vm);
  const at = (options.clock ?? Date.now)();
  const made = (baseUrl: string) => createAuthority({ at, baseUrl, ...(keys && { keys }), keyKind: CA_KEYS });
  const emulator = createEmulator({ ...rest, authority: authority ?? made, vms, prepared: true });
  return { ...(await emulator.listen(port, host)), vms };
}

/** As Azure's. */
const CA_KEYS = 'rsa-4096';

function withFirst(vms: readonly [Vm, ...Vm[]], name: string | undefined): readonly [Vm, ...Vm[]] {
  if (name === undefined) return vms;
  const first = findVm(vms, name);
  if (!first) throw new Error(`There is no VM ${name}: choose one of ${vms.map((vm) => vm.name).join(', ')}`);
  return [first, ...vms.filter((vm) => vm !== first)];
}
