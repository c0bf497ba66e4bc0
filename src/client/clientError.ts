import type { LicenceState } from './states.ts';

/**
 * Everything that can go wrong on the client's side of the protocol. Stable: programs compare these. What the service
 * itself answers keeps the service's own code.
 */
export const CLIENT_CODES = [
  'options_invalid',
  'folder_unusable',
  'key_unusable',
  'key_exposed',
  'clock_wrong',
  'cache_unusable',
  'cache_not_written',
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
  'licence_malformed',
  'licence_signature_invalid',
  'licence_foreign',
  'denial_unusable',
] as const;

export type ClientCode = (typeof CLIENT_CODES)[number];

interface Meaning {
  /** What a check ends in when there is no licence to fall back on. */
  readonly state: LicenceState;
  /** What happened, and what to do. */
  readonly reason: string;
}

const NOT_OUR_SERVICE = 'Check the issuer URL, and what stands between this machine and the service.';

/** The state and the text of each code: a new code does not compile without both. */
export const MEANINGS: Readonly<Record<ClientCode, Meaning>> = {
  options_invalid: { state: 'misconfigured', reason: 'The options cannot be used; correct them.' },
  folder_unusable: {
    state: 'misconfigured',
    reason: 'The folder for key and licence cannot be read or written; give this program a folder of its own.',
  },
  key_unusable: {
    state: 'misconfigured',
    reason:
      'The key file is not a P-256 private key in PKCS#8 PEM; restore it, or delete it to have a new key made (the service counts that as a key change).',
  },
  key_exposed: {
    state: 'misconfigured',
    reason: 'The key file can be read by other users; restrict it to its owner (chmod 600).',
  },
  clock_wrong: {
    state: 'misconfigured',
    reason:
      "The new licence's times do not fit this machine's clock; set the clock (time synchronisation) and try again.",
  },
  cache_unusable: {
    state: 'unreachable',
    reason: 'The licence kept on this machine cannot be used; a new one is needed.',
  },
  cache_not_written: {
    state: 'misconfigured',
    reason: 'The licence is valid but could not be kept; free or repair the disk, or the next start needs the service.',
  },
  not_in_azure: {
    state: 'not_in_azure',
    reason: 'This machine has no Azure Instance Metadata Service; run the software on an Azure VM.',
  },
  imds_not_answering: {
    state: 'unreachable',
    reason:
      'The Azure Instance Metadata Service does not answer; check the route to 169.254.169.254 and local firewalls.',
  },
  imds_answer_unusable: {
    state: 'unreachable',
    reason:
      'What answers as the Azure Instance Metadata Service does not speak as it does; check proxies and local firewalls.',
  },
  document_stale: {
    state: 'unreachable',
    reason: 'The Azure Instance Metadata Service keeps answering with an old document; try again in a minute.',
  },
  service_unreachable: {
    state: 'unreachable',
    reason: 'The licence service cannot be reached; check DNS, outgoing HTTPS and proxies.',
  },
  service_failing: { state: 'unreachable', reason: 'The licence service is in trouble or busy; try again later.' },
  service_answer_unusable: {
    state: 'unreachable',
    reason: `The answer is not one of the licence service. ${NOT_OUR_SERVICE}`,
  },
  challenge_malformed: { state: 'unreachable', reason: `The challenge cannot be read. ${NOT_OUR_SERVICE}` },
  challenge_foreign: {
    state: 'unreachable',
    reason: `The challenge was made by another service, or for another key. ${NOT_OUR_SERVICE}`,
  },
  challenge_nonce_wrong: {
    state: 'unreachable',
    reason: `The nonce does not belong to its challenge. ${NOT_OUR_SERVICE}`,
  },
  key_set_unusable: {
    state: 'unreachable',
    reason: 'The key set holds a private key, or no P-256 key that can be used; the service has to be repaired.',
  },
  licence_malformed: { state: 'unreachable', reason: `The licence cannot be read. ${NOT_OUR_SERVICE}` },
  licence_signature_invalid: {
    state: 'unreachable',
    reason: `The licence is not signed by a key of the service. ${NOT_OUR_SERVICE}`,
  },
  licence_foreign: {
    state: 'unreachable',
    reason: 'The licence is for another issuer, product, VM or key; compare the options with the offer.',
  },
  denial_unusable: { state: 'unreachable', reason: `The refusal's signed part cannot be used. ${NOT_OUR_SERVICE}` },
};

/** A failure with a stable code. The message says what to do and never carries a token, a nonce or a document. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientCode;

  /** @param detail for people: which option, which member, which system error; never what it held */
  constructor(code: ClientCode, detail?: string, options?: ErrorOptions) {
    const { reason } = MEANINGS[code];
    super(detail === undefined ? reason : `${reason} (${detail})`, options);
    this.code = code;
  }
}

/** The code of a system error (`ENOENT`, `CERT_HAS_EXPIRED`), found in the error or in what caused it. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code)) return code;
  return systemErrorCode(error.cause);
}
