import type { Features } from '../contract/claims.ts';
import type { Allowed, PlanName } from './planName.ts';

/** How many VMs may hold an unexpired licence at the same time. */
export type Seats = number | 'unlimited';

/**
 * `marketplace`: running the plan is the licence, and Azure bills for it; the seats are the subscription's.
 * `licensed`: the subscription needs a licence of its own (bring your own).
 */
export const OFFER_MODES = ['marketplace', 'licensed'] as const;
export const OFFER_STATUSES = ['active', 'suspended'] as const;

/** What a vendor sells, and on which terms. Durations are milliseconds. */
export interface Offer {
  /** The vendor's own spelling, which tokens carry. The plan may be `*`; the most specific offer wins. */
  readonly plan: PlanName;
  /** Other names of the product, such as a preview's. */
  readonly productAliases: readonly string[];
  readonly status: (typeof OFFER_STATUSES)[number];
  readonly mode: (typeof OFFER_MODES)[number];
  /** The clouds that it is sold in. */
  readonly clouds: Allowed;
  readonly skus: Allowed;
  /** Marketplace mode: of each subscription. In licensed mode the licence says it. */
  readonly seats: Seats;
  /** From issue to `exp`. */
  readonly lifetime: number;
  /** From issue to `renewAfter`. */
  readonly renewAfter: number;
  /** From `exp` to `graceUntil`. */
  readonly grace: number;
  /** How long a VM keeps its seat; at least the lifetime. */
  readonly lease: number;
  /** Whether a licence must be bound to a key. */
  readonly requireKey: boolean;
  /** How many changes of key are taken while licences under earlier keys have not expired. */
  readonly keyChanges: number;
  /** Licensed mode: whether a VM without an attested plan may name this offer. */
  readonly withoutPlan: boolean;
  /** Whether a released seat is free at once, and not only when its lease ends. */
  readonly earlyRelease: boolean;
  readonly features: Features;
}
