import { refuse } from './reply.ts';
import {
  ENDPOINTS_SINCE,
  isApiVersion,
  isEventVersion,
  NEWEST_VERSION,
  versionsUntil,
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

export interface VersionRules {
  /** What the VM serves; the newest of all by default. */
  readonly newestVersion?: ApiVersion;
  /** What an unknown api-version is answered with: 400 today, 404 some years ago. */
  readonly unknownVersion?: 400 | 404;
}

/** Holds a request against the rules of IMDS, in the order in which it does. Throws a refusal. */
export function checkRequest(raw: RawRequest, rules: VersionRules = {}): ImdsRequest {
  const [root, name = '', ...path] = splitPath(raw.path);
  const method = checkMethod(raw.method, name);
  checkHeaders(raw.headers);
  checkDuplicates(raw.query);
  if (root !== 'metadata') throw refuse(404, 'Not found');
  const version = name === 'versions' ? NEWEST_VERSION : checkVersion(raw.query, name, rules);
  if (!isEndpoint(name)) throw refuse(404, 'Not found');
  if (name !== 'versions' && version < ENDPOINTS_SINCE[name]) throw refuse(404, 'Not found');
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
  const allow = endpoint === 'scheduledevents' ? 'GET, POST' : 'GET';
  throw refuse(405, 'Method not allowed', {}, { allow });
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

function checkVersion(query: URLSearchParams, endpoint: string, rules: VersionRules): ApiVersion | EventVersion {
  const { newestVersion = NEWEST_VERSION, unknownVersion = 400 } = rules;
  const version = query.get('api-version');
  if (version === null || version === '') throw refuseVersion('was not specified in the request', newestVersion);
  const known = isApiVersion(version) || (endpoint === 'scheduledevents' && isEventVersion(version));
  if (known && version <= newestVersion) return version;
  if (unknownVersion === 404) throw refuse(404, 'Not found. Invalid version requested');
  throw refuseVersion('is invalid or was not specified in the request', newestVersion);
}

function refuseVersion(problem: string, newestVersion: ApiVersion) {
  const error = `Bad request. api-version ${problem}. For more information refer to aka.ms/azureimds`;
  return refuse(400, error, { 'newest-versions': versionsUntil(newestVersion).slice(-3).reverse() });
}

/** Only `/metadata/instance` has a second format (the article's table of data output). */
function checkFormat(query: URLSearchParams, endpoint: Endpoint): 'json' | 'text' {
  const format = query.get('format') ?? 'json';
  if (format === 'json' || (format === 'text' && endpoint === 'instance')) return format;
  throw refuse(400, 'Bad request. The format is not supported here');
}
