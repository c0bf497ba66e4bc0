import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isLoopback } from '../../contract/loopback.ts';
import type { SignIn } from './signIn.ts';
import type { SignInReply } from './signInPage.ts';

export interface ListenerNeeds {
  /** What is read by a path, as JSON. */
  readonly pages: ReadonlyMap<string, () => unknown>;
  readonly signIn: SignIn;
  readonly redirectUris: ReadonlySet<string>;
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const NOT_FOUND: SignInReply = { status: 404, headers: JSON_TYPE, body: '{"error":"not_found"}' };

/** Octets: a form of a few fields. */
const MAX_FORM = 16_384;

/** Answers on loopback names alone: a page elsewhere could name this server otherwise, and read its answers (DNS rebinding). */
export function createListener(needs: ListenerNeeds): RequestListener {
  return (request, response) => {
    void answer(needs, request)
      .catch((): SignInReply => ({ status: 500, headers: JSON_TYPE, body: '{"error":"server_error"}' }))
      .then((reply) => {
        write(response, reply, corsHeaders(needs, request));
      });
  };
}

async function answer({ pages, signIn }: ListenerNeeds, request: IncomingMessage): Promise<SignInReply> {
  const { method = '', url = '', headers } = request;
  if (!isLoopback(`http://${headers.host ?? ''}`)) return { ...NOT_FOUND, status: 421 };
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
  switch (`${method} ${pathname}`) {
    case 'GET /authorize':
      return signIn.authorize(searchParams, null);
    case 'POST /authorize':
      return signIn.authorize(searchParams, (await readForm(request)).get('role') ?? '');
    case 'POST /token':
      return signIn.redeem(await readForm(request));
    default: {
      const page = pages.get(pathname);
      return page === undefined ? NOT_FOUND : { status: 200, headers: JSON_TYPE, body: JSON.stringify(page()) };
    }
  }
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MAX_FORM) chunks.push(chunk);
  }
  return new URLSearchParams(length > MAX_FORM ? '' : Buffer.concat(chunks).toString('utf8'));
}

/** The page that signs people in may read the answers, and no other page. */
function corsHeaders({ redirectUris }: ListenerNeeds, { headers: { origin } }: IncomingMessage) {
  const isKnown = [...redirectUris].some((uri) => new URL(uri).origin === origin);
  return { Vary: 'Origin', ...(isKnown && origin !== undefined && { 'Access-Control-Allow-Origin': origin }) };
}

function write(response: ServerResponse, { status, headers, body }: SignInReply, more: SignInReply['headers']): void {
  response.writeHead(status, { ...headers, ...more });
  response.end(body);
}
