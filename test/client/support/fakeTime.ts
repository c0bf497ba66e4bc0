import type { Clocks } from '../../../src/client/adapters.ts';
import { NOW } from './vectors.ts';

/** Clocks that move only when the client sleeps, when a request hangs, or when a test says so. */
export class FakeTime {
  /** The wall clock. */
  now = NOW;
  monotonic = 0;
  uptime = 3_600_000;
  bootId: string | undefined = 'boot-1';
  readonly sleeps: number[] = [];
  readonly #timeouts = new WeakMap<
    AbortSignal,
    { readonly milliseconds: number; readonly controller: AbortController }
  >();

  readonly clocks: Clocks = {
    now: () => this.now,
    monotonic: () => this.monotonic,
    uptime: () => this.uptime,
    bootId: () => this.bootId,
    sleep: (milliseconds) => {
      this.sleeps.push(milliseconds);
      this.pass(milliseconds);
      return Promise.resolve();
    },
    timeout: (milliseconds) => {
      const controller = new AbortController();
      this.#timeouts.set(controller.signal, { milliseconds, controller });
      return controller.signal;
    },
  };

  /** Time goes by, on every clock. */
  pass(milliseconds: number): void {
    this.now += milliseconds;
    this.monotonic += milliseconds;
    this.uptime += milliseconds;
  }

  /** The request with this signal waits until it is aborted. */
  passTimeout(signal: AbortSignal): void {
    const timeout = this.#timeouts.get(signal);
    this.pass(timeout?.milliseconds ?? NaN);
    timeout?.controller.abort();
  }

  /** The machine is off for so long, and starts again. */
  reboot(off = 0): void {
    this.now += off;
    this.uptime = 0;
    this.bootId = `${this.bootId ?? ''}+`;
  }
}
