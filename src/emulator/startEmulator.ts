import { createAuthority, type Authority } from './authority.ts';
import { createEmulator, type EmulatorOptions, type RunningEmulator } from './emulator.ts';
import { readVmFile } from './vmFile.ts';
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
  readonly authority?: Authority;
}

export interface StartedEmulator extends RunningEmulator {
  readonly authority: Authority;
  readonly vms: readonly [Vm, ...Vm[]];
}

/**
 * Starts an emulator with an authority of its own, and answers quickly from the first request on.
 *
 * @throws an Error that says what to change: a VM file that cannot be used, a VM that is not there, a port that is taken
 */
export async function startEmulator(options: StartOptions): Promise<StartedEmulator> {
  const { port, host, vmFile, vms: given = BUILT_IN_VMS, vm, ...rest } = options;
  const vms = withFirst(vmFile === undefined ? given : await readVmFile(vmFile), vm);
  const authority = options.authority ?? (await createAuthority({ at: (options.clock ?? Date.now)() }));
  const emulator = createEmulator({ ...rest, authority, vms });
  await emulator.prepare();
  const running = await emulator.listen(port, host);
  return { ...running, authority, vms };
}

function withFirst(vms: readonly [Vm, ...Vm[]], name: string | undefined): readonly [Vm, ...Vm[]] {
  if (name === undefined) return vms;
  const first = findVm(vms, name);
  if (!first) throw new Error(`There is no VM ${name}: choose one of ${vms.map((vm) => vm.name).join(', ')}`);
  return [first, ...vms.filter((vm) => vm !== first)];
}
