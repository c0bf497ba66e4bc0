import type { LicenceState } from './states.ts';

/**
 * Everything that can go wrong on the client's side of the protocol. Stable: programs compare these. What the service
 * itself answers keeps the service's own code.
 */
export const CLIENT_CODES = [
  'options_invalid',
  'folder_unusable',
  'folder_exposed',
  'key_unusable',
  'key_exposed',
  'clock_wrong',
  'product_mismatch',
  'shipped_key_set_unusable',
  'shipped_key_set_outdated',
  'root_key_unknown',
  'cache_unusable',
  'cache_not_written',
  'nothing_kept',
  'not_renewed',
  'check_running',
  'not_in_azure',
  'imds_not_answering',
  'imds_answer_unusable',
  'document_stale',
  'service_unreachable',
  'service_failing',
  'service_answer_unusable',
  'challenge_malformed',
  'challenge_foreign',
  'challenge_nonce_wrong',
  'key_set_unusable',
  'key_set_untrusted',
  'key_set_ended',
  'licence_malformed',
  'licence_key_unknown',
  'licence_signature_invalid',
  'licence_foreign',
  'licence_terms_invalid',
  'licence_outdated',
  'file_unusable',
  'file_outdated',
] as const;

export type ClientCode = (typeof CLIENT_CODES)[number];

/** What a check ends in when there is no licence to fall back on. */
type FailureState = Exclude<LicenceState, 'licensed' | 'grace' | 'denied'>;

interface Meaning {
  readonly state: FailureState;
  /** What happened, and what to do. */
  readonly reason: string;
}

const NOT_OUR_SERVICE = 'Check the issuer URL and what stands between this machine and the service.';
const TELL_VENDOR = 'Contact the vendor of the software.';

