import * as z from 'zod';
import { absentAsNull, documentSchema, token, wishes } from '../contract/operators/evidence.ts';
import { decodeUtf8, readMediaType, readOctets } from '../http/bodyOctets.ts';
import type { EdgeRequest } from '../http/edge.ts';
import { RequestError } from '../http/requestError.ts';

/** An evidence request is about 6 KB: document, challenge, proof. */
export const MAX_BODY_OCTETS = 64 * 1024;

/**
 * Size, media type, JSON, shape: in this order, so that nothing is parsed that is too large or says it is something else.
 *
 * @throws {RequestError}
 */
export async function readJsonBody<T>(request: EdgeRequest, schema: z.ZodType<T>): Promise<T> {
  const octets = await readOctets(request, MAX_BODY_OCTETS);
  if (readMediaType(request) !== 'application/json') throw new RequestError('media_type_unsupported');
  return parseShape(parseJson(decodeUtf8(octets)), schema);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A parser's message quotes what it read, so it stays here.
    throw new RequestError('request_malformed', 'The body is not JSON.');
  }
}

/** @throws {RequestError} `request_malformed`, which names the place of the first problem */
export function parseShape<T>(value: unknown, schema: z.ZodType<T>, what = 'The body'): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new RequestError('request_malformed', `${where === '' ? what : `"${where}"`} is missing or not in its form.`);
}

/** `key` is judged by `parsePublicJwk`: what is not a public P-256 key is refused there. */
export const challengeRequestSchema = z.object({ key: absentAsNull(z.record(z.string(), z.unknown())) });

export const licenceRequestSchema = z.object({
  challenge: token,
  document: documentSchema,
  proof: absentAsNull(token),
  ...wishes,
});

export const releaseRequestSchema = z.object({
  challenge: token,
  document: documentSchema,
  licence: token,
  proof: absentAsNull(token),
});

export type LicenceRequestBody = z.infer<typeof licenceRequestSchema>;
