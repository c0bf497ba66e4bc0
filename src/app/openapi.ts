import * as z from 'zod';
import type { ProblemCode } from '../contract/codes.ts';
import { effectReport } from '../contract/operators/records.ts';
import { PROBLEMS } from '../contract/problems.ts';
import { CONSOLE_ENDPOINTS, VM_ENDPOINTS } from '../contract/endpoints.ts';
import type { ConsoleEndpoint, VmEndpoint } from '../contract/endpoints.ts';
import type { Problem } from '../contract/wire.ts';
import type { RouteDescription } from '../http/anonymousRoute.ts';
import { CONSOLE_DESCRIPTIONS } from '../operators/console/routeDescriptions.ts';
import { compactJws } from '../vm/answerSchemas.ts';
import { VM_DESCRIPTIONS } from '../vm/routeDescriptions.ts';
import { ETAG, answerHeaders, problemHeaders } from './openapiHeaders.ts';
import { SchemaBook } from './openapiSchemas.ts';
import type { JsonSchema } from './openapiSchemas.ts';
import type { OperatorRoute } from '../operators/edge/route.ts';

/** OpenAPI 3.1, as far as it is written here. */
export interface OpenApi {
  readonly openapi: '3.1.1';
  readonly info: JsonSchema;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: JsonSchema; readonly securitySchemes: JsonSchema };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters: readonly JsonSchema[];
  readonly requestBody?: JsonSchema;
  readonly responses: Readonly<Record<string, JsonSchema>>;
  readonly security: readonly JsonSchema[];
  /** The app role that the token must have, or one that reaches further. */
  readonly 'x-role'?: string;
}

/** Describes every route from the schemas by which it is served. @param routes those of operators, as they are registered */
export function describeService(issuer: string, routes: readonly OperatorRoute[]): OpenApi {
  const book = new SchemaBook();
  const paths: Record<string, Record<string, Operation>> = {};
  const add = (path: string, method: string, operation: Operation) => {
    (paths[path] ??= {})[method.toLowerCase()] = operation;
  };
  for (const name of Object.keys(VM_DESCRIPTIONS) as VmEndpoint[]) {
    const { path, method } = VM_ENDPOINTS[name];
    add(path, method, describeAnonymous(book, { name, tag: tagOf(VM_DESCRIPTIONS[name]), ...VM_DESCRIPTIONS[name] }));
  }
  // There is a console where there are operators.
  const consoleNames = routes.length === 0 ? [] : (Object.keys(CONSOLE_DESCRIPTIONS) as ConsoleEndpoint[]);
  for (const name of consoleNames) {
    const { path, method } = CONSOLE_ENDPOINTS[name];
    add(
      path.replace('{*', '{'),
      method,
      describeAnonymous(book, { name, tag: 'console', ...CONSOLE_DESCRIPTIONS[name] }),
    );
  }
  for (const route of routes) add(route.endpoint.path, route.endpoint.method, describeRoute(book, route));
  const securitySchemes = routes.length === 0 ? {} : { directory: BEARER };
  return {
    openapi: '3.1.1',
    info: INFO,
    servers: [{ url: issuer }],
    paths,
    components: { schemas: book.components, securitySchemes },
  };
}

const NONE = z.strictObject({});

const INFO = {
  title: 'Countersign',
  version: '1',
  description: 'Answers Azure’s attested documents with the vendor’s own signed licences.',
};

const BEARER = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description:
    'An Entra ID access token with an app role: Reader, Operator or Admin, each with all that the ones before may do.',
};

type DescribedRoute = RouteDescription & { readonly name: string; readonly tag: string };

function tagOf({ body }: Pick<DescribedRoute, 'body'>): string {
  return body === undefined ? 'reading' : 'licensing';
}

function describeAnonymous(book: SchemaBook, route: DescribedRoute): Operation {
  const { name, tag, summary, params = NONE, query = NONE, body, status, answer, codes, hasETag = false } = route;
  const content = body === undefined ? {} : { 'application/json': body };
  const described = describeAnswer(book, answer, summary, hasETag ? ETAG : {});
  const parameters = [...describeParameters(book, params, 'path'), ...describeParameters(book, query, 'query')];
  return {
    ...{ operationId: name, summary, tags: [tag] },
    parameters: [...parameters, ...(hasETag ? [IF_NONE_MATCH] : [])],
    ...describeBody(book, content),
    responses: {
      [status]: described,
      ...(hasETag && { 304: { description: 'The caller has this version.', headers: ETAG } }),
      ...(route.tellsFailure === true && { 503: described }),
      ...describeProblems(book, codes),
    },
    security: [],
  };
}

const IF_NONE_MATCH = {
  ...{ name: 'If-None-Match', in: 'header', required: false },
  schema: { type: 'string' },
  description: 'The ETag of the version that the caller has, or a list of them.',
};

