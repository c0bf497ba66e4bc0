import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import type { FunctionApp } from './functionApp.ts';
import type { HttpFunction } from './functionRules.ts';
import type { HostFile } from './hostFile.ts';
import type { HostLog } from './hostLog.ts';
import { parseTarget, readBody, splitPath, toRpcRequest } from './httpRequest.ts';
import { writeAnswer, writeStatus } from './httpResponse.ts';
import type { BodyLimit } from './httpRequest.ts';
import { matchRoute } from './routeTemplate.ts';

export interface ListenerOptions {
  readonly app: FunctionApp;
  /** in the order in which they are tried */
  readonly functions: readonly HttpFunction[];
  readonly hostFile: HostFile;
  readonly homepage: boolean;
  readonly bodyLimit: BodyLimit;
  readonly log: HostLog;
  /** Answers below `/admin/`, which the platform has for itself. @returns the status, or undefined for 404 */
  readonly admin: (request: IncomingMessage, path: readonly string[]) => 202 | 400 | 415 | undefined;
}

const HOMEPAGE =
  '<!doctype html><title>Functions host</title><p>The function app is up. The platform answers here with a page of its own ' +
  'unless the setting AzureWebJobsDisableHomepage is true.</p>\n';

/** Answers HTTP requests with an app's functions. */
export function createListener(options: ListenerOptions): RequestListener {
  return (request, response) => {
    answerRequest(options, request, response).catch((error: unknown) => {
      options.log('error', 'Host', `A request could not be answered: ${describeError(error)}`);
      if (response.headersSent) response.destroy();
      else writeStatus(response, 500);
    });
  };
}

async function answerRequest(
  options: ListenerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const target = parseTarget(request);
  if (target === undefined) {
    writeStatus(response, 400);
    return;
  }
  const path = splitPath(target.pathname);
  const found = findFunction(options, request.method ?? 'GET', path);
  if (found === undefined) {
    answerUnrouted(options, request, response, path);
    return;
  }
  const body = await readBody(request, options.bodyLimit);
  if (body === undefined) {
    options.log('error', 'Host', `A request body is longer than the ${options.bodyLimit.described}.`);
    writeStatus(response, 500);
    return;
  }
  const { name } = found.function.info;
  const { binding } = found.function;
  try {
    const http = toRpcRequest(request, target, found.params, body);
    writeAnswer(response, await options.app.invoke(name, binding, { http }), options.hostFile.customHeaders);
  } catch (error) {
    options.log('error', `Function.${name}`, `The function failed: ${describeError(error)}`);
    writeStatus(response, 500);
  }
}

interface FoundFunction {
  readonly function: HttpFunction;
  readonly params: Readonly<Record<string, string>>;
}

function findFunction(
  { functions, hostFile }: ListenerOptions,
  method: string,
  path: readonly string[],
): FoundFunction | undefined {
  const prefix = splitPath(hostFile.routePrefix);
  const hasPrefix = prefix.every((segment, index) => segment.toLowerCase() === path[index]?.toLowerCase());
  if (!hasPrefix) return undefined;
  const rest = path.slice(prefix.length);
  for (const candidate of functions) {
    const { methods } = candidate.info;
    if (methods.length > 0 && !methods.includes(method)) continue;
    const params = matchRoute(candidate.segments, rest);
    if (params !== undefined) return { function: candidate, params };
  }
  return undefined;
}

/** The platform answers 404 to a method that no route has: its router knows no 405. */
function answerUnrouted(
  { homepage, admin }: ListenerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  path: readonly string[],
): void {
  if (path.length === 0) {
    if (!homepage) writeStatus(response, 204);
    else response.writeHead(200, { 'Content-Type': 'text/html' }).end(HOMEPAGE);
    return;
  }
  writeStatus(response, (path[0]?.toLowerCase() === 'admin' ? admin(request, path.slice(1)) : undefined) ?? 404);
}

/** The stack where there is one, and the causes: it goes to the developer's own log. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return 'it threw something that is no Error';
  const cause = error.cause === undefined ? '' : `\n  caused by ${describeError(error.cause)}`;
  return `${error.stack ?? `${error.name}: ${error.message}`}${cause}`;
}
