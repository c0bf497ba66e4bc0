import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import * as tls from 'node:tls';
import type { ServiceFetch, ServiceRequestInit } from '../adapters.ts';

/** How the service is reached where `fetch` alone does not do. */
export interface ServiceRoute {
  /** URL of an HTTP proxy; user and password in it are sent to the proxy alone. */
  readonly proxy?: string | undefined;
  /** PEM certificates that are trusted beside Node's own. */
  readonly ca?: readonly string[] | undefined;
}

/** Statuses whose answers have no body (Fetch standard, "null body status"). */
const WITHOUT_BODY: readonly (number | undefined)[] = [204, 205, 304];

/**
 * A `fetch` for one service, through a proxy (HTTP CONNECT, RFC 9110 section 9.3.6) and with further certification
 * authorities. Node's own `fetch` has options for neither without another package.
 */
export function createServiceFetch({ proxy, ca }: ServiceRoute): ServiceFetch {
  const trusted = ca === undefined ? undefined : [...defaultAuthorities(), ...ca];
  return async (url, init) => {
    const target = new URL(url);
    const tunnel = proxy === undefined ? undefined : await openTunnel(new URL(proxy), target, init.signal);
    return toResponse(await send(target, init, { tunnel, ca: trusted }));
  };
}

/** With `NODE_EXTRA_CA_CERTS` and the system's, where this Node can tell them. */
export function defaultAuthorities(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  return getCACertificates?.('default') ?? tls.rootCertificates;
}

/** A connection through the proxy to the target, on which nothing has been said yet. */
export function openTunnel(proxy: URL, target: URL, signal: AbortSignal): Promise<Socket> {
  const port = target.port === '' ? (target.protocol === 'https:' ? '443' : '80') : target.port;
  const authority = `${target.hostname}:${port}`;
  return new Promise((resolve, reject) => {
    const request = requestHttp(proxy, {
      method: 'CONNECT',
      path: authority,
      signal,
      headers: headersFor(proxy, authority),
    });
    request.on('connect', ({ statusCode = 0 }, socket: Socket) => {
      // The request takes the socket over only later, and an error without a listener would end the process.
      socket.on('error', () => undefined);
      if (statusCode === 200) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(Object.assign(new Error('The proxy refused.'), { code: `PROXY_STATUS_${statusCode}` }));
    });
    request.on('response', (response) => {
      response.destroy();
      reject(Object.assign(new Error('The proxy refused.'), { code: 'PROXY_ANSWER' }));
    });
    request.on('error', reject);
    request.end();
  });
}

function headersFor({ username, password }: URL, authority: string): Record<string, string> {
  if (username === '' && password === '') return { host: authority };
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { host: authority, 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}

interface Connection {
  readonly tunnel: Socket | undefined;
  readonly ca: string[] | undefined;
}

function send(target: URL, init: ServiceRequestInit, { tunnel, ca }: Connection): Promise<IncomingMessage> {
  const { method, headers, body, signal } = init;
  const isSecure = target.protocol === 'https:';
  return new Promise((resolve, reject) => {
    // With an agent, Node would not use the connection that it is given, and go past the proxy.
    const way =
      tunnel === undefined ? { agent: ownAgent(isSecure) } : { createConnection: () => secure(tunnel, target, ca) };
    const options = { method, headers, signal, ...(ca === undefined ? {} : { ca }), ...way };
    const request = (isSecure ? requestHttps : requestHttp)(target, options, resolve);
    request.on('error', reject);
    request.end(body);
  });
}

/** One for each request: the global one may have been told by the environment to use another proxy. */
function ownAgent(isSecure: boolean): HttpAgent {
  return isSecure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false });
}

function secure(socket: Socket, { hostname, protocol }: URL, ca: string[] | undefined): Socket {
  if (protocol !== 'https:') return socket;
  return tls.connect({
    socket,
    ...describeServer(hostname),
    ALPNProtocols: ['http/1.1'],
    ...(ca === undefined ? {} : { ca }),
  });
}

/** Whose certificate it must be. An address is asked for without SNI (RFC 6066 section 3). */
export function describeServer(hostname: string): { readonly host: string; readonly servername?: string } {
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? { host, servername: host } : { host };
}

function toResponse(message: IncomingMessage): Response {
  const { statusCode: status = 502 } = message;
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    if (typeof value === 'string') headers.append(name, value);
  }
  const body = WITHOUT_BODY.includes(status) ? null : (Readable.toWeb(message) as ReadableStream<Uint8Array>);
  if (body === null) message.resume();
  return new Response(body, { status, headers });
}
