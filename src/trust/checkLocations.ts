import { DOWNLOAD_TIMEOUT, downloadPinned, listWanted, mapSome } from './publishedPins.ts';
import type { WantedOptions } from './publishedPins.ts';

export interface LocationOptions extends WantedOptions {
  readonly fetch?: typeof globalThis.fetch;
  /** Milliseconds for each URL. */
  readonly timeout?: number;
}

/** One address at which a pinned certificate is published. */
export interface CheckedLocation {
  readonly url: string;
  readonly name: string;
  /** SHA-256 of the pin. */
  readonly sha256: string;
  /** Whether the pin is current. CAs take old certificates off their servers, and nobody needs those. */
  readonly required: boolean;
  /** Why it does not have the certificate of the pin; null where it has. */
  readonly reason: string | null;
}

export interface LocationReport {
  /** Whether every location of a current pin has the certificate of its pin. */
  readonly ok: boolean;
  readonly locations: readonly CheckedLocation[];
}

/** Asks every address at which a pin says that its certificate is published. Nothing is kept. */
export async function checkLocations(options: LocationOptions): Promise<LocationReport> {
  const { fetch = globalThis.fetch, timeout = DOWNLOAD_TIMEOUT } = options;
  const asked = listWanted(options).flatMap(({ pin, required }) =>
    pin.publishedAt.map((url) => ({ pin, required, url })),
  );
  const locations = await mapSome(asked, async ({ pin, required, url }): Promise<CheckedLocation> => {
    const found = await downloadPinned(pin, url, { fetch, timeout });
    const { name, sha256 } = pin;
    return { url, name, sha256, required, reason: found.der === null ? found.reason : null };
  });
  return { ok: locations.every(({ required, reason }) => !required || reason === null), locations };
}