/** What every operators' route may answer, whatever it does. */
const OPERATOR_CODES: readonly ProblemCode[] = [
  ...(['request_malformed', 'token_missing', 'token_invalid', 'role_missing', 'rate_limited'] as const),
  ...(['internal_error', 'store_unavailable', 'signing_key_unavailable', 'directory_unavailable'] as const),
];

function describeRoute(book: SchemaBook, route: OperatorRoute): Operation {
  const { name, summary, params, query, body, answer, codes, role } = route;
  const isWrite = route.endpoint.method !== 'GET';
  const hasBody = Object.keys(body.content).length > 0;
  const more: readonly ProblemCode[] = [
    ...(isWrite ? (['busy', 'request_reused'] as const) : []),
    ...(hasBody ? (['request_too_large', 'media_type_unsupported'] as const) : []),
  ];
  const headers = [...(isWrite ? [IDEMPOTENCY_KEY] : []), ...(route.ifMatch ? [IF_MATCH] : [])];
  const parameters = [...describeParameters(book, params, 'path'), ...describeParameters(book, query, 'query')];
  const isTried = route.dryRun === 'effect';
  const schema = isTried ? z.union([answer.schema, effectReport]) : answer.schema;
  const answered = answerHeaders(answer.schema, { isWrite, isTried });
  const described = describeAnswer(book, { ...answer, schema }, summary, answered);
  return {
    ...{ operationId: name, summary, tags: ['operators'], parameters: [...parameters, ...headers] },
    ...describeBody(book, body.content),
    responses: {
      200: described,
      ...(route.creates === true && { 201: { ...described, description: 'Created.' } }),
      ...describeProblems(book, [...OPERATOR_CODES, ...more, ...codes]),
    },
    security: [{ directory: [] }],
    'x-role': role,
  };
}

const IDEMPOTENCY_KEY = {
  ...{ name: 'Idempotency-Key', in: 'header', required: false },
  schema: { type: 'string', pattern: '^[!-~]{1,128}$' },
  description: 'A repeat with the same body gets the first answer; with another body it is refused (request_reused).',
};

const IF_MATCH = {
  ...{ name: 'If-Match', in: 'header', required: false },
  schema: { type: 'string' },
  description: 'The ETag of the version to replace (one of a list), or *.',
};

function describeParameters(book: SchemaBook, fields: z.ZodObject, place: 'path' | 'query'): JsonSchema[] {
  const { properties = {}, required = [] } = book.write(fields, 'input');
  return Object.entries(properties as Record<string, JsonSchema>).map(([name, { description, ...schema }]) => ({
    ...{ name, in: place, required: place === 'path' || (required as string[]).includes(name), schema },
    ...(description === undefined ? {} : { description }),
  }));
}

function describeBody(book: SchemaBook, content: Readonly<Record<string, z.ZodType>>): { requestBody?: JsonSchema } {
  const described = Object.entries(content).map(([mediaType, schema]) => [
    mediaType,
    { schema: book.write(schema, 'input') },
  ]);
  return described.length === 0
    ? {}
    : { requestBody: { required: true, content: Object.fromEntries(described) as JsonSchema } };
}

function describeAnswer(
  book: SchemaBook,
  { mediaType, schema }: DescribedRoute['answer'],
  description: string,
  headers: JsonSchema,
): JsonSchema {
  // A schema's input is its JSON; what it is parsed to stays inside the service.
  return { description, headers, content: { [mediaType]: { schema: book.write(schema, 'input') } } };
}

const CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

/** RFC 9457, with members of our own. */
const problemSchema = z
  .strictObject({
    type: z.url().describe('A page that explains the code.'),
    ...{ title: z.string(), status: z.int() },
    code: z.enum(CODES),
    detail: z.string().describe('What to do.'),
    ...{ instance: z.string(), retryable: z.boolean(), correlationId: z.uuid() },
    denial: compactJws.exactOptional().describe('A signed denial: the only answer that ends a client’s grace.'),
    errors: z
      .array(z.strictObject({ line: z.int().exactOptional(), field: z.string(), message: z.string() }))
      .exactOptional()
      .describe('Operators’ requests: everything that is wrong with the body.'),
  })
  .meta({ id: 'Problem' }) satisfies z.ZodType<Problem>;

/** One response a status, which names the codes that have it. */
function describeProblems(book: SchemaBook, codes: readonly ProblemCode[]): Record<string, JsonSchema> {
  const schema = book.write(problemSchema, 'output');
  const byStatus = Map.groupBy(new Set(codes), (code) => PROBLEMS[code].status);
  const described = [...byStatus].map(([status, ofStatus]) => {
    const description = ofStatus.map((code) => `${code}: ${PROBLEMS[code].title}`).join('; ');
    const headers = problemHeaders(ofStatus);
    return [status, { description, headers, content: { 'application/problem+json': { schema } } }] as const;
  });
  return Object.fromEntries(described);
}
