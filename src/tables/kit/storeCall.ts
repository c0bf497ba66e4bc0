import { RestError } from '@azure/data-tables';

import { StoreUnavailableError } from '../../contract/stored.ts';
import type { WriteOutcome } from '../../contract/stored.ts';

/** What the store's answer about one row means, where it is an answer and not a failure. */
export type Refusal = 'absent' | Exclude<WriteOutcome, 'written'>;

/** By error code and not by status: a missing table is a 404 as well, and is a failure. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  ResourceNotFound: 'absent',
  EntityNotFound: 'absent',
  EntityAlreadyExists: 'exists',
};
/** A condition that does not hold has one meaning, whatever a service calls it: Cosmos DB has another word than Azure Tables. */
const PRECONDITION_FAILED = 412;

/** One operation on the store, with all its pages and retries: what it is called, and its milliseconds. */
export interface StoreCall {
  readonly operation: string;
  readonly budget: number;
}

/** Milliseconds. */
export interface Budgets {
  /** For one operation that a VM may wait for. */
  readonly call: number;
  /** For one page of a search through a large table, which only operators and the cleaning wait for. */
  readonly search: number;
}

/** @throws StoreUnavailableError for whatever goes wrong */
export async function callStore<T>(call: StoreCall, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(call.budget);
  try {
    return await withinSignal(run(signal), signal);
  } catch (error) {
    // The error itself holds the request with its Authorization header, so nothing of it but its code goes on.
    const reason = signal.aborted ? `no answer within ${call.budget} ms` : describe(error);
    throw new StoreUnavailableError(`The store failed to ${call.operation}: ${reason}.`);
  }
}

/** A credential may not know what a signal is: whoever waits is let go all the same. */
function withinSignal<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((settle, fail) => {
    const giveUp = () => {
      fail(signal.reason as Error);
    };
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    running.then(settle, fail).finally(() => {
      signal.removeEventListener('abort', giveUp);
    });
  });
}

/** As {@link callStore}, for operations on rows that may be absent, there already or changed: that is an answer. */
export function askStore<T>(call: StoreCall, run: (signal: AbortSignal) => Promise<T>): Promise<T | Refusal> {
  return callStore<T | Refusal>(call, async (signal) => {
    try {
      return await run(signal);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      return refusal;
    }
  });
}

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof RestError && error.statusCode === PRECONDITION_FAILED) return 'changed';
  return REFUSALS[errorCode(error)];
}

function describe(error: unknown): string {
  if (!(error instanceof RestError)) return error instanceof Error ? error.name : 'unknown error';
  const status = error.statusCode === undefined ? '' : ` (HTTP ${error.statusCode})`;
  return `${errorCode(error) || 'no error code'}${status}`;
}

/** The service's own code: plain operations carry it in the parsed body, transactions on the error. */
function errorCode(error: unknown): string {
  if (!(error instanceof RestError)) return '';
  const details = error.details as { odataError?: { code?: unknown } } | undefined;
  const code = details?.odataError?.code ?? error.code;
  return typeof code === 'string' ? code : '';
}
