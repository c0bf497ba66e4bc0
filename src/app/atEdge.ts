import { randomUUID } from 'node:crypto';
import type { OperatorCode, ServiceCode } from '../contract/codes.ts';
import { PartlyWrittenError } from '../catalogue/file/partlyWritten.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import { SigningKeyUnavailableError } from '../tokens/signer.ts';
import type { EdgeRequest, Reply, UseCase } from '../http/edge.ts';
import { KeySetMissingError } from '../tokens/keySets/keySets.ts';
import { KEY_SET_PAUSE, OperatorKeySetError } from '../operators/access/operatorKeySetError.ts';
import { replyProblem } from '../http/problems.ts';
import type { ProblemOptions } from '../http/problems.ts';
import { RefusedReply } from '../http/refusedReply.ts';
import { RequestError } from '../http/requestError.ts';

interface Failure extends Pick<ProblemOptions, 'detail' | 'retryAfter'> {
  readonly code: ServiceCode | Extract<OperatorCode, 'directory_unavailable'>;
}

const DIRECTORY_UNAVAILABLE: Failure = {
  ...{ code: 'directory_unavailable', retryAfter: KEY_SET_PAUSE },
  detail: 'The keys of the operators’ directory cannot be fetched, so no access token can be checked. Retry later.',
};

/** The one place where errors become replies. What is not listed here is a fault of ours: `internal_error`. */
const FAILURES: readonly (readonly [new (...args: never[]) => Error, Failure])[] = [
  [StoreUnavailableError, { code: 'store_unavailable' }],
  [KeySetMissingError, { code: 'key_set_missing' }],
  [SigningKeyUnavailableError, { code: 'signing_key_unavailable' }],
  [OperatorKeySetError, DIRECTORY_UNAVAILABLE],
];

const FAULT: Failure = { code: 'internal_error' };

/** Wraps a use case: whatever it throws, the caller gets a problem document, and the log a line. */
export function atEdge(issuer: string, useCase: UseCase): UseCase {
  return async (request: EdgeRequest): Promise<Reply> => {
    try {
      return await useCase(request);
    } catch (error) {
      if (error instanceof RefusedReply) return error.reply;
      const correlationId = randomUUID();
      if (error instanceof RequestError) {
        const { code, detail, retryAfter, errors } = error;
        request.log('info', 'request_refused', { code, correlationId, path: request.path });
        return replyProblem(issuer, code, { detail, retryAfter, correlationId, errors, headers: challengeOf(code) });
      }
      const { code, ...options } = FAILURES.find(([type]) => error instanceof type)?.[1] ?? FAULT;
      const told = error instanceof PartlyWrittenError ? { detail: error.message } : {};
      request.log('error', 'request_failed', { code, correlationId, path: request.path, ...describe(error) });
      return replyProblem(issuer, code, { ...options, ...told, correlationId });
    }
  };
}

/** RFC 6750 section 3: how to come in, where a token is missing or not the right one. */
const BEARER_CHALLENGES: Readonly<Partial<Record<RequestError['code'], string>>> = {
  token_missing: 'Bearer',
  token_invalid: 'Bearer error="invalid_token"',
  role_missing: 'Bearer error="insufficient_scope"',
};

function challengeOf(code: RequestError['code']): Readonly<Record<string, string>> {
  const challenge = BEARER_CHALLENGES[code];
  return challenge === undefined ? {} : { 'WWW-Authenticate': challenge };
}

/** Names and places, not messages of libraries: those may quote what they were given. */
function describe(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { reason: 'not an error' };
  const isOurs = FAILURES.some(([type]) => error instanceof type);
  return { reason: error.name, ...(isOurs ? { message: error.message } : { at: readFrames(error) }) };
}

/** The places alone: a message may have lines that look like them, so it is taken away first. */
function readFrames({ message, stack = '' }: Error): string {
  if (!stack.includes(message)) return '';
  const lines = stack.slice(stack.indexOf(message) + message.length).split('\n');
  const frames = lines.map((line) => line.trim()).filter((line) => line.startsWith('at '));
  return frames.slice(0, 5).join(' ');
}
