import type { Failure } from '../answer.ts';
import type { Run } from '../run.ts';
import { ClientError, MEANINGS } from '../clientError.ts';
import type { ClientCode } from '../clientError.ts';
import type { Exchange } from './exchange.ts';
import { Pauses } from './pauses.ts';
import type { ServiceProblem } from './problem.ts';
import { RefusedError } from './refusedError.ts';

/** The service's codes that a new challenge cures, as when the answer to the last request was lost. */
const NEW_CHALLENGE: readonly string[] = ['challenge_expired', 'challenge_replayed', 'challenge_invalid'];
const MAX_FRESH_STARTS = 3;

/** Codes of the service that are outages: they say nothing about the licence. */
const OUTAGES: readonly string[] = ['issuer_unknown', 'challenge_expired', 'challenge_replayed'];

/** Failures that can pass: the service is away, or something else answers in its place. */
const PASSING: readonly ClientCode[] = [
  'service_unreachable',
  'service_answer_unusable',
  'challenge_malformed',
  'key_set_ended',
];

export type Persisted<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly failure: Failure };

/**
 * Attempts one exchange until it succeeds, is refused, or the patience is over. Each attempt continues
 * where the last one failed.
 *
 * @param attempt throws {ClientError | RefusedError}
 */
export async function persist<Value>(
  run: Run,
  exchange: Exchange,
  attempt: () => Promise<Value>,
): Promise<Persisted<Value>> {
  const pauses = new Pauses(run);
  for (let freshStarts = 0; ;) {
    const tried = await tryOnce(run, attempt);
    if (tried.ok) return tried;
    const { error } = tried;
    if (needsNewChallenge(error) && freshStarts < MAX_FRESH_STARTS) {
      freshStarts += 1;
      exchange.startOver();
      run.report({ step: 'starting_over', times: freshStarts });
      continue;
    }
    const pause = isPassing(error)
      ? pauses.next({ busy: statusOf(error) === 429, retryAfter: waitOf(error) })
      : undefined;
    if (pause === undefined) return { ok: false, failure: failureOf(error) };
    run.report({ step: 'waiting', for: 'service', milliseconds: Math.round(pause) });
    await run.pause(pause);
  }
}

type ServiceError = ClientError | RefusedError;

async function tryOnce<Value>(
  run: Run,
  attempt: () => Promise<Value>,
): Promise<{ ok: true; value: Value } | { ok: false; error: ServiceError }> {
  try {
    return { ok: true, value: await attempt() };
  } catch (error) {
    if (error instanceof RefusedError) {
      run.report({ step: 'problem', status: error.problem.status, code: error.problem.code });
      return { ok: false, error };
    }
    if (error instanceof ClientError) return { ok: false, error };
    throw error;
  }
}

function needsNewChallenge(error: ServiceError): boolean {
  return error instanceof RefusedError && NEW_CHALLENGE.includes(error.problem.code);
}

function isPassing(error: ServiceError): boolean {
  if (error instanceof ClientError) return PASSING.includes(error.code);
  return error.problem.status === 429 || error.problem.status >= 500;
}

function statusOf(error: ServiceError): number | undefined {
  return error instanceof RefusedError ? error.problem.status : undefined;
}

function waitOf(error: ServiceError): number | undefined {
  return error instanceof RefusedError ? error.problem.retryAfter : error.retryAfter;
}

/** What an error means for an answer. */
export function failureOf(error: ServiceError): Failure {
  if (error instanceof RefusedError) return failureOfProblem(error.problem);
  const { code, message: reason, retryAfter } = error;
  return { state: MEANINGS[code].state, code, reason, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

function failureOfProblem({ status, code, reason, correlationId, retryAfter }: ServiceProblem): Failure {
  const isOutage = status === 429 || status >= 500 || OUTAGES.includes(code);
  return {
    ...{ state: isOutage ? 'unreachable' : 'refused', code, reason },
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}
