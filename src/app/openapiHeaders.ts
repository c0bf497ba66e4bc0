import type * as z from 'zod';
import type { ProblemCode } from '../contract/codes.ts';
import type { JsonSchema } from './openapiSchemas.ts';

/*
 * Headers of answers that callers go by, as OpenAPI describes them: `required` is one that every such answer has.
 */

const TEXT = { type: 'string' };
const SECONDS = { type: 'integer', minimum: 1 };

/** Of an answer that says which version it is. */
export const ETAG = { ETag: { required: true, schema: TEXT, description: 'The version of what is answered.' } };

const REPLAYED = {
  'Idempotency-Replayed': {
    schema: { type: 'string', enum: ['true'] },
    description: 'This is the answer that the first request with this Idempotency-Key got.',
  },
};

/** Of an answer of success. An object that stands there with its `etag` has it as a header too; a dry run of one that is new has none. */
export function answerHeaders(
  schema: z.ZodType,
  { isWrite, isTried }: { readonly isWrite: boolean; readonly isTried: boolean },
): JsonSchema {
  const isOneObject = 'shape' in schema && Object.hasOwn(schema.shape as object, 'etag');
  return { ...(isOneObject && { ETag: { ...ETAG.ETag, required: !isTried } }), ...(isWrite && REPLAYED) };
}

const WAIT = { 'Retry-After': { required: true, schema: SECONDS, description: 'How long to wait.' } };

/** Of a code that shares its status with codes that have no such header. */
const SOMETIMES_WAIT = {
  'Retry-After': { schema: SECONDS, description: 'How long to wait, where the code is busy or directory_unavailable.' },
};

const CHALLENGE = {
  'WWW-Authenticate': { required: true, schema: TEXT, description: 'RFC 6750: which token is asked for.' },
};

const PROBLEM_HEADERS: Readonly<Partial<Record<ProblemCode, JsonSchema>>> = {
  rate_limited: WAIT,
  ...{ token_missing: CHALLENGE, token_invalid: CHALLENGE, role_missing: CHALLENGE },
  busy: SOMETIMES_WAIT,
  directory_unavailable: SOMETIMES_WAIT,
};

/** Of an answer that has one of these codes: a header is required where each of them has it. */
export function problemHeaders(codes: readonly ProblemCode[]): JsonSchema {
  const described = Object.assign({}, ...codes.map((code) => PROBLEM_HEADERS[code] ?? {})) as Record<
    string,
    JsonSchema
  >;
  const isAlways = (name: string) => codes.every((code) => PROBLEM_HEADERS[code]?.[name] !== undefined);
  const headers = Object.entries(described).map(([name, { required, ...header }]) => [
    name,
    required === true && isAlways(name) ? { required, ...header } : header,
  ]);
  return Object.fromEntries(headers) as JsonSchema;
}
