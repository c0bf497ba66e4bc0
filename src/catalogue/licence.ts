import type { Features } from '../contract/claims.ts';
import type { Seats } from './offer.ts';
import type { Allowed, PlanName } from './planName.ts';

export const LICENCE_STATUSES = ['active', 'suspended', 'revoked'] as const;

/** One subscription's right to run one plan, for offers in licensed mode. Times are milliseconds since the epoch. */
export interface Licence {
  readonly id: string;
  /** One cloud's word never reaches another cloud's subscription. */
  readonly cloud: string;
  /** Lower-case UUID. */
  readonly subscriptionId: string;
  /** Of an offer with plan `*`, either one plan or `*` itself. */
  readonly plan: PlanName;
  readonly status: (typeof LICENCE_STATUSES)[number];
  readonly seats: Seats;
  readonly validFrom: number | null;
  /** The first moment at which it is no longer valid. */
  readonly validUntil: number | null;
  /** Lower-case UUIDs. */
  readonly vmIds: Allowed;
  readonly skus: Allowed;
  /** Override the offer's. */
  readonly features: Features;
  readonly note: string;
}

/** What a licence is for: there is one a subscription and plan. The plan's names are compared without regard to case. */
export type LicenceKey = Pick<Licence, 'cloud' | 'subscriptionId' | 'plan'>;
