import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the client takes from outside. All of it can be given as an option, so tests need no mocks. */
export interface Surroundings {
  /** The wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** A clock that is never set, in milliseconds since any time; waiting is measured with it. */
  readonly monotonic: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** A signal that aborts after so many milliseconds: how one request is kept from lasting for ever. */
  readonly timeout: (milliseconds: number) => AbortSignal;
  /** At least 0, below 1. */
  readonly random: () => number;
  /** Reaches the service; never used for IMDS. Give your own where a proxy or a private CA stands in between. */
  readonly fetch: typeof fetch;
  /** The asset tag that the hardware's maker put on the chassis; undefined where it cannot be read. */
  readonly chassisTag: () => Promise<string | undefined>;
}

/** Where Linux shows the chassis asset tag (SMBIOS type 3). Azure's hosts give all their VMs one and the same. */
const CHASSIS_TAG = '/sys/class/dmi/id/chassis_asset_tag';

export const REAL_SURROUNDINGS: Surroundings = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (milliseconds) => sleep(milliseconds),
  timeout: (milliseconds) => AbortSignal.timeout(milliseconds),
  random: () => Math.random(),
  fetch: (...request) => fetch(...request),
  chassisTag: async () => {
    try {
      return (await readFile(CHASSIS_TAG, 'ascii')).trim();
    } catch {
      return undefined;
    }
  },
};
