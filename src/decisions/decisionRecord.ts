import { randomBytes } from 'node:crypto';

import type { AttestedPlan, CheckOutcome } from '../contract/attestation.ts';
import { GRANT_CODES } from '../contract/codes.ts';
import type { GrantCode, LicenceCode } from '../contract/codes.ts';

/** What a decision can have been: refusals by their own code, and what was granted. */
export type RefusalCode = LicenceCode | 'challenge_replayed';
export type DecisionCode = RefusalCode | GrantCode;

export function isGrant(code: DecisionCode): code is GrantCode {
  return GRANT_CODES.some((grant) => grant === code);
}

/** One check, the verifier's or the licence's own. `detail` is for people. */
export interface DecisionCheck {
  readonly name: string;
  readonly outcome: CheckOutcome;
  readonly detail?: string | undefined;
}

/**
 * An audit row: a first issue, a change of key, a seat given back, or the first refusal in an hour of one VM with one
 * code. Always of authentic evidence; never the document, never a token.
 */
export interface DecisionRecord {
  /** A UUID that is also the correlation id of the answer. It begins with `at`, so that the row can be found by it. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly code: DecisionCode;
  readonly cloud: string;
  readonly subscriptionId: string;
  readonly vmId: string;
  /** As attested. */
  readonly plan: AttestedPlan | null;
  /** `publisher/product/plan`, the VM's own word. */
  readonly claimedOffer: string | null;
  /** `publisher/product/plan` of the offer that was found, in its own spelling. */
  readonly offer: string | null;
  readonly licenceId: string | null;
  readonly region: string | null;
  readonly sku: string | null;
  readonly checks: readonly DecisionCheck[];
}

/** What is left out does not matter. `from` is inclusive, `until` exclusive, both milliseconds since the epoch. */
export interface DecisionFilter {
  readonly cloud?: string | undefined;
  readonly subscriptionId?: string | undefined;
  readonly vmId?: string | undefined;
  readonly code?: DecisionCode | undefined;
  /** As tokens carry it. */
  readonly licenceId?: string | undefined;
  /** Refusals alone. */
  readonly isRefused?: true | undefined;
  readonly from?: number | undefined;
  readonly until?: number | undefined;
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Milliseconds since the epoch that stand in an id, or `null` if it is not the id of a decision. */
export function decisionIdTime(id: string): number | null {
  return ID.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : null;
}

/**
 * A new id for a decision made at `at` (milliseconds since the epoch): a UUID of version 8 (RFC 9562, section 5.8) with 48
 * bits of time as in version 7 and 74 random bits.
 */
export function createDecisionId(at: number): string {
  const time = Math.max(0, Math.floor(at)).toString(16).padStart(12, '0').slice(-12);
  const rest = randomBytes(10);
  rest.writeUInt8((rest.readUInt8(0) & 0x0f) | 0x80, 0);
  rest.writeUInt8((rest.readUInt8(2) & 0x3f) | 0x80, 2);
  const hex = time + rest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
