import { hash } from 'node:crypto';
import { ContinuationError } from '../../contract/stored.ts';
import type { EdgeRequest, Reply, UseCase } from '../../http/edge.ts';
import type { ChangeStore } from '../../decisions/changes.ts';
import { createDecisionId } from '../../decisions/decisionRecord.ts';
import type { RequestStore } from '../../http/requestStore.ts';
import { RequestError } from '../../http/requestError.ts';
import { REPLAYED, answerOnce } from '../../http/answerOnce.ts';
import { readBody } from './bodies.ts';
import { checkToken } from '../access/checkToken.ts';
import type { Operator, TokenRules } from '../access/checkToken.ts';
import { createRecorder, isRefusal } from './recordChanges.ts';
import { hasRole } from '../access/roles.ts';
import type { Answer, OperatorRoute } from './route.ts';
import { parseIfMatch, writeETag } from './versions.ts';

/** What every operators' request needs, whatever its route does. */
export interface ServeNeeds {
  readonly store: RequestStore & Pick<ChangeStore, 'putChanges' | 'dropChanges'>;
  /** The cache of offers and licences, which a write makes this instance forget. */
  readonly catalogue: { forget(): void };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * The way of every operator's request. No route has another one: nothing of the request is read before the token is found
 * good and its role far-reaching enough.
 */
export function serveRoute<N>(route: OperatorRoute<N>, needs: N & ServeNeeds, rules: TokenRules): UseCase {
  return async (request) => {
    const at = needs.now();
    const operator = await checkToken(request.header('authorization'), rules, { at, log: request.log });
    if (!hasRole(operator.roles, route.role)) {
      throw new RequestError('role_missing', `This asks for the app role ${route.role}, or one that reaches further.`);
    }
    const body = await readBody(request, route.body);
    const reason = request.query.get('reason');
    const change = { by: operator.id, at, id: createDecisionId(at) };
    const { record, settle } = createRecorder({
      ...{ store: needs.store, log: request.log },
      facts: { operation: route.name, request: change.id, at, by: operator.id, byName: operator.name, reason },
    });
    const run = await route.prepare({
      ...{ needs, params: request.params, query: request.query, log: request.log, ...body },
      expected: route.ifMatch ? parseIfMatch(request.header('if-match')) : null,
      ...{ change, record },
    });
    const reply = async (): Promise<Reply> => replyAnswer(route, await runChecked(run));
    if (route.endpoint.method === 'GET') return reply();
    const isTrial = request.query.get('dryRun') === 'true';
    const why = reason === null ? {} : { reason };
    const facts = { operation: route.name, path: request.path, operator: operator.id, ...why };
    try {
      const answered = await runOnce({ store: needs.store, request, operator, text: body.text, at }, () =>
        settle(reply),
      );
      const isReplay = answered.headers[REPLAYED] !== undefined;
      if (!isTrial && !isReplay) request.log('info', 'operator_wrote', { ...facts, status: answered.status });
      return answered;
    } catch (error) {
      if (!isTrial && !isRefusal(error)) request.log('error', 'operator_may_have_written', facts);
      throw error;
    } finally {
      // Also after a failure: a write whose answer was lost may have been executed.
      needs.catalogue.forget();
    }
  };
}

async function runChecked(run: () => Promise<Answer<unknown>>): Promise<Answer<unknown>> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ContinuationError) throw new RequestError('request_malformed', error.message);
    throw error;
  }
}

function replyAnswer(
  { answer: { mediaType } }: Pick<OperatorRoute, 'answer'>,
  { value, version, isNew, kept }: Answer<unknown>,
): Reply {
  const eTag: Record<string, string> = version === undefined ? {} : { ETag: writeETag(version) };
  const contentType = mediaType === 'text/csv' ? 'text/csv; charset=utf-8' : mediaType;
  return {
    status: isNew === true ? 201 : 200,
    headers: { 'Content-Type': contentType, 'Cache-Control': 'no-store', ...eTag },
    body: typeof value === 'string' ? value : JSON.stringify(value),
    ...(kept !== undefined && { keptBody: kept && JSON.stringify(kept) }),
  };
}

interface Write {
  readonly store: RequestStore;
  readonly request: EdgeRequest;
  readonly operator: Operator;
  readonly text: string;
  readonly at: number;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

function runOnce({ store, request, operator, text, at }: Write, reply: () => Promise<Reply>): Promise<Reply> {
  const key = request.header('idempotency-key');
  if (key === null) return reply();
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw new RequestError(
      'request_malformed',
      'Idempotency-Key must have 1 to 128 printable characters without spaces.',
    );
  }
  const { method, path, query, log } = request;
  const route = `${method} ${path}?${query.toString()}`;
  const digest = hash('sha256', text, 'hex');
  return answerOnce({ store, key: { operator: operator.id, route, key }, digest, at, log }, reply);
}
