import { join } from 'node:path';
import { StoreUnavailableError } from '../contract/stored.ts';
import { MAX_ANSWER } from '../seats/lease.ts';
import { createLiveTrust } from '../trust/live/liveTrust.ts';
import type { LiveTrust, Warn } from '../trust/live/liveTrust.ts';
import type { TrustStore } from '../trust/live/trustEntry.ts';
import { probePins } from '../trust/probePins.ts';
import type { PinsProbe } from '../trust/probePins.ts';
import { readTrustMaterial } from '../trust/readMaterial.ts';
import type { ServiceConfig } from './config.ts';

/** The deployment package has the synced certificates in this folder, beside the bundle. */
const PACKAGED_CERTIFICATES = { path: join(import.meta.dirname, 'trust'), mayBeAbsent: true };

export interface ServiceTrust {
  readonly trust: LiveTrust;
  /**
   * Of the trust by which evidence is judged; of what was known last where the store does not answer.
   *
   * @param at milliseconds since the epoch
   */
  readonly probePins: (at: number, log: Warn) => Promise<PinsProbe>;
}

/**
 * Trust of this instance: the pins of the repository with the certificates at hand, and what operators pin and distrust.
 * A missing or expired certificate is reported by the probe; only to have none at all stops the start.
 */
export async function createServiceTrust(
  config: ServiceConfig,
  store: Pick<TrustStore, 'listTrust'>,
): Promise<ServiceTrust> {
  const { TRUST_DIRECTORY: path, ACCEPTED_CLOUDS, emulatorCertificates: emulator } = config;
  const directories = path === undefined ? [PACKAGED_CERTIFICATES] : [PACKAGED_CERTIFICATES, { path }];
  const base = await readTrustMaterial({ directories, emulator });
  const trust = createLiveTrust({ base, store, longestAnswer: MAX_ANSWER });
  const probe: ServiceTrust['probePins'] = async (at, log) => {
    await refresh(trust, at, log);
    return probePins(trust.latest().material, ACCEPTED_CLOUDS, at);
  };
  return { trust, probePins: probe };
}

/** An instance may be asked for its readiness long before any evidence comes to it. */
async function refresh(trust: LiveTrust, at: number, log: Warn): Promise<void> {
  try {
    await trust.read(at, log);
  } catch (error) {
    // The probe of the store says so.
    if (!(error instanceof StoreUnavailableError)) throw error;
  }
}
