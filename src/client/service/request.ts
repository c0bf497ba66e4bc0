import { readBounded } from '../../contract/readBounded.ts';
import { ClientError, systemErrorCode } from '../clientError.ts';
import type { Run } from '../check/run.ts';
import { readRetryAfter } from './retryAfter.ts';

/** What came back from the service, or from whatever answered in its place. */
export interface ServiceAnswer {
  readonly status: number;
  /** Lower case, without parameters; empty where there is none. */
  readonly mediaType: string;
  readonly text: string;
  /** Milliseconds: how long the answer asks to wait. */
  readonly retryAfter?: number;
}

/** Milliseconds, for the whole answer. */
const TIMEOUT = 10_000;
/** Octets. */
const MAX_ANSWER = 64 * 1024;

/**
 * One request. Redirects are answers here, never followed.
 *
 * @param path below the issuer's URL
 * @param body sent as JSON with POST; without it the request is a GET
 * @throws {ClientError} `service_unreachable`; `service_answer_unusable` where the body is too long or not text
 */
export async function requestService(run: Run, path: string, body?: object): Promise<ServiceAnswer> {
  const { issuer, adapters } = run.session.settings;
  const timeout = run.clocks.timeout(run.requestTime(TIMEOUT));
  const stop = run.request.signal;
  const signal = stop === undefined ? timeout : AbortSignal.any([timeout, stop]);
  await run.lock?.renew();
  try {
    const response = await adapters.fetch(issuer + path, { ...describeRequest(body), redirect: 'manual', signal });
    return { ...describe(response, run.clocks.now()), text: await readText(response) };
  } catch (error) {
    run.checkStopped();
    if (error instanceof ClientError) throw error;
    throw new ClientError('service_unreachable', timeout.aborted ? 'no answer in time' : systemErrorCode(error));
  }
}

const ACCEPT = 'application/json, application/jwk-set+jwt, application/problem+json';

function describeRequest(body: object | undefined) {
  if (body === undefined) return { method: 'GET', headers: { accept: ACCEPT } } as const;
  const headers = { accept: ACCEPT, 'content-type': 'application/json' };
  return { method: 'POST', headers, body: JSON.stringify(body) } as const;
}

function describe({ status, headers }: Response, now: number): Omit<ServiceAnswer, 'text'> {
  const mediaType = (headers.get('content-type') ?? '').split(';', 1).join('').trim().toLowerCase();
  const retryAfter = readRetryAfter(headers, now);
  return retryAfter === undefined ? { status, mediaType } : { status, mediaType, retryAfter };
}

async function readText({ body }: Response): Promise<string> {
  const octets = body === null ? Buffer.alloc(0) : await readBounded(body, MAX_ANSWER);
  if (octets === null) throw new ClientError('service_answer_unusable', 'too long');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw new ClientError('service_answer_unusable', 'not UTF-8');
  }
}
