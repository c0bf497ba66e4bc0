import type { ChassisTag } from '../../../../src/client/adapters.ts';
import { MemoryDisk } from './memoryDisk.ts';
import { SimulatedImds } from './simulatedImds.ts';
import { SimulatedProcess } from './simulatedProcess.ts';
import type { ProcessOptions } from './simulatedProcess.ts';
import type { World } from './world.ts';

/** The chassis asset tag of every Azure VM. */
export const AZURE_TAG = '7783-7084-3265-9085-8269-3286-77';

/** Uptime of a machine that the world begins with, in milliseconds. */
const FIRST_UPTIME = 3_600_000;

/** A machine, in Azure or not: its clock, its boots, its disk, its IMDS. */
export class Machine {
  readonly world: World;
  readonly imds: SimulatedImds;
  disk = new MemoryDisk();
  chassis: ChassisTag = { readable: true, tag: AZURE_TAG };
  /** Milliseconds by which the wall clock is ahead of the truth. */
  wallError = 0;
  /** The system names its boots. */
  namesBoots = true;
  readonly #processes = new Set<SimulatedProcess>();
  #bootedAt: number;
  #boots = 1;

  constructor(world: World, vmId: string, bootedAt = world.time.now - FIRST_UPTIME) {
    this.world = world;
    this.imds = new SimulatedImds(world, vmId);
    this.#bootedAt = bootedAt;
  }

  /** True time. */
  get bootedAt(): number {
    return this.#bootedAt;
  }

  get boots(): number {
    return this.#boots;
  }

  get now(): number {
    return this.world.time.now + this.wallError;
  }

  get uptime(): number {
    return this.world.time.now - this.#bootedAt;
  }

  get bootId(): string | undefined {
    return this.namesBoots ? `00000000-0000-4000-8000-${String(this.#boots).padStart(12, '0')}` : undefined;
  }

  start(options: ProcessOptions = {}): SimulatedProcess {
    const process = new SimulatedProcess(this, options);
    this.#processes.add(process);
    return process;
  }

  isRunning(pid: number, start: string): boolean {
    return [...this.#processes].some((process) => process.isAlive && process.pid === pid && process.start === start);
  }

  /** Ends every process, and boots again after so long. The kernel writes back what it held. */
  async reboot(offFor: number): Promise<void> {
    this.killAll();
    this.disk = this.disk.clone();
    await this.#boot(offFor);
  }

  /** As a reboot, but what was not flushed may be lost. */
  async losePower(offFor: number): Promise<void> {
    this.killAll();
    this.disk.losePower(this.world.random);
    await this.#boot(offFor);
  }

  killAll(): void {
    for (const process of this.#processes) process.kill();
    this.#processes.clear();
  }

  async #boot(offFor: number): Promise<void> {
    await this.world.time.pass(offFor);
    this.#bootedAt = this.world.time.now;
    this.#boots += 1;
    // From power on to the first program.
    await this.world.time.pass(20_000);
  }
}
