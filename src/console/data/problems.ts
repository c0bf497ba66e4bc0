import type { FieldProblem, Problem } from '../../contract/wire.ts';

/** Why a request brought nothing. */
export type Trouble =
  /** The token is missing, not valid, or has expired. */
  | { readonly kind: 'signed_out' }
  | { readonly kind: 'forbidden'; readonly detail: string }
  /** Nobody answered. */
  | { readonly kind: 'offline' }
  /** The object has changed since it was read. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'missing'; readonly detail: string }
  | {
      readonly kind: 'refused';
      readonly title: string;
      readonly detail: string;
      readonly correlationId: string | null;
      /** What is wrong with what was sent, place by place. */
      readonly errors: readonly FieldProblem[];
    };

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.kind);
    this.trouble = trouble;
  }
}

/** @param problem of the answer's body, as far as it is a problem document */
export function describeAnswer(status: number, problem: Partial<Problem>): Trouble {
  const { title = `The service answered ${status}.`, detail = 'Try again later.', correlationId = null } = problem;
  if (status === 401) return { kind: 'signed_out' };
  if (status === 403) return { kind: 'forbidden', detail };
  if (status === 404) return { kind: 'missing', detail };
  if (status === 412 || problem.code === 'changed_meanwhile') return { kind: 'changed' };
  return { kind: 'refused', title, detail, correlationId, errors: problem.errors ?? [] };
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof ApiError) return error.trouble;
  return {
    kind: 'refused',
    title: 'This page could not be shown.',
    detail: 'Reload it. If that does not help, use the command line, and report this.',
    correlationId: null,
    errors: [],
  };
}
