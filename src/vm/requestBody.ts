import * as z from 'zod';
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

const DOCUMENT_TEXT = z
  .string()
  .min(1)
  .max(32 * 1024);
const TOKEN = z
  .string()
  .min(1)
  .max(16 * 1024);
const documentSchema = z.object({ encoding: z.literal('pkcs7'), signature: DOCUMENT_TEXT });

/** Many languages write an absent member as null. */
const absentAsNull = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

/** `key` is judged by `parsePublicJwk`: what is not a public P-256 key is refused there. */
export const challengeRequestSchema = z.object({ key: absentAsNull(z.record(z.string(), z.unknown())) });

/** The client's own word, for operators: what is not a short text is left out, and refuses nothing. */
const clientName = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === 'string' ? value.slice(0, 128).toWellFormed() : undefined))
  .describe('A text such as "gateway/2.1": its first 128 characters are shown to operators.');

/** Longer ones are no codes of ours; what else is none is found out where it is looked at. */
const CLAIM = z
  .string()
  .min(1)
  .max(128)
  .transform((text) => text.toWellFormed());

/** Letters with their marks, digits, punctuation, symbols and spaces: no line ends, no control or formatting characters. */
const LABEL = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]{1,64}$/u;
const MAX_LABEL_UNITS = 128;

/** The VM's own word, for people: what cannot be used is dropped, and refuses nothing. In NFC, equal names are equal texts. */
const label = z
  .unknown()
  .optional()
  .transform((value) => (isLabel(value) ? value : undefined))
  .describe('A name of the machine for people: one line in NFC, at most 64 characters. Anything else is dropped.');

function isLabel(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_LABEL_UNITS) return false;
  return LABEL.test(value) && value.trim() !== '' && value === value.normalize('NFC');
}

export const licenceRequestSchema = z.object({
  challenge: TOKEN,
  document: documentSchema,
  proof: absentAsNull(TOKEN),
  offer: absentAsNull(
    z
      .string()
      .min(1)
      .max(512)
      .transform((text) => text.toWellFormed()),
  ),
  claim: absentAsNull(CLAIM).describe(
    'A claim code; looked at only where the subscription has no licence for the offer.',
  ),
  client: clientName,
  label,
});

export const releaseRequestSchema = z.object({
  challenge: TOKEN,
  document: documentSchema,
  licence: TOKEN,
  proof: absentAsNull(TOKEN),
});

export type LicenceRequestBody = z.infer<typeof licenceRequestSchema>;
