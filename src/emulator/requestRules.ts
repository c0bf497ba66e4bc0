import { refuse } from './reply.ts';
import {
  API_VERSIONS,
  ENDPOINTS_SINCE,
  isApiVersion,
  isEventVersion,
  type ApiVersion,
  type EventVersion,
} from './versions.ts';

/** A request as it came, its path already without the VM's base. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export type Endpoint = 'versions' | keyof typeof ENDPOINTS_SINCE;

/** A request that keeps the rules of IMDS. */
export interface ImdsRequest {
  readonly method: 'GET' | 'POST';
  readonly endpoint: Endpoint;
  /** What follows the endpoint. */
  readonly path: readonly string[];
  readonly version: ApiVersion | EventVersion;
  readonly format: 'json' | 'text';
  readonly query: URLSearchParams;
}

/** Holds a request against the rules of IMDS, in the order in which it does. Throws a refusal. */
export function checkRequest(raw: RawRequest): ImdsRequest {
  const [root, name = '', ...path] = splitPath(raw.path);
  const method = checkMethod(raw.method, name);
  checkHeaders(raw.headers);
  checkDuplicates(raw.query);
  if (root !== 'metadata' || !isEndpoint(name)) throw refuse(404, 'Not found');
  const version = checkVersion(raw.query, name);
  const format = checkFormat(raw.query, name);
  return { method, endpoint: name, path, version, format, query: raw.query };
}

function splitPath(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  try {
    return parts.map(decodeURIComponent);
  } catch {
    throw refuse(400, 'Bad request. The path is not valid');
  }
}

function checkMethod(method: string, endpoint: string): 'GET' | 'POST' {
  if (method === 'GET' || (method === 'POST' && endpoint === 'scheduledevents')) return method;
  throw refuse(405, 'Method not allowed');
}

function checkHeaders(headers: RawRequest['headers']): void {
  const metadata = headers['metadata'];
  if (typeof metadata !== 'string' || metadata.toLowerCase() !== 'true') {
    throw refuse(400, 'Bad request. Required metadata header not specified');
  }
  if (headers['x-forwarded-for'] !== undefined) {
    throw refuse(400, 'Bad request. Requests with an X-Forwarded-For header are not answered');
  }
}

function checkDuplicates(query: URLSearchParams): void {
  const names = [...query.keys()].map((name) => name.toLowerCase());
  if (new Set(names).size < names.length) throw refuse(400, 'Bad request. A query parameter is given twice');
}

function isEndpoint(name: string): name is Endpoint {
  return name === 'versions' || Object.hasOwn(ENDPOINTS_SINCE, name);
}

function checkVersion(query: URLSearchParams, endpoint: Endpoint): ApiVersion | EventVersion {
  if (endpoint === 'versions') return newestVersions()[0];
  const version = query.get('api-version');
  if (version === null || version === '') throw refuseVersion('api-version was not specified in the request');
  const known = isApiVersion(version) || (endpoint === 'scheduledevents' && isEventVersion(version));
  if (!known) throw refuseVersion('api-version is not known');
  if (version < ENDPOINTS_SINCE[endpoint]) throw refuse(404, 'Not found');
  return version;
}

function refuseVersion(problem: string) {
  const error = `Bad request. ${problem}. For more information refer to aka.ms/azureimds`;
  return refuse(400, error, { 'newest-versions': newestVersions() });
}

function newestVersions(): [ApiVersion, ...ApiVersion[]] {
  const [first = '2025-04-07', ...rest] = API_VERSIONS.slice(-3).reverse();
  return [first, ...rest];
}

/** Only `/metadata/instance` has a second format (the article's table of data output). */
function checkFormat(query: URLSearchParams, endpoint: Endpoint): 'json' | 'text' {
  const format = query.get('format') ?? 'json';
  if (format === 'json' || (format === 'text' && endpoint === 'instance')) return format;
  throw refuse(400, 'Bad request. The format is not supported here');
}
