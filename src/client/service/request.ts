import { readBounded } from '../../contract/readBounded.ts';
import { ClientError, systemErrorCode } from '../clientError.ts';
import type { Run } from '../run.ts';

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

/** Milliseconds. The service asks for minutes at most; more would only keep a program from starting. */
const MAX_WAIT = 900_000;

/**
 * `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3). A date is compared with the sender's own `Date` where
 * there is one, so that the clock of this machine does not matter.
 *
 * @param now milliseconds since the epoch
 * @returns milliseconds, or undefined where there is none or it cannot be read
 */
export function readRetryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(value)) return Math.min(Number(value) * 1000, MAX_WAIT);
  const until = readDate(value);
  if (until === undefined) return undefined;
  const from = readDate(headers.get('date') ?? '') ?? now;
  return Math.min(Math.max(until - from, 0), MAX_WAIT);
}

/** An HTTP date is always in GMT; other forms that JavaScript reads are none. */
function readDate(value: string): number | undefined {
  const time = value.endsWith(' GMT') ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : time;
}
