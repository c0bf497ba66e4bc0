import type { CheckFacts, CheckName } from '../contract/attestation.ts';
import type { EvidenceCode } from '../contract/codes.ts';

/** A check that did not hold. Thrown by the steps of the verifier and caught once, in `verifyEvidence`. */
export class EvidenceError extends Error {
  override readonly name = 'EvidenceError';
  readonly check: CheckName;
  readonly code: EvidenceCode;
  /** For operators; never octets, tokens or nonces of the evidence. */
  readonly detail: string;
  /** The same for programs, where the code has facts. */
  readonly facts: CheckFacts | undefined;

  constructor(check: CheckName, code: EvidenceCode, detail: string, facts?: CheckFacts) {
    super(`${check}: ${code}: ${detail}`);
    this.check = check;
    this.code = code;
    this.detail = detail;
    this.facts = facts;
  }
}

/** One of a reader's own errors. */
type ErrorKind = new (message: string) => Error;

/** What a part of the evidence is called, and the check that it fails where it cannot be read. */
interface Part {
  readonly part: string;
  readonly check: CheckName;
  readonly code: EvidenceCode;
  /** Thrown by the part's reader. Any other error is a fault of ours, and passes. */
  readonly kind: ErrorKind;
}

/** @throws {EvidenceError} where the reader throws an error of the kind */
export function readPart<T>({ part, check, code, kind }: Part, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof kind ? new EvidenceError(check, code, `${part}: ${error.message}`) : error;
  }
}
