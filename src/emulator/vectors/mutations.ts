import type { EvidenceCode } from '../../contract/codes.ts';
import type { Mutation } from './mutation.ts';
import * as content from './content.ts';
import { ENCODING, PROFILE, SIZE } from './message.ts';
import * as path from './path.ts';
import { CLOUD, OTHER_CLOUD, SIGNER } from './signer.ts';

/**
 * For every code that evidence can be refused with: what leads to it. A code without a mutation does not compile. Each is
 * one change to a document that is accepted; whatever the change, nothing else but its own check notices it first.
 */
export const MUTATIONS: Readonly<Record<EvidenceCode, readonly Mutation[]>> = {
  document_malformed: [...SIZE, ...ENCODING, ...content.CONTENT, ...content.TIMES_MALFORMED],
  document_unsupported: PROFILE,
  signer_unexpected: [...SIGNER, ...CLOUD],
  cloud_not_accepted: OTHER_CLOUD,
  issuer_unknown: path.ISSUER_UNKNOWN,
  certificate_distrusted: path.DISTRUSTED,
  path_invalid: path.PATH_INVALID,
  certificate_expired: [...path.EXPIRED, ...content.LEAF_ENDED_BEFORE],
  certificate_not_yet_valid: [...path.NOT_YET_VALID, ...content.LEAF_BEGAN_AFTER],
  signature_invalid: content.SIGNATURE,
  claim_missing: content.CLAIMS,
  document_expired: content.DOCUMENT_EXPIRED,
  document_not_yet_valid: content.DOCUMENT_NOT_YET_VALID,
  document_too_old: content.DOCUMENT_TOO_OLD,
  nonce_mismatch: content.NONCES,
  issuer_certificate_missing: path.CERTIFICATE_MISSING,
  readings_differ: content.READING,
};
