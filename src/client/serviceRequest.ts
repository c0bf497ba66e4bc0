import { ClientError, systemErrorCode } from './clientError.ts';
import type { Surroundings } from './surroundings.ts';

/** Where to send, and with what. */
export interface ServiceConnection {
  /** Without a trailing slash. */
  readonly issuer: string;
  readonly surroundings: Pick<Surroundings, 'fetch' | 'timeout'>;
}

/** What came back from the service, or from whatever answered in its place. */
export interface ServiceAnswer {
  readonly status: number;
  /** Lower case, without parameters; empty where there is none. */
  readonly mediaType: string;
  readonly text: string;
  /** Milliseconds: `Retry-After` in seconds (RFC 9110 section 10.2.3). */
  readonly retryAfter?: number;
}

const TIMEOUT = 10_000;
const LONGEST_ANSWER = 64 * 1024;
/** No service of this protocol asks for more; more would only keep a program from starting. */
const LONGEST_WAIT = 60_000;

/**
 * One request, answered in ten seconds, body included. Redirects are answers here, never followed.
 *
 * @param path below the issuer's URL
 * @param body sent as JSON with POST; without it the request is a GET
 * @throws {ClientError} `service_unreachable`; `service_answer_unusable` where the body is too long or not text
 */
export async function requestService(service: ServiceConnection, path: string, body?: object): Promise<ServiceAnswer> {
  const signal = service.surroundings.timeout(TIMEOUT);
  try {
    const response = await service.surroundings.fetch(service.issuer + path, { ...describeRequest(body), signal });
    return { ...describe(response.status, response.headers), text: await readBounded(response) };
  } catch (error) {
    if (error instanceof ClientError) throw error;
    throw new ClientError('service_unreachable', signal.aborted ? 'no answer in time' : systemErrorCode(error));
  }
}

function describeRequest(body: object | undefined): RequestInit {
  const accept = 'application/json, application/problem+json';
  if (body === undefined) return { headers: { accept }, redirect: 'manual' };
  const headers = { accept, 'content-type': 'application/json' };
  return { method: 'POST', headers, body: JSON.stringify(body), redirect: 'manual' };
}

function describe(status: number, headers: Headers): Omit<ServiceAnswer, 'text'> {
  const mediaType = (headers.get('content-type') ?? '').split(';', 1).join('').trim().toLowerCase();
  const seconds = headers.get('retry-after') ?? '';
  if (!/^\d{1,9}$/.test(seconds)) return { status, mediaType };
  return { status, mediaType, retryAfter: Math.min(Number(seconds) * 1000, LONGEST_WAIT) };
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > LONGEST_ANSWER) throw new ClientError('service_answer_unusable', 'too long');
    chunks.push(chunk);
  }
  return decodeUtf8(Buffer.concat(chunks));
}

function decodeUtf8(octets: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw new ClientError('service_answer_unusable', 'not UTF-8');
  }
}
