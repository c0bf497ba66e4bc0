/**
 * Every code that a caller can get, declared once. A code is stable: clients and operators' scripts compare it.
 * What each one means, and its HTTP status, is kept by the service in a `Record` over these unions, so that a new code
 * does not compile without one.
 */

/** The request itself cannot be used. */
export const REQUEST_CODES = ['request_malformed', 'not_found', 'request_too_large', 'media_type_unsupported'] as const;

/** The challenge or the proof of possession that came with it. */
export const CHALLENGE_CODES = [
  'challenge_invalid',
  'challenge_expired',
  'proof_required',
  'proof_invalid',
  'challenge_replayed',
] as const;

/** What `verifyEvidence` answers; the last two are the service's own trouble, not the caller's. */
export const EVIDENCE_CODES = [
  'document_malformed',
  'document_unsupported',
  'signer_unexpected',
  'cloud_not_accepted',
  'issuer_unknown',
  'certificate_distrusted',
  'path_invalid',
  'certificate_expired',
  'certificate_not_yet_valid',
  'signature_invalid',
  'claim_missing',
  'document_expired',
  'document_not_yet_valid',
  'document_too_old',
  'nonce_mismatch',
  'issuer_certificate_missing',
  'readings_differ',
] as const;

/** Authentic evidence, but no licence for it. */
export const LICENCE_CODES = [
  'plan_missing',
  'plan_unknown',
  'offer_suspended',
  'subscription_not_licensed',
  'licence_suspended',
  'licence_revoked',
  'licence_expired',
  'licence_not_yet_valid',
  'sku_not_allowed',
  'vm_not_allowed',
  'vm_blocked',
  'seats_exhausted',
  'trial_ended',
  'claim_invalid',
  'key_required',
  'key_changed',
  'offline_not_allowed',
] as const;

/** What was granted to a VM, in decisions alone: no problem document has them. */
export const GRANT_CODES = [
  'licence_issued',
  'key_changed_accepted',
  'seat_released',
  'trial_started',
  'subscription_claimed',
] as const;

/** Too much, or the service itself is in trouble. */
export const SERVICE_CODES = [
  'rate_limited',
  'internal_error',
  'key_set_missing',
  'store_unavailable',
  'signing_key_unavailable',
] as const;

/** Operators' requests. `not_found` is shared with {@link REQUEST_CODES}. */
export const OPERATOR_CODES = [
  'token_missing',
  'token_invalid',
  'role_missing',
  'name_taken',
  'in_use',
  'busy',
  'request_reused',
  'changed_meanwhile',
  'store_newer',
  'backup_refused',
  'precondition_required',
  'directory_unavailable',
] as const;

export type RequestCode = (typeof REQUEST_CODES)[number];
export type ChallengeCode = (typeof CHALLENGE_CODES)[number];
export type EvidenceCode = (typeof EVIDENCE_CODES)[number];
export type LicenceCode = (typeof LICENCE_CODES)[number];
export type GrantCode = (typeof GRANT_CODES)[number];
export type ServiceCode = (typeof SERVICE_CODES)[number];
export type OperatorCode = (typeof OPERATOR_CODES)[number];

/** Every code of a problem document. */
export type ProblemCode = RequestCode | ChallengeCode | EvidenceCode | LicenceCode | ServiceCode | OperatorCode;
