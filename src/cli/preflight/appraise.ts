import type { AttestationResult, Verification } from '../../contract/attestation.ts';
import { CLOCK_SKEW } from '../../contract/clocks.ts';
import { decodeBase64 } from '../../contract/base64.ts';
import { parseAttestedDocument } from '../../verifier/attestedDocument.ts';
import type { AttestedDocument } from '../../verifier/attestedDocument.ts';
import { parseSignedDocument } from '../../verifier/cms/signedData.ts';
import { checkDer } from '../../verifier/der.ts';
import { DOCUMENT_LIMITS, verifyEvidence } from '../../verifier/verifyEvidence.ts';
import type { VerifyOptions } from '../../verifier/verifyEvidence.ts';

/** What a service asks of a document (src/app/service.ts). */
const SERVICE_POLICY = {
  requiredClaims: ['vmId', 'subscriptionId', 'sku', 'plan', 'nonce', 'timeStamp'],
  maximumAge: 300_000,
} as const;

export interface Appraisal {
  readonly verification: Verification;
  /**
   * Milliseconds by which the clock of this machine is ahead of the document, which was made at that moment; null where
   * the document does not say. Where they differ by more than the skew, the document is verified at its own time.
   */
  readonly ahead: number | null;
}

/**
 * Verifies a document as a service would.
 *
 * @param at when it came, by the clock of this machine: milliseconds since the epoch
 */
export function appraise(signature: string, at: number, { trust, policy }: VerifyOptions): Appraisal {
  const createdOn = readDocument(signature)?.createdOn ?? null;
  const ahead = createdOn === null ? null : at - createdOn;
  const isClockRight = createdOn === null || isInSkew(at - createdOn);
  const options = { trust, policy: { ...policy, ...SERVICE_POLICY }, at: isClockRight ? at : createdOn };
  return { verification: verifyEvidence(signature, options), ahead };
}

export function isInSkew(milliseconds: number): boolean {
  return Math.abs(milliseconds) <= CLOCK_SKEW;
}

/** What the document says of itself, whether that is true or not; null where it cannot be read. */
function readDocument(signature: string): AttestedDocument | null {
  const octets = decodeBase64(signature);
  if (octets === null) return null;
  try {
    checkDer(octets, DOCUMENT_LIMITS);
    return parseAttestedDocument(parseSignedDocument(octets).content);
  } catch {
    return null;
  }
}

/** The claims of the first document that was accepted. */
export function attestedBy(appraisals: readonly Appraisal[]): AttestationResult | null {
  for (const { verification } of appraisals) if (verification.accepted) return verification.result;
  return null;
}
