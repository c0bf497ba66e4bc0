import type * as z from 'zod';
import type { ProblemCode } from '../contract/codes.ts';
import type { UseCase } from './edge.ts';

/** A route that needs no token, and what serves it. Method and path are in contract/endpoints.ts. */
export interface AnonymousRoute<N> {
  /** `counted`: anyone, within the rate of the client's address. `anyone`: without a limit. */
  readonly access: 'counted' | 'anyone';
  readonly serve: (needs: N) => UseCase;
}

/** What such a route takes and answers. It stands in a file of its own: a start does not need it. */
export interface RouteDescription {
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly status: 200 | 201;
  readonly answer: { readonly mediaType: string; readonly schema: z.ZodType };
  readonly codes: readonly ProblemCode[];
  /** Whether the same body may come with 503. */
  readonly tellsFailure?: boolean;
  /** Whether the answer has an ETag, and `If-None-Match` is answered with 304. */
  readonly hasETag?: boolean;
}
