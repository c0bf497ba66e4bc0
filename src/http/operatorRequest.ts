/** An `Idempotency-Key` counts for one operator and one route. Each part is any text. */
export interface OperatorRequestKey {
  /** The operator's own identity, such as the token's `oid`. */
  readonly operator: string;
  /** Method and path as they were called. */
  readonly route: string;
  readonly key: string;
}

/** One request of an operator, kept so that its repeat is answered and not executed. */
export interface OperatorRequest extends OperatorRequestKey {
  /** Of the body, in lower-case hexadecimal: another body under the same key is refused. */
  readonly digest: string;
  /** When it began, in milliseconds since the epoch. */
  readonly at: number;
  /** What was answered; `null` while it runs, or if the process ended meanwhile. */
  readonly answer: { readonly status: number; readonly body: string; readonly version: string | null } | null;
}

/** Characters of an answer's body that is kept; a row holds them, and the longest licence has 210,000. */
export const MAX_KEPT_BODY = 400_000;
