import type { ChallengeCode, OperatorCode, RequestCode } from '../contract/codes.ts';
import type { FieldProblem } from '../contract/wire.ts';

/** A request that goes no further. Thrown by the use cases and turned into a problem document at the edge. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: RequestCode | ChallengeCode | OperatorCode | 'rate_limited';
  /** For the caller: what to do. Never octets of the request. */
  readonly detail: string | null;
  /** Seconds, for `Retry-After`. */
  readonly retryAfter: number | null;
  /** Everything that is wrong with the body, where that can be told by its places. */
  readonly errors: readonly FieldProblem[];

  constructor(
    code: RequestError['code'],
    detail: string | null = null,
    retryAfter: number | null = null,
    errors: readonly FieldProblem[] = [],
  ) {
    super(detail === null ? code : `${code}: ${detail}`);
    this.code = code;
    this.detail = detail;
    this.retryAfter = retryAfter;
    this.errors = errors;
  }
}
