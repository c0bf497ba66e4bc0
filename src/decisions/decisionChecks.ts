import type { Check } from '../contract/attestation.ts';
import { PROBLEMS } from '../contract/problems.ts';
import type { DecisionCheck, RefusalCode } from './decisionRecord.ts';

/** What is asked of authentic evidence, in the order in which it is asked. */
const LICENCE_CHECKS = [
  'plan',
  'offer',
  'licence',
  'validity',
  'sku',
  'vm',
  'key',
  'challenge',
  'block',
  'key_change',
  'seat',
] as const;

/** Exhaustive by type: the check that each refusal failed. */
const FAILED_CHECKS: Readonly<Record<RefusalCode, (typeof LICENCE_CHECKS)[number]>> = {
  plan_missing: 'plan',
  plan_unknown: 'plan',
  offer_suspended: 'offer',
  subscription_not_licensed: 'licence',
  licence_suspended: 'licence',
  licence_revoked: 'licence',
  licence_expired: 'validity',
  licence_not_yet_valid: 'validity',
  sku_not_allowed: 'sku',
  vm_not_allowed: 'vm',
  key_required: 'key',
  challenge_replayed: 'challenge',
  vm_blocked: 'block',
  key_changed: 'key_change',
  seats_exhausted: 'seat',
  trial_ended: 'validity',
  claim_invalid: 'licence',
  offline_not_allowed: 'offer',
};

/**
 * Every check with its outcome: the verifier's, then the licence's own. The latter stop at the first that fails, so that
 * the code tells of all of them.
 *
 * @param code the refusal; `null` if everything passed
 */
export function listChecks(evidence: readonly Check[], code: RefusalCode | null): readonly DecisionCheck[] {
  const failed = code === null ? LICENCE_CHECKS.length : LICENCE_CHECKS.indexOf(FAILED_CHECKS[code]);
  const own = LICENCE_CHECKS.map((name, index): DecisionCheck => {
    if (index < failed || code === null) return { name, outcome: 'passed' };
    return index === failed
      ? { name, outcome: 'failed', detail: PROBLEMS[code].title }
      : { name, outcome: 'not_reached' };
  });
  return [...evidence, ...own];
}
