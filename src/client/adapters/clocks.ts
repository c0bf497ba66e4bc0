import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { Clocks, SleepOptions } from '../adapters.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

let bootId: string | undefined;

export const REAL_CLOCKS: Clocks = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  uptime: () => uptime() * 1000,
  bootId: () => (bootId ??= readBootId()),
  sleep,
  timeout: (milliseconds) => AbortSignal.timeout(Math.max(0, Math.ceil(milliseconds))),
};

/** Only Linux names its boots. Elsewhere a boot is told from the next by an uptime that went back. */
function readBootId(): string | undefined {
  try {
    const id = readFileSync(BOOT_ID, 'ascii').trim();
    return id === '' ? undefined : id;
  } catch {
    return undefined;
  }
}

function sleep(milliseconds: number, { signal, background = false }: SleepOptions = {}): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    if (background) timer.unref();
    signal?.addEventListener('abort', end);
  });
}
