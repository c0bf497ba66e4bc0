import type { IncomingMessage } from 'node:http';

import type { RpcHttpRequest } from './coreModule.ts';

/** The platform's own bound on a request's body: 100 MiB. Beyond it the real host answers 500. */
export const BODY_LIMIT = 104_857_600;

const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** The address that a request is for, or undefined where its target or its Host header is not one (400). */
export function parseTarget(request: IncomingMessage): URL | undefined {
  const host = request.headersDistinct['host'];
  const target = request.url ?? '';
  if (host?.length !== 1 || !HOST.test(host[0] ?? '') || !target.startsWith('/') || target.includes('%00'))
    return undefined;
  return URL.parse(`http://${host[0] ?? ''}${target}`) ?? undefined;
}

/** A path's segments, decoded but for `%2F`, as ASP.NET Core splits them. A slash at the end makes none. */
export function splitPath(path: string): readonly string[] {
  const trimmed = path.replace(/^\//, '').replace(/\/$/, '');
  return trimmed === '' ? [] : trimmed.split('/').map(decodeSegment);
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment.replace(/%2f/gi, '%252F'));
  } catch {
    return segment;
  }
}

/** Reads a body, holding no more of it than the bound. @returns undefined where it is longer */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // What is beyond the bound is read and dropped, so that the caller gets to see the answer.
    if (length > BODY_LIMIT) chunks.length = 0;
    else chunks.push(chunk);
  }
  return length > BODY_LIMIT ? undefined : Buffer.concat(chunks);
}

/** Puts a request into the form in which the host hands it to the worker. */
export function toRpcRequest(
  request: IncomingMessage,
  target: URL,
  params: Readonly<Record<string, string>>,
  body: Buffer,
): RpcHttpRequest {
  return {
    url: target.href,
    method: request.method ?? 'GET',
    headers: { ...joinHeaders(request), 'x-forwarded-for': appendPeer(request) },
    query: joinQuery(target.searchParams),
    params,
    ...(body.length > 0 && { body: { bytes: body } }),
  };
}

/** A header that is there more than once becomes one with commas, as in .NET's `StringValues`. */
function joinHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) headers[name] = (values ?? []).join(',');
  return headers;
}

/** So does a query parameter, whose names are compared without regard to case. */
function joinQuery(search: URLSearchParams): Record<string, string> {
  const values = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const [name, value] of search) {
    const key = name.toLowerCase();
    const entry = values.get(key) ?? { name, values: [] };
    entry.values.push(value);
    values.set(key, entry);
  }
  return Object.fromEntries([...values.values()].map((entry) => [entry.name, entry.values.join(',')]));
}

/** The platform's front end adds the address that called it, with the port, after whatever the caller wrote itself. */
function appendPeer(request: IncomingMessage): string {
  const { remoteAddress = '', remotePort = 0 } = request.socket;
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/, '');
  const peer = `${address.includes(':') ? `[${address}]` : address}:${remotePort}`;
  const given = request.headersDistinct['x-forwarded-for']?.join(', ');
  return given === undefined || given.trim() === '' ? peer : `${given}, ${peer}`;
}
