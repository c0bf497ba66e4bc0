import { MAX_KEPT_BODY } from './operatorRequest.ts';
import type { OperatorRequest, OperatorRequestKey } from './operatorRequest.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { RequestStore } from './requestStore.ts';
import type { Stored } from '../contract/stored.ts';
import type { Log, Reply } from './edge.ts';
import { RequestError } from './requestError.ts';

/**
 * Longer than the platform's load balancer waits for an answer (230 seconds): after this the process that had begun a
 * request is taken to have ended. Taken for ended too early, it would be executed twice at the same time.
 */
export const MAX_REQUEST = 240_000;

/** The header of an answer that is given again. */
export const REPLAYED = 'Idempotency-Replayed';

export interface OnceOptions {
  readonly store: RequestStore;
  readonly key: OperatorRequestKey;
  /** SHA-256 of the body, lower-case hex. */
  readonly digest: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly log: Log;
}

/**
 * Executes a request with an `Idempotency-Key` once: a repeat gets the first answer. Only success is kept; a request that
 * was refused, or failed, may be sent again. Where a process ended in the middle, the repeat executes again, and what the
 * first one had written is found to be there.
 *
 * @throws {RequestError} `request_reused` for another body under the same key, `busy` while the first request still runs
 * @throws {StoreUnavailableError}
 */
export async function answerOnce(options: OnceOptions, run: () => Promise<Reply>): Promise<Reply> {
  const begun = await begin(options);
  if ('reply' in begun) return begun.reply;
  let reply: Reply;
  try {
    reply = await run();
  } catch (error) {
    await forget(options, begun.version);
    throw error;
  }
  await keep(options, reply, begun.version);
  return reply;
}

type Begun = { readonly reply: Reply } | { readonly version: string };

async function begin(options: OnceOptions): Promise<Begun> {
  const { store, key, digest, at } = options;
  const known = await store.readRequest(key);
  if (known !== null) checkRepeat(known, options);
  const answer = known?.value.answer ?? null;
  if (answer !== null) return { reply: replyAgain(answer) };
  const written = await store.writeRequest({ ...key, digest, at, answer: null }, known?.version ?? null);
  if (written.outcome !== 'written') throw stillRuns();
  return { version: written.version };
}

function checkRepeat({ value }: Stored<OperatorRequest>, { digest, at }: OnceOptions): void {
  if (value.digest !== digest) throw new RequestError('request_reused');
  if (value.answer === null && at - value.at < MAX_REQUEST) throw stillRuns();
}

function stillRuns(): RequestError {
  return new RequestError(
    'busy',
    'The first request with this Idempotency-Key is still running. Retry in a minute.',
    60,
  );
}

function replyAgain({ status, body, version }: NonNullable<OperatorRequest['answer']>): Reply {
  const eTag: Record<string, string> = version === null ? {} : { ETag: version };
  return {
    status,
    headers: {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      [REPLAYED]: 'true',
      ...eTag,
    },
    body,
  };
}

async function keep(options: OnceOptions, { status, headers, ...reply }: Reply, version: string): Promise<void> {
  const { store, key, digest, at } = options;
  const { keptBody: body = reply.body } = reply;
  if (body === null || body.length > MAX_KEPT_BODY) return forget(options, version);
  const answer = { status, body, version: headers['ETag'] ?? null };
  await tolerate(options, () => store.writeRequest({ ...key, digest, at, answer }, version));
}

function forget(options: OnceOptions, version: string): Promise<void> {
  return tolerate(options, () => options.store.deleteRequest(options.key, version));
}

/** The request itself is over, and its own outcome is what the caller has to know. */
async function tolerate({ log }: OnceOptions, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    log('warn', 'operator_request_not_kept', { reason: error.message });
  }
}
