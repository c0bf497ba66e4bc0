import type { CheckName } from '../contract/attestation.ts';
import type { EvidenceCode } from '../contract/codes.ts';

/** A check that did not hold. Thrown by the steps of the verifier and caught once, in `verifyEvidence`. */
export class EvidenceError extends Error {
  override readonly name = 'EvidenceError';
  readonly check: CheckName;
  readonly code: EvidenceCode;
  /** For operators; never octets, tokens or nonces of the evidence. */
  readonly detail: string;

  constructor(check: CheckName, code: EvidenceCode, detail: string) {
    super(`${check}: ${code}: ${detail}`);
    this.check = check;
    this.code = code;
    this.detail = detail;
  }
}
