import type { PinManifest, PublishedPin } from './pin.ts';
import { parsePinManifest } from './pinManifest.ts';
import china from './pins/AzureChinaCloud.json' with { type: 'json' };
import german from './pins/AzureGermanCloud.json' with { type: 'json' };
import publicCloud from './pins/AzurePublicCloud.json' with { type: 'json' };
import usGovernment from './pins/AzureUSGovernmentCloud.json' with { type: 'json' };

/**
 * The pins of Azure's four clouds, as they are in the repository.
 *
 * @throws {PinManifestError} where a manifest breaks its own rules
 */
export function loadPins(): readonly PinManifest<PublishedPin>[] {
  return [publicCloud, usGovernment, china, german].map(parsePinManifest);
}
