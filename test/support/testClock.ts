import { beforeEach, vi } from 'vitest';

/** A clock for waits and limits of time. It stands still until the test, or what the test runs, lets time pass. */
export class TestClock {
  #at = 0;
  #limits: readonly { readonly end: number; readonly controller: AbortController }[] = [];

  /** Milliseconds since the clock was made. */
  readonly now = (): number => this.#at;

  /** In place of a wait: the time has passed at once. */
  readonly sleep = (milliseconds: number): Promise<void> => {
    this.pass(milliseconds);
    return Promise.resolve();
  };

  /** In place of `AbortSignal.timeout`. */
  readonly startLimit = (milliseconds: number): AbortSignal => {
    if (milliseconds <= 0) return AbortSignal.abort();
    const controller = new AbortController();
    this.#limits = [...this.#limits, { end: this.#at + milliseconds, controller }];
    return controller.signal;
  };

  /** Lets time pass until the limit that was set last is reached: what waits for something else will never have it. */
  readonly passLastLimit = (): void => {
    const last = this.#limits.at(-1);
    if (last !== undefined) this.pass(last.end - this.#at);
  };

  /** Lets time pass, and ends what has reached its limit. */
  pass(milliseconds: number): void {
    this.#at += milliseconds;
    const over = this.#limits.filter(({ end }) => end <= this.#at);
    this.#limits = this.#limits.filter(({ end }) => end > this.#at);
    for (const { controller } of over)
      controller.abort(new DOMException('The test let the time pass.', 'TimeoutError'));
  }
}

/**
 * Takes the place of `AbortSignal.timeout` in every test of the file that calls this at its top: a limit is reached when
 * the test lets the time pass, and never because the machine is busy.
 */
export function useTestClock(): TestClock {
  const clock = new TestClock();
  beforeEach(() => {
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(clock.startLimit);
  });
  return clock;
}
