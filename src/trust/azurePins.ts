import type { PinManifest, PublishedPin } from './pin.ts';
import china from './pins/AzureChinaCloud.json' with { type: 'json' };
import german from './pins/AzureGermanCloud.json' with { type: 'json' };
import publicCloud from './pins/AzurePublicCloud.json' with { type: 'json' };
import usGovernment from './pins/AzureUSGovernmentCloud.json' with { type: 'json' };

/** A pin as it is written down. Times are RFC 3339. That the files keep the rules of manifests is a test. */
interface WrittenPin extends Omit<PublishedPin, 'role' | 'confidence' | 'notBefore' | 'notAfter' | 'note'> {
  readonly role: string;
  readonly confidence: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly note?: string | undefined;
}

/** The pins of Azure's four clouds, as they are in the repository. */
export function loadPins(): readonly PinManifest<PublishedPin>[] {
  const manifests: readonly { cloud: string; domain: string; pins: readonly WrittenPin[] }[] = [
    publicCloud,
    usGovernment,
    china,
    german,
  ];
  return manifests.map(({ cloud, domain, pins }) => ({ cloud, domain, pins: pins.map(readPin) }));
}

function readPin({ role, confidence, notBefore, notAfter, note, ...pin }: WrittenPin): PublishedPin {
  return {
    ...pin,
    role: role as PublishedPin['role'],
    confidence: confidence as PublishedPin['confidence'],
    notBefore: Date.parse(notBefore),
    notAfter: Date.parse(notAfter),
    ...(note !== undefined && { note }),
  };
}
