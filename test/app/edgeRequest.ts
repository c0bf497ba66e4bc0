import type { EdgeRequest, Reply } from '../../src/http/edge.ts';

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface RequestDescription {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, octets, or a value to be sent as JSON; told what is asked of it. */
  readonly body?: unknown;
  readonly readBody?: () => Promise<Uint8Array>;
  readonly log?: LogLine[];
}

/** A POST of JSON from one address, unless told otherwise. */
export function createRequest({ path = '/v1/challenges', headers, body, readBody, log }: RequestDescription = {}) {
  const sent: Record<string, string> = {
    'content-type': 'application/json',
    'x-forwarded-for': '203.0.113.7:1',
    ...headers,
  };
  const request = {
    method: 'POST',
    path,
    params: {},
    query: new URLSearchParams(),
    header: (name: string) => sent[name] ?? null,
    readBody: readBody ?? (() => Promise.resolve(octetsOf(body))),
    log: (level: string, event: string, facts: LogLine['facts']) => void log?.push({ level, event, facts }),
  };
  return request satisfies EdgeRequest;
}

function octetsOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? {}));
}

export function bodyOf({ body }: Reply): Readonly<Record<string, unknown>> {
  return JSON.parse(body) as Record<string, unknown>;
}
