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
  /** How many VMs. */
  readonly size: number;
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
  const { issuer, trust, now, size } = options;
  const folder = mkdtempSync(join(tmpdir(), 'countersign-fleet-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const fleet = Array.from({ length: size }, (_, index) => `fleet-${index + 1}`);
  return ({ imdsUrl = options.imdsUrl, fetch = REAL_ADAPTERS.fetch, renew = false } = {}) =>
    Promise.all(
      fleet.map((vm) =>
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
