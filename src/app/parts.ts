import type { CachedCatalogue } from '../catalogue/cacheCatalogue.ts';
import type { LicenceStore } from '../tables/licenceStore.ts';
import type { SeatGate } from '../seats/seatGate.ts';
import type { Challenges } from '../tokens/challenges.ts';
import type { SigningKeys } from '../tokens/signingKeys.ts';
import type { EvidencePolicy } from '../verifier/appraise.ts';
import type { AddressLimit } from '../http/addressLimit.ts';
import type { AuthenticLimit } from '../vm/authenticLimit.ts';
import type { ServiceConfig } from './config.ts';
import type { LiveTrust } from '../trust/live/liveTrust.ts';
import type { IssuerNotes } from '../trust/live/issuerNotes.ts';
import type { KeySets } from '../tokens/keySets/keySets.ts';
import type { UploadedKeySets } from '../tokens/keySets/uploadedKeySets.ts';

/** What the use cases are made of. The composition root makes it once; the use cases keep nothing. */
export interface Parts {
  readonly config: ServiceConfig;
  readonly challenges: Challenges;
  /** What may sign, and the signing keys as they stand in their rotation. */
  readonly signingKeys: SigningKeys;
  /** The same keys as clients may believe them. */
  readonly keySets: KeySets;
  /** Where administrators upload signed key sets; null where the service signs them itself. */
  readonly uploads: UploadedKeySets | null;
  readonly trust: LiveTrust;
  readonly policy: EvidencePolicy;
  readonly store: LicenceStore;
  /** Offers and licences, from a cache that is at most ten seconds old. */
  readonly catalogue: CachedCatalogue;
  /** By client address, for strangers. */
  readonly addressLimit: AddressLimit;
  /** By what the evidence says, once it is authentic. */
  readonly authenticLimit: AuthenticLimit;
  readonly seatGate: SeatGate;
  readonly issuerNotes: IssuerNotes;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
