import { randomUUID } from 'node:crypto';
import type { ProblemCode } from '../contract/codes.ts';
import { PROBLEMS } from '../contract/problems.ts';
import type { FieldProblem, Problem } from '../contract/wire.ts';
import type { Reply } from './edge.ts';

export interface ProblemOptions {
  /** What to do, where more can be said than the code's own advice. */
  readonly detail?: string | null;
  readonly correlationId?: string;
  /** Seconds. */
  readonly retryAfter?: number | null;
  /** A signed denial. */
  readonly denial?: string;
  readonly errors?: readonly FieldProblem[];
  /** More than every problem has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A problem document (RFC 9457). `type` names a page of the service that explains the code. */
export function replyProblem(issuer: string, code: ProblemCode, options: ProblemOptions = {}): Reply {
  const { detail, correlationId = randomUUID(), retryAfter = null, denial, errors = [], headers = {} } = options;
  const { title, advice, status } = PROBLEMS[code];
  // A Retry-After implies that retrying helps.
  const retryable = PROBLEMS[code].retryable || retryAfter !== null;
  const problem: Problem = {
    type: `${issuer}/problems/${code}`,
    ...{ title, status, code },
    detail: detail ?? advice,
    instance: `urn:uuid:${correlationId}`,
    ...{ retryable, correlationId },
    ...(denial === undefined ? {} : { denial }),
    ...(errors.length === 0 ? {} : { errors }),
  };
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      ...(retryAfter === null ? {} : { 'Retry-After': String(retryAfter) }),
      ...headers,
    },
    body: JSON.stringify(problem),
  };
}

export function replyJson(status: number, value: unknown, cacheControl = 'no-store'): Reply {
  return {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': cacheControl },
    body: JSON.stringify(value),
  };
}
