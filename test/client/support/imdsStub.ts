import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen } from './loopback.ts';
import type { Loopback } from './loopback.ts';
import { VM_ID } from './vectors.ts';

export interface ImdsAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const COMPUTE = '/metadata/instance/compute';
const USER_DATA_SINCE = '2021-01-01';

const NOT_FOUND: ImdsAnswer = { status: 404, body: '{"error":"Not found"}' };

/** A tiny IMDS: a vmId, attested documents that are not signed but hold what matters here, and whatever a test puts in. */
export class ImdsStub {
  vmId = VM_ID;
  versions: readonly string[] = ['2018-10-01', '2020-09-01', '2021-01-01', '2025-04-07'];
  /** Base64, as IMDS answers with it. */
  userData = '';
  /** Answered instead to requests with these paths, without their query. */
  readonly answers = new Map<string, ImdsAnswer | 'reset' | 'cut'>();
  /** More that it knows, by the path. */
  readonly bodies = new Map<string, string>();
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
    const special = this.next.shift() ?? this.always ?? this.answers.get(request.url?.replace(/\?.*/, '') ?? '');
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
    const body = this.bodies.get(url.pathname);
    if (body !== undefined) return { status: 200, body };
    if (url.pathname.startsWith(COMPUTE)) return this.#computeAnswer(url);
    if (url.pathname !== '/metadata/attested/document') return NOT_FOUND;
    const nonce = this.staleNonces.shift() ?? url.searchParams.get('nonce') ?? '';
    return { status: 200, body: JSON.stringify(attestedDocument(this.vmId, nonce)) };
  }

  #computeAnswer({ pathname, searchParams }: URL): ImdsAnswer {
    const hasUserData = (searchParams.get('api-version') ?? '') >= USER_DATA_SINCE;
    const compute: Record<string, string> = { vmId: this.vmId, ...(hasUserData ? { userData: this.userData } : {}) };
    if (pathname === COMPUTE) return { status: 200, body: JSON.stringify(compute) };
    const leaf = searchParams.get('format') === 'text' ? compute[pathname.slice(COMPUTE.length + 1)] : undefined;
    return leaf === undefined ? NOT_FOUND : { status: 200, body: leaf };
  }
}

/** The shape of IMDS's answer. What stands in the place of the CMS is the content alone, in plain as in a real one. */
export function attestedDocument(vmId: string, nonce: string): { encoding: string; signature: string } {
  const content = Buffer.from(`\u0030\u0082${JSON.stringify({ nonce, vmId })}`, 'latin1');
  return { encoding: 'pkcs7', signature: content.toString('base64') };
}
