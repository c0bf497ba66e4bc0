import type { Clocks } from '../adapters.ts';
import { MAX_IMDS_TIMES, NO_IMDS_TIMES } from '../folder/lockRecord.ts';
import type { ImdsTimes } from '../folder/lockRecord.ts';

/** Milliseconds: a little more than a second, because what left evenly may arrive in a bunch. */
const WINDOW = 1100;

/** Reads uptimes and waits. */
export interface PaceTime {
  readonly clocks: Pick<Clocks, 'bootId' | 'uptime'>;
  /** @param milliseconds how long to wait */
  pause(milliseconds: number): Promise<void>;
}

/**
 * IMDS answers five requests a second, and all processes of the folder share them: the times of the last five go from one to
 * the next with the folder's lock, by uptime, which they all read alike.
 */
export class Pace {
  readonly #time: PaceTime;
  readonly #bootId: string | null;
  #at: readonly number[];

  /** @param times undefined where the last process ended without saying: then five have just been made */
  constructor(time: PaceTime, times: ImdsTimes | undefined) {
    this.#time = time;
    this.#bootId = time.clocks.bootId() ?? null;
    const now = time.clocks.uptime();
    const { bootId, at } = times ?? { bootId: this.#bootId, at: Array.from({ length: MAX_IMDS_TIMES }, () => now) };
    this.#at = bootId === this.#bootId ? at.map((time) => Math.min(time, now)) : NO_IMDS_TIMES.at;
  }

  get times(): ImdsTimes {
    return { bootId: this.#bootId, at: this.#at };
  }

  /** Waits until one more request may start. Requests are made one after another. */
  async turn(): Promise<void> {
    const oldest = this.#at.at(-MAX_IMDS_TIMES);
    const wait = oldest === undefined ? 0 : oldest + WINDOW - this.#time.clocks.uptime();
    if (wait > 0) await this.#time.pause(wait);
    this.#at = [...this.#at, this.#time.clocks.uptime()].slice(-MAX_IMDS_TIMES);
  }
}
