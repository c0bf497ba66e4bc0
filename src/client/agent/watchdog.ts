import type { Notify } from './notify.ts';

/** Milliseconds, beside the check's own patience. Readers take the agent for dead after 30 minutes. */
const PATIENCE = 20 * 60_000;

interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly notify: Notify;
  /** Milliseconds that one check may keep trying. */
  readonly patience: number;
  /** Milliseconds since any instant; stands while the machine is suspended. */
  readonly monotonic: () => number;
}

/**
 * Tells systemd again and again that the agent lives, where the unit asks for that: its timers run, and its checks come when
 * they are due. systemd kills and restarts an agent that is silent.
 */
export class Watchdog {
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #monotonic: () => number;
  readonly #patience: number;
  #deadline: number;

  constructor({ env, notify, patience, monotonic }: Surroundings) {
    this.#monotonic = monotonic;
    this.#patience = PATIENCE + patience;
    this.#deadline = monotonic() + this.#patience;
    const limit = limitOf(env);
    if (limit === undefined) return;
    this.#timer = setInterval(() => {
      if (this.isAlive) notify('WATCHDOG=1');
    }, limit / 3);
  }

  get isAlive(): boolean {
    return this.#monotonic() <= this.#deadline;
  }

  /** @param milliseconds until the next check begins; `Infinity` where there is none */
  expectCheckIn(milliseconds: number): void {
    this.#deadline = this.#monotonic() + milliseconds + this.#patience;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** @returns milliseconds within which systemd wants to hear of this process; undefined where it does not */
function limitOf({ WATCHDOG_USEC = '', WATCHDOG_PID = '' }: NodeJS.ProcessEnv): number | undefined {
  const isOurs = WATCHDOG_PID === '' || WATCHDOG_PID === String(process.pid);
  return isOurs && /^[1-9]\d*$/.test(WATCHDOG_USEC) ? Number(WATCHDOG_USEC) / 1000 : undefined;
}