/** The state and the text of each code: a new code does not compile without both. */
export const MEANINGS: Readonly<Record<ClientCode, Meaning>> = {
  options_invalid: { state: 'misconfigured', reason: 'The options cannot be used. Correct them.' },
  folder_unusable: {
    state: 'misconfigured',
    reason: 'The folder for key and licence cannot be read or written. Give this program a folder of its own.',
  },
  folder_exposed: {
    state: 'misconfigured',
    reason:
      'Other users own or can change the folder for key and licence. Make this program its owner and remove their write access (chown, chmod 700).',
  },
  key_unusable: {
    state: 'misconfigured',
    reason:
      'The key of this VM cannot be used: it is not a P-256 key in JWK form, or its key store does not sign with it. Restore it, or delete it so that a new one is created (the service counts that as a key change).',
  },
  key_exposed: {
    state: 'misconfigured',
    reason: 'Other users can read the key file. Restrict it to its owner (chmod 600 key.jwk).',
  },
  clock_wrong: {
    state: 'misconfigured',
    reason: 'The clock of this machine is past the end of a new licence. Set the clock (time synchronization).',
  },
  product_mismatch: {
    state: 'misconfigured',
    reason: 'The licence is for another product. Set the option product to the product of the offer.',
  },
  shipped_key_set_unusable: {
    state: 'misconfigured',
    reason: `The key set in the option trust has no usable P-256 key. ${TELL_VENDOR}`,
  },
  shipped_key_set_outdated: {
    state: 'misconfigured',
    reason: 'The licence is signed by a key that is not in the key set of the option trust. Update the software.',
  },
  root_key_unknown: {
    state: 'misconfigured',
    reason: `The service has no key set under a root key of the option trust. Update the software. ${TELL_VENDOR}`,
  },
  cache_unusable: {
    state: 'unreachable',
    reason: 'The licence kept on this machine cannot be used. A new one is needed.',
  },
  cache_not_written: {
    state: 'misconfigured',
    reason:
      'The result could not be written to the folder. Free or repair the disk, or the next start needs the service.',
  },
  nothing_kept: { state: 'unreachable', reason: 'No licence is kept on this machine. Run a check.' },
  not_renewed: { state: 'unreachable', reason: 'The licence has not been renewed. Run a check.' },
  check_running: {
    state: 'unreachable',
    reason: 'Another process is checking the licence in this folder. Wait for it; if it does not end, find out why.',
  },
  not_in_azure: {
    state: 'not_in_azure',
    reason: 'This machine has no Azure Instance Metadata Service. Run the software on an Azure VM.',
  },
  imds_not_answering: {
    state: 'unreachable',
    reason:
      'The Azure Instance Metadata Service does not answer. Check the route to 169.254.169.254 and local firewalls.',
  },
  imds_answer_unusable: {
    state: 'unreachable',
    reason:
      'The answer is not one of the Azure Instance Metadata Service. Check proxies, local firewalls and the Metadata Security Protocol.',
  },
  document_stale: {
    state: 'unreachable',
    reason: 'The Azure Instance Metadata Service keeps answering with an old document. Retry in a minute.',
  },
  service_unreachable: {
    state: 'unreachable',
    reason: 'The licence service cannot be reached. Check DNS, outgoing HTTPS and proxies.',
  },
  service_failing: { state: 'unreachable', reason: 'The licence service has a problem or is busy. Retry later.' },
  service_answer_unusable: {
    state: 'unreachable',
    reason: `The answer is not one of the licence service. ${NOT_OUR_SERVICE}`,
  },
  challenge_malformed: { state: 'unreachable', reason: `The challenge cannot be read. ${NOT_OUR_SERVICE}` },
  challenge_foreign: {
    state: 'unreachable',
    reason: `The challenge is from another service or for another key. ${NOT_OUR_SERVICE}`,
  },
  challenge_nonce_wrong: {
    state: 'unreachable',
    reason: `The nonce does not belong to its challenge. ${NOT_OUR_SERVICE}`,
  },
  key_set_unusable: {
    state: 'unreachable',
    reason: `The key set holds a private key or no usable P-256 key. ${TELL_VENDOR}`,
  },
  key_set_untrusted: {
    state: 'unreachable',
    reason: `The key set is not one that a pinned root key has signed for this service. ${NOT_OUR_SERVICE}`,
  },
  key_set_ended: {
    state: 'unreachable',
    reason: 'The key set of the service has ended. Check the clock of this machine, then contact the vendor.',
  },
  licence_malformed: { state: 'unreachable', reason: `The licence cannot be read. ${NOT_OUR_SERVICE}` },
  licence_key_unknown: {
    state: 'unreachable',
    reason: `The licence is signed by a key that is not in the service's key set. ${TELL_VENDOR}`,
  },
  licence_signature_invalid: {
    state: 'unreachable',
    reason: `The signature of the licence is not valid. ${NOT_OUR_SERVICE}`,
  },
  licence_foreign: {
    state: 'unreachable',
    reason: `The licence is for another issuer, VM or key. ${NOT_OUR_SERVICE}`,
  },
  licence_terms_invalid: {
    state: 'unreachable',
    reason: `The times of the licence are not ones that the signed key set allows. ${TELL_VENDOR}`,
  },
  licence_outdated: {
    state: 'unreachable',
    reason: `The service answered with an older licence than is known here. ${NOT_OUR_SERVICE}`,
  },
  file_unusable: {
    state: 'misconfigured',
    reason: 'The file is not one that "countersign activate" has written. Bring that file to this machine unchanged.',
  },
  file_outdated: {
    state: 'misconfigured',
    reason:
      'The licence in the file has ended, or is older than what is known here. Bring the newest file, or write a new request.',
  },
};

/** A failure with a stable code. The message says what to do and never carries a token, a nonce or a document. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientCode;
  /** What of the message is not the code's own text. */
  readonly detail: string | undefined;
  /** Milliseconds: how long the other side asked to wait. */
  readonly retryAfter: number | undefined;

  /** @param detail for people: which option, which member, which system error; never what it held */
  constructor(code: ClientCode, detail?: string, retryAfter?: number) {
    const { reason } = MEANINGS[code];
    super(detail === undefined ? reason : `${reason} (${detail})`);
    this.code = code;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }
}

/** The code of a system error (`ENOENT`, `CERT_HAS_EXPIRED`), found in the error or in what caused it. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code)) return code;
  return systemErrorCode(error.cause);
}
