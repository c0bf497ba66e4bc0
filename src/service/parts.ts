import type { CachedCatalogue } from '../licensing/cacheCatalogue.ts';
import type { LicenceStore } from '../licensing/store.ts';
import type { SeatGate } from '../licensing/seatGate.ts';
import type { Challenges } from '../tokens/challenges.ts';
import type { SigningKeys } from '../tokens/signingKeys.ts';
import type { EvidencePolicy } from '../verifier/appraise.ts';
import type { ServiceConfig } from './config.ts';
import type { LiveTrust } from '../trust/live/liveTrust.ts';
import type { IssuerNotes } from '../trust/live/issuerNotes.ts';
import type { RateLimit } from './rateLimit.ts';

/** What the use cases are made of. The composition root makes it once; the use cases keep nothing. */
export interface Parts {
  readonly config: ServiceConfig;
  readonly challenges: Challenges;
  readonly signingKeys: SigningKeys;
  readonly trust: LiveTrust;
  readonly policy: EvidencePolicy;
  readonly store: LicenceStore;
  /** Offers and licences, from a cache that is at most ten seconds old. */
  readonly catalogue: CachedCatalogue;
  /** By client address, for strangers. */
  readonly rateLimit: RateLimit;
  /** By what the evidence says, once it is authentic. */
  readonly subscriptionLimit: RateLimit;
  readonly vmLimit: RateLimit;
  readonly seatGate: SeatGate;
  readonly issuerNotes: IssuerNotes;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
