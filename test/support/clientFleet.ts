import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { REAL_ADAPTERS } from '../../src/client/adapters/real.ts';
import { createLicenceClient } from '../../src/client/index.ts';
import type { Adapters, Answer, ClientOptions } from '../../src/client/index.ts';

export interface FleetOptions extends Pick<ClientOptions, 'issuer' | 'trust'> {
  readonly imdsUrl: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Names of the emulator's VMs. */
  readonly vms: readonly string[];
}

export interface FleetCheck {
  /** Another IMDS than the fleet's own. */
  readonly imdsUrl?: string;
  /** What the requests to the service go through. */
  readonly fetch?: Adapters['fetch'];
  /** Renews, due or not. */
  readonly renew?: boolean;
}

/** The software of a fleet under the shipped client; each VM keeps its folder until the test has finished. */
export function createClientFleet(options: FleetOptions): (check?: FleetCheck) => Promise<readonly Answer[]> {
  const { issuer, trust, now, vms } = options;
  const folder = mkdtempSync(join(tmpdir(), 'countersign-fleet-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return ({ imdsUrl = options.imdsUrl, fetch = REAL_ADAPTERS.fetch, renew = false } = {}) =>
    Promise.all(
      vms.map((vm) =>
        createLicenceClient({
          ...{ issuer, product: 'contoso/gateway', once: true, folder: join(folder, vm) },
          ...(trust !== undefined && { trust }),
          imdsUrl: `${imdsUrl}/vms/${vm}`,
          adapters: { fetch, clocks: { ...REAL_ADAPTERS.clocks, now } },
        }).check({ renew }),
      ),
    );
}

/** What the fleet's checks say, each once. */
export const statesOf = (checks: readonly Answer[]): readonly string[] => [
  ...new Set(checks.map(({ state, code }) => `${state} ${code}`)),
];

/** The names of the VMs of a fleet, which the emulator makes up. */
export const fleetOf = (size: number, from = 1): readonly string[] =>
  Array.from({ length: size }, (_, index) => `fleet-${from + index}`);
