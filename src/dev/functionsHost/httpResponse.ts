import type { ServerResponse } from 'node:http';

import type { RpcCookie, RpcHttpResponse } from './coreModule.ts';

/** Headers that belong to the connection or follow from the body: the server sets them. */
const OWN_HEADERS = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding']);

/** Statuses whose answers have no body (Fetch standard, "null body status"). */
const NO_BODY = new Set([204, 205, 304]);

/**
 * Writes what a function answered.
 * @param answer undefined for a function that returned nothing, which is 204 on the platform
 */
export function writeAnswer(
  response: ServerResponse,
  answer: RpcHttpResponse | undefined,
  customHeaders: Readonly<Record<string, string>>,
): void {
  response.statusCode = answer === undefined ? 204 : Number(answer.statusCode ?? 200);
  for (const [name, value] of Object.entries(answer?.headers ?? {})) {
    if (!OWN_HEADERS.has(name.toLowerCase())) response.appendHeader(name, value);
  }
  for (const [name, value] of Object.entries(customHeaders)) {
    if (!response.hasHeader(name)) response.setHeader(name, value);
  }
  for (const cookie of answer?.cookies ?? []) response.appendHeader('Set-Cookie', serializeCookie(cookie));
  const body = answer?.body?.bytes;
  // A HEAD request gets the length of what GET would get.
  if (body !== undefined && !NO_BODY.has(response.statusCode)) response.setHeader('Content-Length', body.length);
  response.end(body === undefined || NO_BODY.has(response.statusCode) ? undefined : body);
}

/** An answer of the host's own: no body, as the platform's are. */
export function writeStatus(response: ServerResponse, status: 202 | 204 | 400 | 404 | 415 | 500): void {
  response.statusCode = status;
  response.end();
}

/** RFC 6265, section 4.1.1. */
function serializeCookie(cookie: RpcCookie): string {
  const { domain, path, expires, maxAge, secure, httpOnly, sameSite = 'none' } = cookie;
  const attributes = [
    `${cookie.name}=${encodeURIComponent(cookie.value)}`,
    domain?.value !== undefined && `domain=${domain.value}`,
    path?.value !== undefined && `path=${path.value}`,
    expires?.value?.seconds !== undefined && `expires=${new Date(expires.value.seconds * 1000).toUTCString()}`,
    maxAge?.value !== undefined && `max-age=${maxAge.value}`,
    secure?.value === true && 'secure',
    // In the worker's protocol "none" is "not given", and the attribute None has a name of its own.
    sameSite !== 'none' && `samesite=${sameSite === 'explicitNone' ? 'none' : sameSite}`,
    httpOnly?.value === true && 'httponly',
  ];
  return attributes.filter((attribute) => attribute !== false).join('; ');
}
