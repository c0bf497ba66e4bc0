import * as z from 'zod';
import { must } from '../../contract/operators/fields.ts';
import type { EffectReportJson } from '../../contract/operators/records.ts';
import type { ProblemCode } from '../../contract/codes.ts';
import { OPERATOR_ENDPOINTS } from '../../contract/endpoints.ts';
import type { Endpoint, OperatorEndpoint } from '../../contract/endpoints.ts';
import { inTurns } from '../../contract/pieces.ts';
import type { Change } from '../../contract/stored.ts';
import type { Log } from '../../http/edge.ts';
import { readQuery } from '../../http/readQuery.ts';
import { parseShape } from './bodies.ts';
import type { BodyForm } from './bodies.ts';
import type { RecordChanges } from './recordChanges.ts';
import type { OperatorRole } from '../access/roles.ts';
import type { ExpectedVersion } from './versions.ts';

/** What a handler gets: what it needs, everything of the request parsed, and the operator may do it. */
export interface Call<N, P = unknown, Q = unknown, B = unknown> {
  readonly needs: N;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Whether to answer what the write would do, and to write nothing. */
  readonly dryRun: boolean;
  /** Why, of a write; null where nothing was said. */
  readonly reason: string | null;
  readonly expected: ExpectedVersion;
  /** Who asks, and when: what a write is signed with. */
  readonly change: Change;
  /** Every write calls it right before. */
  readonly record: RecordChanges;
  readonly log: Log;
}

/** `version` becomes the ETag. An {@link EffectReportJson} is the answer to a dry run. */
export interface Answer<R> {
  readonly value: R | EffectReportJson;
  readonly version?: string | undefined;
  /** What a repeat with the same Idempotency-Key is answered, where the value itself must not be kept. `null`: it runs again. */
  readonly kept?: R | null;
  /** 201 instead of 200, on a route that says that it creates. */
  readonly isNew?: boolean;
}

/** The one declaration of a route: it is registered, authorised and described from this alone. */
export interface RouteDeclaration<N, P extends z.ZodObject, Q extends z.ZodObject, B, R extends z.ZodType> {
  /** Of the function and of the operation; method and path are the contract's. */
  readonly name: OperatorEndpoint;
  readonly role: OperatorRole;
  readonly summary: string;
  readonly params: P;
  readonly query: Q;
  readonly body: BodyForm<B>;
  /** Whether a write names the version that it replaces. */
  readonly ifMatch?: boolean;
  /** Whether a write takes `dryRun`, and what it then answers: its usual answer, or an `EffectReport`. */
  readonly dryRun?: 'answer' | 'effect';
  /** Whether a write may create what was not there. */
  readonly creates?: boolean;
  readonly answer: { readonly mediaType: 'application/json' | 'text/csv'; readonly schema: R };
  /** Refusals of its own, beside those that every route has. */
  readonly codes: readonly ProblemCode[];
  readonly handle: (call: Call<N, z.output<P>, z.output<Q>, B>) => Promise<Answer<z.input<R>>>;
}

/** The parts of a request that a route's own schemas judge. */
export interface RawCall<N> extends Pick<Call<N>, 'needs' | 'expected' | 'change' | 'record' | 'log'> {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly mediaType: string;
  readonly text: string;
}

/** A route without the types of its inside, but for what it needs. */
export interface OperatorRoute<N = never> extends Omit<
  RouteDeclaration<N, z.ZodObject, z.ZodObject, unknown, z.ZodType>,
  'handle' | 'body'
> {
  readonly endpoint: Endpoint;
  readonly body: BodyForm<unknown>;
  readonly ifMatch: boolean;
  /**
   * Parses what the request holds.
   *
   * @returns the rest of the way, so that nothing is executed before everything is known to be well formed
   * @throws {RequestError}
   */
  readonly prepare: (raw: RawCall<N>) => Promise<() => Promise<Answer<unknown>>>;
}

export const NOTHING = z.strictObject({});

const MAX_REASON = 500;

/** Members of every write's query. */
const REASON = {
  reason: z.string().min(1).max(MAX_REASON).optional().describe(`Why: at most ${MAX_REASON} characters, for the log.`),
};

/** Members of the query of a write that can stop somebody's software. */
const DRY_RUN = {
  dryRun: z
    .enum(['true', 'false'], must('be true or false'))
    .default('false')
    .describe('true: answer what would be written, and write nothing.'),
};

const sharedQuery = z.strictObject({ ...REASON, ...DRY_RUN });

/** What every write understands, and what the route itself does. */
function splitQuery(query: Readonly<Record<string, unknown>>, common: z.ZodObject) {
  const isShared = ([name]: readonly [string, unknown]) => Object.hasOwn(common.shape, name);
  const entries = Object.entries(query);
  return {
    shared: Object.fromEntries(entries.filter(isShared)),
    own: Object.fromEntries(entries.filter((entry) => !isShared(entry))),
  };
}

/** A {@link defineRoute} whose handlers need `N`: the type of the one is given, those of the rest are found. */
export function routesThatNeed<N>() {
  return <P extends z.ZodObject, Q extends z.ZodObject, B, R extends z.ZodType>(
    declaration: RouteDeclaration<N, P, Q, B, R>,
  ): OperatorRoute<N> => defineRoute(declaration);
}

/** Gives a declaration's types to its handler, and hides them from everybody else. */
function defineRoute<N, P extends z.ZodObject, Q extends z.ZodObject, B, R extends z.ZodType>(
  declaration: RouteDeclaration<N, P, Q, B, R>,
): OperatorRoute<N> {
  const { handle, ...rest } = declaration;
  const endpoint = OPERATOR_ENDPOINTS[declaration.name];
  const common = z.strictObject({
    ...(endpoint.method !== 'GET' && REASON),
    ...(declaration.dryRun !== undefined && DRY_RUN),
  });
  return {
    ...rest,
    endpoint,
    query: declaration.query.extend(common.shape),
    ifMatch: declaration.ifMatch ?? false,
    prepare: async ({ mediaType, text, ...raw }) => {
      const params = parseShape(declaration.params, raw.params, 'The address');
      const { own, shared } = splitQuery(readQuery(raw.query), common);
      const query = parseShape(declaration.query, own, 'The query');
      const { dryRun, reason = null } = parseShape(sharedQuery, shared, 'The query');
      const body = await inTurns(declaration.body.parse(mediaType, text));
      return () => handle({ ...raw, params, query, body, dryRun: dryRun === 'true', reason });
    },
  };
}
