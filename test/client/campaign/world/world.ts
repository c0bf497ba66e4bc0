import type { ClientOptions } from '../../../../src/client/index.ts';
import { Machine } from './machine.ts';
import { Network } from './network.ts';
import type { Backend } from './network.ts';
import { ISSUER, PRODUCT, SimulatedService } from './simulatedService.ts';
import { VirtualTime } from './virtualTime.ts';

/** When the world begins. */
export const START = Date.UTC(2026, 10, 28, 9);

export const FOLDER = '/var/lib/countersign';

export interface WorldOptions {
  readonly seed?: number;
  /** True time; milliseconds since the epoch. */
  readonly start?: number;
  /** Goes on from what this service knows. */
  readonly service?: SimulatedService;
  /** Instead of the simulated service. */
  readonly backend?: Backend;
}

/** A service, machines, and a time that only the test lets pass. */
export class World {
  readonly time: VirtualTime;
  readonly service: SimulatedService;
  readonly network: Network;
  readonly random: () => number;

  constructor({ seed = 1, start = START, service, backend }: WorldOptions = {}) {
    const now = (): number => this.time.now;
    this.time = new VirtualTime(start);
    this.service = service?.clone(now) ?? new SimulatedService(now);
    this.random = createRandom(seed);
    this.network = new Network(this.time, backend ?? (({ path, body }) => this.service.answer(path, body)));
  }

  get clientOptions(): ClientOptions {
    const { root } = this.service.vendor;
    return { issuer: ISSUER, product: PRODUCT, folder: FOLDER, trust: { rootKeys: [root.thumbprint] } };
  }

  /** @param bootedAt true time; an hour ago unless given */
  createMachine(vmId: string, bootedAt?: number): Machine {
    return new Machine(this, vmId, bootedAt);
  }
}

/** Chance that can be repeated: mulberry32. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
