import type { HttpHandler, HttpRequest, InvocationContext } from '@azure/functions';
import { prepareLicences, writeJson } from '../../src/app/instance.ts';
import type { EdgeRequest, Log, UseCase } from '../../src/app/instance.ts';

/** Translates between the Functions library and a use case. For HEAD the host drops the body and keeps the headers. */
export function serve(useCase: UseCase): HttpHandler {
  return async (request, context) => {
    const { status, headers, body, encodedBody } = await useCase(translate(request, context));
    prepareLicences();
    return { status, headers: { ...headers }, body: encodedBody ?? body };
  };
}

function translate(request: HttpRequest, context: InvocationContext): EdgeRequest {
  const { pathname: path, searchParams: query } = new URL(request.url);
  return {
    ...{ method: request.method, path, params: request.params, query },
    header: (name) => request.headers.get(name),
    readBody: async () => new Uint8Array(await request.arrayBuffer()),
    log: writeTo(context),
  };
}

/** Writes each event as one line of JSON, which Application Insights relates to the invocation. */
export function writeTo(context: InvocationContext): Log {
  return (level, event, facts) => {
    context[level](writeJson({ event, ...facts }));
  };
}
