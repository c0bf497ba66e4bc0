import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { EdgeRequest, Log, Reply, UseCase } from '../../src/http/edge.ts';
import type { Service } from '../../src/app/service.ts';

interface Found {
  readonly useCase: UseCase;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds a route as the Functions host does; HEAD is answered by what answers GET. */
function findRoute({ routes }: Service, asked: string, path: string): Found | null {
  const method = asked === 'HEAD' ? 'GET' : asked;
  for (const route of routes) {
    const pattern = new RegExp(
      `^${route.path
        .replaceAll('.', '\\.')
        .replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')
        .replace(/\{\*(\w+)\}/, '(?<$1>.*)')}$`,
    );
    const match = route.method === method ? pattern.exec(path) : null;
    if (match === null) continue;
    const params = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    return { useCase: route.useCase, params: Object.fromEntries(params) as Record<string, string> };
  }
  return null;
}

export interface InProcess {
  readonly url: string;
  /** Lines of the log, as JSON. */
  readonly log: string[];
  /** Runs what a timer runs, with the same log. */
  readonly run: (timer: Timer) => Promise<void>;
}

export type Timer = Exclude<keyof Service, 'routes' | 'loadStore'>;

/** Serves on a free port until the test has finished. */
export async function serveInProcess(createService: (url: string) => Promise<Service>): Promise<InProcess> {
  const log: string[] = [];
  const server = createServer((request, response) => {
    void started
      .then((service) => answer(service, request, log))
      .then(({ status, headers, body, encodedBody }) =>
        response.writeHead(status, { ...headers }).end(encodedBody ?? body),
      );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const started = createService(url);
  const service = await started;
  return { url, log, run: (timer) => service[timer](writeTo(log)) };
}

const writeTo =
  (log: string[]): Log =>
  (level, event, facts) =>
    void log.push(JSON.stringify({ level, event, ...facts }));

function answer(service: Service, request: IncomingMessage, log: string[]): Promise<Reply> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const found = findRoute(service, request.method ?? '', pathname);
  if (found === null) return Promise.resolve({ status: 404, headers: {}, body: '' });
  return found.useCase({ ...translate(request, log), path: pathname, query: searchParams, params: found.params });
}

function translate(
  request: IncomingMessage,
  log: string[],
): Pick<EdgeRequest, 'method' | 'header' | 'readBody' | 'log'> {
  return {
    method: request.method ?? '',
    header: (name) => {
      const given = request.headers[name]?.toString() ?? null;
      // The platform adds the address that called it.
      return name === 'x-forwarded-for' ? `${given === null ? '' : `${given}, `}203.0.113.7:1` : given;
    },
    readBody: async () => new Uint8Array(Buffer.concat((await request.toArray()) as Buffer[])),
    log: writeTo(log),
  };
}
