import type { Standing } from './licence/standing.ts';

/** What happens in a check, as it happens. No event carries a secret, a token, a nonce or a document. */
export type Progress =
  /** Another process is checking in this folder; it is waited for. */
  | { readonly step: 'lock'; readonly waiting: true }
  /** The licence kept from an earlier check. `code` says why one does not count. */
  | { readonly step: 'cache'; readonly found: 'nothing' | 'unusable' | 'denial' | Standing; readonly code?: string }
  /** Something in the folder could not be written or deleted; `code` is the system's. It is kept in memory. */
  | { readonly step: 'cache_not_written'; readonly code: string }
  /** The wall clock is behind the time that must have passed, in milliseconds. */
  | { readonly step: 'clock_set_back'; readonly milliseconds: number }
  /** The wall clock is ahead of the time that is remembered, in milliseconds: it counts while it stands there. */
  | { readonly step: 'clock_ahead'; readonly milliseconds: number }
  /** The chassis is neither Azure's nor the one that the licence was issued on. */
  | { readonly step: 'chassis_foreign' }
  | { readonly step: 'vm'; readonly vmId: string; readonly cachedLicenceIsOurs: boolean }
  | { readonly step: 'key'; readonly thumbprint: string }
  | { readonly step: 'challenge' }
  /** An attested document came; one that is not `fresh` has another nonce. */
  | { readonly step: 'document'; readonly tries: number; readonly fresh: boolean }
  /** The VM's user data was read for a claim code. */
  | { readonly step: 'user_data'; readonly hasClaim: boolean }
  | { readonly step: 'key_set'; readonly from: 'options' | 'service' | 'cache' }
  | { readonly step: 'licence'; readonly id: string; readonly expiresAt: string }
  | { readonly step: 'released'; readonly seatFreeAt: string }
  /** The service, or what answers in its place, refused. */
  | { readonly step: 'problem'; readonly status: number; readonly code: string }
  /** The refusal came with a signed part that does not answer this request, so it counts as unsigned. */
  | { readonly step: 'denial_ignored'; readonly why: string }
  | { readonly step: 'starting_over'; readonly times: number }
  | { readonly step: 'waiting'; readonly for: 'imds' | 'service'; readonly milliseconds: number };

/** Called in the course of a check; what it throws ends the check. */
export type ReportProgress = (event: Progress) => void;
