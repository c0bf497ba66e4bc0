import type { CachedCatalogue } from '../catalogue/cacheCatalogue.ts';
import type { LicenceStore } from '../tables/licenceStore.ts';
import type { SigningKeys } from '../tokens/signingKeys.ts';
import type { ServiceConfig } from './config.ts';
import type { LiveTrust } from '../trust/live/liveTrust.ts';
import type { KeySets } from '../tokens/keySets/keySets.ts';
import type { UploadedKeySets } from '../tokens/keySets/uploadedKeySets.ts';

/** What operators' use cases are made of. */
export interface Parts {
  readonly config: ServiceConfig;
  /** What may sign, and the signing keys as they stand in their rotation. */
  readonly signingKeys: SigningKeys;
  /** The same keys as clients may believe them. */
  readonly keySets: KeySets;
  /** Where administrators upload signed key sets; null where the service signs them itself. */
  readonly uploads: UploadedKeySets | null;
  readonly trust: LiveTrust;
  readonly store: LicenceStore;
  /** Offers and licences, from a cache that is at most ten seconds old. */
  readonly catalogue: CachedCatalogue;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
