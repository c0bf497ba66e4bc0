import type { Surroundings } from '../../../src/client/surroundings.ts';
import { NOW } from './vectors.ts';

/** Clocks that move only when the client sleeps, or when a test says so. */
export class FakeTime {
  now = NOW;
  monotonic = 0;
  readonly sleeps: number[] = [];

  /** Everything but `fetch` and the chassis; every second half of the jitter is drawn, so that pauses are known. */
  readonly surroundings: Partial<Surroundings> = {
    now: () => this.now,
    monotonic: () => this.monotonic,
    random: () => 0.5,
    chassisTag: () => Promise.resolve(undefined),
    sleep: (milliseconds) => {
      this.sleeps.push(milliseconds);
      this.pass(milliseconds);
      return Promise.resolve();
    },
  };

  pass(milliseconds: number): void {
    this.now += milliseconds;
    this.monotonic += milliseconds;
  }
}
