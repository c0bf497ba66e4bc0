import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen } from './loopback.ts';
import type { Loopback } from './loopback.ts';
import { VM_ID } from './vectors.ts';

export interface ImdsAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const USER_DATA = '/metadata/instance/compute/userData';

/** A tiny IMDS: a vmId, attested documents that are not signed but hold what matters here, and whatever a test puts in. */
export class ImdsStub {
  vmId = VM_ID;
  versions: readonly string[] = ['2018-10-01', '2020-09-01', '2021-01-01', '2025-04-07'];
  /** Base64, as IMDS answers with it. */
  userData = '';
  /** Answered to requests for user data instead. */
  userDataAnswer: ImdsAnswer | 'reset' | 'cut' | undefined;
  /** Answered first, one each. */
  readonly next: (ImdsAnswer | 'reset' | 'cut')[] = [];
  /** Answered to everything. */
  always: ImdsAnswer | undefined;
  /** Nonces that the cache answers with first, one each. */
  readonly staleNonces: string[] = [];
  /** Path and query of each request. */
  readonly requests: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  #server: Loopback | undefined;

  static async start(): Promise<ImdsStub> {
    const stub = new ImdsStub();
    stub.#server = await listen((request, response) => {
      stub.#answer(request, response);
    });
    return stub;
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  /** How often the item below `/metadata` was asked for. */
  count(item: string): number {
    return this.requests.filter((path) => path.startsWith(`/metadata/${item}`)).length;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request.url ?? '');
    this.headers.push(request.headers);
    const isUserData = request.url?.startsWith(USER_DATA) === true;
    const special = this.next.shift() ?? this.always ?? (isUserData ? this.userDataAnswer : undefined);
    const answer = special ?? this.#faithfulAnswer(request);
    if (answer === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"half":');
      setTimeout(() => request.socket.destroy(), 5);
      return;
    }
    if (answer === 'reset') {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8', ...answer.headers });
    response.end(answer.body);
  }

  #faithfulAnswer(request: IncomingMessage): ImdsAnswer {
    const url = new URL(request.url ?? '', this.url);
    if (request.headers['metadata'] !== 'true')
      return { status: 400, body: '{"error":"Required metadata header not specified"}' };
    if (url.pathname === '/metadata/versions')
      return { status: 200, body: JSON.stringify({ apiVersions: this.versions }) };
    if (!this.versions.includes(url.searchParams.get('api-version') ?? '')) {
      return {
        status: 400,
        body: JSON.stringify({ error: 'Bad request', 'newest-versions': this.versions.slice(-3) }),
      };
    }
    if (url.pathname === '/metadata/instance/compute/vmId' && url.searchParams.get('format') === 'text') {
      return { status: 200, body: this.vmId };
    }
    if (url.pathname === USER_DATA && url.searchParams.get('format') === 'text') {
      const isKnown = (url.searchParams.get('api-version') ?? '') >= '2021-01-01';
      return isKnown ? { status: 200, body: this.userData } : { status: 404, body: '{"error":"Not found"}' };
    }
    if (url.pathname !== '/metadata/attested/document') return { status: 404, body: '{"error":"Not found"}' };
    const nonce = this.staleNonces.shift() ?? url.searchParams.get('nonce') ?? '';
    return { status: 200, body: JSON.stringify(attestedDocument(this.vmId, nonce)) };
  }
}

/** The shape of IMDS's answer. What stands in the place of the CMS is the content alone, in plain as in a real one. */
export function attestedDocument(vmId: string, nonce: string): { encoding: string; signature: string } {
  const content = Buffer.from(`\u0030\u0082${JSON.stringify({ nonce, vmId })}`, 'latin1');
  return { encoding: 'pkcs7', signature: content.toString('base64') };
}
