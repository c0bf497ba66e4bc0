import { CONTENT_FAULTS } from './contentFaults.ts';
import type { Fault } from './fault.ts';
import { MESSAGE_FAULTS } from './messageFaults.ts';
import { SIGNER_FAULTS } from './signerFaults.ts';

/** What can be made to go wrong at the emulator. */
export const FAULT_NAMES = [
  'wrong-signer',
  'self-signed',
  'wrong-name',
  'other-cloud',
  'expired-certificate',
  'future-certificate',
  'wrong-usage',
  'signer-is-ca',
  'unknown-extension',
  'weak-key',
  'weak-certificate',
  'expired',
  'future',
  'too-old',
  'backward-times',
  'long-lifetime',
  'old-nonce',
  'empty-plan',
  'foreign-plan',
  'missing-fields',
  'repeated-key',
  'altered-content',
  'altered-signature',
  'empty-signature',
  'no-signer',
  'two-signers',
  'signer-by-key',
  'no-certificate',
  'two-certificates',
  'signed-attributes',
  'weak-digest',
  'indefinite-length',
  'trailing-octet',
  'standard-digest-oid',
  'slow',
  'forbidden',
  'gone',
  'not-found',
  'too-many',
  'error',
  'silent',
  'refused',
  'cut',
] as const;

export type FaultName = (typeof FAULT_NAMES)[number];

export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  ...SIGNER_FAULTS,
  ...CONTENT_FAULTS,
  ...MESSAGE_FAULTS,
  slow: { does: 'answers after five seconds', leadsTo: null },
  forbidden: {
    does: 'answers 403, as the Metadata Security Protocol does to a process that it does not allow',
    leadsTo: null,
  },
  gone: { does: 'answers 410 for ten seconds from the first request on', leadsTo: null },
  'not-found': { does: 'answers 404', leadsTo: null },
  'too-many': { does: 'answers 429', leadsTo: null },
  error: { does: 'answers 500', leadsTo: null },
  silent: { does: 'takes the request and never answers', leadsTo: null },
  refused: { does: 'resets the connection', leadsTo: null },
  cut: { does: 'ends the connection in the middle of the answer', leadsTo: null },
};

export function isFaultName(text: string): text is FaultName {
  return (FAULT_NAMES as readonly string[]).includes(text);
}
