import type { Standing } from './standing.ts';

/** What happens in a check, as it happens. No event carries a secret, a token, a nonce or a document. */
export type Progress =
  | { readonly step: 'key'; readonly created: boolean; readonly thumbprint: string }
  /** The licence kept from an earlier check. `code` says why one cannot be used. */
  | { readonly step: 'cache'; readonly found: 'nothing' | 'unusable' | Standing; readonly code?: string }
  /** A file in the folder could not be written or deleted; `code` is the system's. */
  | { readonly step: 'cache_not_written'; readonly code: string }
  /** The clock has been set back by so many milliseconds since the last check. */
  | { readonly step: 'clock_set_back'; readonly milliseconds: number }
  | { readonly step: 'vm'; readonly vmId: string; readonly cachedLicenceIsOurs: boolean }
  | { readonly step: 'challenge' }
  /** An attested document came; one that is not `fresh` has another nonce. */
  | { readonly step: 'document'; readonly tries: number; readonly fresh: boolean }
  | { readonly step: 'key_set'; readonly from: 'options' | 'service' | 'cache' }
  | { readonly step: 'licence'; readonly id: string; readonly expiresAt: string }
  | { readonly step: 'problem'; readonly status: number; readonly code: string }
  /** The refusal came with a signed part that is not for us, so it counts as unsigned. */
  | { readonly step: 'denial_ignored'; readonly why: string }
  | { readonly step: 'starting_over'; readonly times: number }
  | { readonly step: 'waiting'; readonly for: 'imds' | 'service'; readonly milliseconds: number };

/** Called in the course of a check; what it throws ends the check. */
export type ReportProgress = (event: Progress) => void;
