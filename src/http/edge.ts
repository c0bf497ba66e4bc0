import type { Endpoint } from '../contract/endpoints.ts';

/** One HTTP request as the use cases see it, whatever host received it. */
export interface EdgeRequest {
  readonly method: string;
  /** The URL's path, without query. */
  readonly path: string;
  /** What stands in the places of the route's parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** One header by its lower-case name; null where it is absent. */
  header(name: string): string | null;
  /** The body whole. The use cases look at `Content-Length` before they ask for it. */
  readBody(): Promise<Uint8Array>;
  /** Lines that the host relates to this request. */
  readonly log: Log;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What is sent in place of the body, where the headers say that it is encoded. */
  readonly encodedBody?: Uint8Array;
  /** What is kept of the body for a repeat of the request; all of it where this is absent, and no answer where it is null. */
  readonly keptBody?: string | null;
}

export type UseCase = (request: EdgeRequest) => Promise<Reply>;

/** A route as a host registers it: an endpoint with its name and what answers it. */
export interface ServedRoute extends Endpoint {
  /** Of the function and of the operation: letters, digits and `_`. */
  readonly name: string;
  readonly useCase: UseCase;
}

/** One line of the log. Never a token, a nonce, a document or a key among the values. */
export type Log = (level: 'info' | 'warn' | 'error', event: string, facts: Readonly<Record<string, unknown>>) => void;
