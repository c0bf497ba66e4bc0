import type * as z from 'zod';
import type { FieldProblem } from '../../contract/wire.ts';
import { describeIssue } from '../../catalogue/file/fieldProblems.ts';
import { MAX_BODY } from '../../contract/bodySize.ts';
import type { Pieces } from '../../contract/pieces.ts';
import { parsePlainJsonPieces } from '../../contract/plainJson.ts';
import { JsonError } from '../../contract/strictJson.ts';
import { decodeUtf8, readMediaType, readOctets } from '../../http/bodyOctets.ts';
import type { EdgeRequest } from '../../http/edge.ts';
import { RequestError } from '../../http/requestError.ts';
import { tellRule } from './ruleWords.ts';

/** What a route takes as its body. */
export interface BodyForm<B> {
  /** The schema of each media type that is taken, for OpenAPI; none where there is no body. */
  readonly content: Readonly<Record<string, z.ZodType>>;
  /** Octets. */
  readonly largest: number;
  /** In pieces. @throws {RequestError} */
  readonly parse: (mediaType: string, text: string) => Pieces<B>;
}

export const NO_BODY: BodyForm<null> = {
  content: {},
  largest: 0,

  *parse() {
    return null;
  },
};

/** A JSON body, with every problem of its fields told. */
export function jsonBody<T>(schema: z.ZodType<T>, largest = MAX_BODY): BodyForm<T> {
  return {
    content: { 'application/json': schema },
    largest,
    *parse(_, text) {
      return parseShape(schema, yield* parseJson(text), 'The body');
    },
  };
}

/**
 * Size, media type, encoding: in this order, so that nothing is read that is too large or says it is something else.
 *
 * @throws {RequestError}
 */
export async function readBody<B>(
  request: EdgeRequest,
  form: BodyForm<B>,
): Promise<{ mediaType: string; text: string }> {
  if (form.largest === 0) return { mediaType: '', text: '' };
  const octets = await readOctets(request, form.largest);
  const mediaType = readMediaType(request);
  if (!Object.hasOwn(form.content, mediaType)) {
    const taken = Object.keys(form.content).join(' or ');
    throw new RequestError('media_type_unsupported', `Send Content-Type: ${taken}.`);
  }
  return { mediaType, text: decodeUtf8(octets) };
}

/** In pieces. @throws {RequestError} `request_malformed` */
export function* parseJson(text: string): Pieces<unknown> {
  try {
    return yield* parsePlainJsonPieces(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new RequestError('request_malformed', `The body cannot be read as JSON: ${error.message}.`);
  }
}

/** @throws {RequestError} `request_malformed` with every problem */
export function parseShape<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value, { error: tellRule });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap(describeIssue);
  throw new RequestError(
    'request_malformed',
    `${what} is not in its form: ${formatProblems(problems)}`,
    null,
    problems,
  );
}

const MAX_TOLD = 5;

/** The first few in a sentence; the whole list stands beside it in the problem document. */
function formatProblems(problems: readonly FieldProblem[]): string {
  const told = problems.slice(0, MAX_TOLD).map(({ field, message }) => `${field === '' ? '' : `${field} `}${message}`);
  const more = problems.length - told.length;
  return `${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`;
}
