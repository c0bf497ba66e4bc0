import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseTarget, type Answer, type Answered } from './answering.ts';
import type { EmulatorOptions } from './options.ts';
import type { Reply } from '../protocol/reply.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly answer: Answer;
  readonly log: EmulatorOptions['log'];
}

/** Answers one request over HTTP, and logs it. */
export async function respond({ request, response, answer, log }: Exchange): Promise<void> {
  const started = performance.now();
  const target = parseTarget(request.url ?? '');
  const reply: Answered & { failure?: string } = await answer(request, target).catch(replyTo);
  finish(response, reply);
  const { status, fault, failure } = reply;
  const milliseconds = performance.now() - started;
  const entry = { vm: target.vm ?? '', method: request.method ?? '', path: target.path, status, milliseconds };
  log?.({ ...entry, ...(fault !== undefined && { fault }), ...(failure !== undefined && { failure }) });
}

function replyTo(error: unknown): Reply & { failure?: string } {
  const failure = error instanceof Error ? error.message : String(error);
  return { status: 500, body: { error: 'The emulator failed' }, failure };
}

/** The name and number that genuine answers have. */
const SERVER = 'IMDS/150.870.65.1854';

function finish(response: ServerResponse, { status, body, headers, ending }: Reply): void {
  if (ending === 'silent') return;
  if (ending === 'refused') {
    response.socket?.resetAndDestroy();
    return;
  }
  const isJson = typeof body !== 'string' && !(body instanceof Uint8Array);
  const octets = Buffer.from(isJson ? JSON.stringify(body) : body);
  response.writeHead(status, {
    'content-type': isJson ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
    'content-length': octets.length,
    server: SERVER,
    'x-ms-request-id': randomUUID(),
    ...headers,
  });
  if (ending === 'cut') cut(response, octets);
  else response.end(octets);
}

/** The first half goes out before the connection ends. */
function cut(response: ServerResponse, octets: Buffer): void {
  response.write(octets.subarray(0, octets.length / 2), () => response.destroy());
}
