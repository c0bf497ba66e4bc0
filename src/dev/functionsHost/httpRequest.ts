import type { IncomingMessage } from 'node:http';

import type { RpcHttpRequest } from './coreModule.ts';
import { HostStartError } from './hostError.ts';

/** Octets of a request's body, for the whole app. Beyond it the real host answers 500. */
export interface BodyLimit {
  readonly octets: number;
  /** For the log. */
  readonly described: string;
}

const SETTING = 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT';
const PLATFORM_LIMIT: BodyLimit = { octets: 104_857_600, described: '100 MiB that the platform takes' };

/** @throws HostStartError where the setting is no number of octets */
export function readBodyLimit(settings: Readonly<Record<string, string | undefined>>): BodyLimit {
  const text = settings[SETTING] ?? '';
  if (text === '') return PLATFORM_LIMIT;
  const octets = Number(text);
  if (/^[1-9]\d*$/.test(text)) return { octets, described: `${octets} octets of ${SETTING}` };
  throw new HostStartError([`The setting ${SETTING} must be a number of octets, such as 262144.`]);
}

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
export async function readBody(request: IncomingMessage, { octets }: BodyLimit): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > octets) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // What is beyond the bound is read and dropped, so that the caller gets to see the answer.
    if (length > octets) chunks.length = 0;
    else chunks.push(chunk);
  }
  return length > octets ? undefined : Buffer.concat(chunks);
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
