import type { Answer, LicenceClient } from '../../../../src/client/index.ts';
import type { Machine } from '../world/machine.ts';
import type { MemoryDisk } from '../world/memoryDisk.ts';
import type { SimulatedProcess } from '../world/simulatedProcess.ts';
import type { SimulatedService } from '../world/simulatedService.ts';
import { World } from '../world/world.ts';
import { TimeKnowledge } from './timeKnowledge.ts';
import type { MachineTimes } from './timeKnowledge.ts';

export const OWN_VM = '11111111-1111-4111-8111-111111111111';
/** What IMDS says for a while. */
export const CHANGED_VM = '22222222-2222-4222-8222-222222222222';
/** Another machine of the same vendor's customer, licensed. */
export const OTHER_VM = '99999999-9999-4999-8999-999999999999';

/** A world in which two machines have just been licensed; every sequence begins with a copy of it. */
export interface Beginning {
  readonly service: SimulatedService;
  readonly disk: MemoryDisk;
  readonly otherDisk: MemoryDisk;
  /** True times. */
  readonly at: number;
  readonly bootedAt: number;
}

export async function createBeginning(): Promise<Beginning> {
  const world = new World();
  const machine = world.createMachine(OWN_VM);
  const other = world.createMachine(OTHER_VM);
  for (const booting of [other, machine]) {
    const answer = await world.time.run(booting.start().createClient().check());
    if (answer?.state !== 'licensed') throw new Error(`The first boot ended ${String(answer?.state)}.`);
  }
  const { service, time } = world;
  return { service, disk: machine.disk, otherDisk: other.disk, at: time.now, bootedAt: machine.bootedAt };
}

export interface SceneOptions {
  readonly seed: number;
  /** The machine is licensed; otherwise its folder is empty, and the service does not know it. */
  readonly isLicensed: boolean;
  /** One process makes all checks; otherwise each check has one of its own. */
  readonly isLongLived: boolean;
}

/** One machine in a world of its own, and what the test itself did to it. */
export class Scene {
  readonly world: World;
  readonly machine: Machine;
  readonly beginning: Beginning;
  readonly isLongLived: boolean;
  readonly knowledge = new TimeKnowledge();
  /** The process of the next check is killed at this change of the disk. */
  killAt: number | undefined;
  /** And the power goes with it. */
  losesPower = false;
  /** Keys that events have destroyed, by VM. */
  readonly destroyedKeys = new Map<string, number>();
  /** VMs that IMDS has named. */
  readonly namedVms = new Set([OWN_VM]);
  /** What a long-lived process may hold because it could not be written, by VM. */
  readonly unwritten = new Map<string, { licence?: string; denial?: string }>();
  /** A process was killed, or the power went: something may be left over for an hour. */
  wasCutOff = false;
  #running: { readonly process: SimulatedProcess; readonly client: LicenceClient } | undefined;

  constructor(beginning: Beginning, { seed, isLicensed, isLongLived }: SceneOptions) {
    const { at, bootedAt, disk, service } = beginning;
    this.beginning = beginning;
    this.world = new World({ seed, start: at, service });
    this.machine = this.world.createMachine(OWN_VM, bootedAt);
    this.isLongLived = isLongLived;
    if (isLicensed) this.machine.disk = disk.clone();
    else this.world.service.activations.delete(OWN_VM);
  }

  get vmId(): string {
    return this.machine.imds.vmId;
  }

  get times(): MachineTimes {
    const { boots, now, uptime } = this.machine;
    return { truth: this.world.time.now, wall: now, uptime, boot: boots };
  }

  /** @returns undefined where the process was killed */
  async check(renew = false): Promise<Answer | undefined> {
    const { client, process } = this.#process();
    const answer = await this.world.time.run(client.check({ renew }), () => !process.isAlive);
    if (this.killAt !== undefined) this.#forgetProcess();
    this.killAt = undefined;
    if (answer !== undefined) return answer;
    this.wasCutOff = true;
    if (this.losesPower) await this.machine.losePower(30_000);
    this.losesPower = false;
    return undefined;
  }

  /** Whatever runs has ended, as after a reboot. */
  #forgetProcess(): void {
    this.#running = undefined;
    this.unwritten.clear();
  }

  #process(): { readonly process: SimulatedProcess; readonly client: LicenceClient } {
    const isUsable = this.#running?.process.isAlive === true && this.isLongLived && this.killAt === undefined;
    if (this.#running !== undefined && isUsable) return this.#running;
    this.#forgetProcess();
    const process = this.machine.start(this.killAt === undefined ? {} : { killAt: this.killAt });
    this.#running = { process, client: process.createClient() };
    return this.#running;
  }
}
