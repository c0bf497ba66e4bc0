import type { Adapters, Clocks, SleepOptions } from '../../../../src/client/adapters.ts';
import { createLicenceClient } from '../../../../src/client/index.ts';
import type { ClientOptions, LicenceClient } from '../../../../src/client/index.ts';
import type { Machine } from './machine.ts';
import { createMemoryFiles } from './memoryFiles.ts';

export interface ProcessOptions {
  /** Killed when it begins its n-th change of the disk, from 1; content that it writes then is cut in half. */
  readonly killAt?: number;
  /** How long a file-system call takes, in milliseconds; without it no time at all. */
  readonly fileLatency?: () => number;
}

const FIRST_PID = 300;
let lastPid = FIRST_PID;

/** One process on a machine, with the library's adapters bound to it. Killed, it never comes back from a call. */
export class SimulatedProcess {
  readonly machine: Machine;
  readonly pid = ++lastPid;
  readonly start: string;
  /** Changes of the disk that it has made. */
  changes = 0;
  #alive = true;
  readonly #options: ProcessOptions;

  constructor(machine: Machine, options: ProcessOptions) {
    this.machine = machine;
    this.start = String(Math.round(machine.uptime));
    this.#options = options;
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  kill(): void {
    this.#alive = false;
  }

  createClient(options: Partial<ClientOptions> = {}): LicenceClient {
    return createLicenceClient({ ...this.machine.world.clientOptions, adapters: this.adapters(), ...options });
  }

  adapters(): Adapters {
    const { machine } = this;
    const { world, imds } = machine;
    return {
      fetch: (url, init) => this.#alone(world.network.fetch(machine, url, init)),
      requestImds: (request) => this.#alone(imds.answer(request)),
      random: world.random,
      clocks: this.#clocks(),
      chassisTag: () => Promise.resolve(machine.chassis),
      files: createMemoryFiles(machine.disk, {
        uid: 0,
        now: () => machine.now,
        enter: (call) => this.#enter(call === 'change'),
        enterWrite: () => this.#enterWrite(),
      }),
      process: {
        ...{ uid: 0, pid: this.pid, pidNamespace: 'pid:[1]', start: this.start },
        isRunning: (pid, start) => machine.isRunning(pid, start),
      },
    };
  }

  #clocks(): Clocks {
    const { machine } = this;
    const { time } = machine.world;
    return {
      now: () => machine.now,
      monotonic: () => time.now,
      uptime: () => machine.uptime,
      bootId: () => machine.bootId,
      sleep: (milliseconds, options) => this.#sleep(milliseconds, options),
      timeout: (milliseconds) => {
        const controller = new AbortController();
        time.after(
          milliseconds,
          () => {
            controller.abort();
          },
          () => this.#alive,
        );
        return controller.signal;
      },
    };
  }

  #sleep(milliseconds: number, { signal }: SleepOptions = {}): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const timer = this.machine.world.time.after(milliseconds, resolve, () => this.#alive);
      signal?.addEventListener('abort', () => {
        timer.cancelled = true;
        resolve();
      });
    });
  }

  /** A dead process hears nothing any more. */
  async #alone<Value>(answer: Promise<Value>): Promise<Value> {
    if (!this.isAlive) return never();
    const value = await answer;
    await this.#unlessKilled();
    return value;
  }

  /** A call in which the process died never ends. */
  #unlessKilled(): Promise<void> {
    return this.#alive ? Promise.resolve() : never();
  }

  async #enter(changes: boolean): Promise<void> {
    await this.#takeTime();
    if (changes && this.#isLastChange()) return never();
  }

  async #enterWrite(): Promise<boolean> {
    await this.#takeTime();
    return !this.#isLastChange();
  }

  async #takeTime(): Promise<void> {
    const { fileLatency } = this.#options;
    if (fileLatency !== undefined) await this.machine.world.time.wait(fileLatency(), () => this.#alive);
    if (!this.#alive) return never();
  }

  #isLastChange(): boolean {
    this.changes += 1;
    if (this.changes === this.#options.killAt) this.#alive = false;
    return !this.#alive;
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
