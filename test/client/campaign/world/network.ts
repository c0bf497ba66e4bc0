import type { ServiceRequestInit } from '../../../../src/client/adapters.ts';
import type { Machine } from './machine.ts';
import { ISSUER, problem } from './simulatedService.ts';
import type { ServiceAnswer } from './simulatedService.ts';
import type { VirtualTime } from './virtualTime.ts';

/** What stands between the machines and the service. */
export type NetworkCondition =
  | 'well'
  /** The connection is refused. */
  | 'refused'
  /** Nothing ever answers. */
  | 'hung'
  /** The next request reaches the service, and its answer does not come back. */
  | 'lost_once'
  /** The same of the next request for a licence. */
  | 'licence_lost_once'
  /** Something answers in the service's place, or the service itself without deciding. */
  | { readonly answer: ServiceAnswer };

export interface ServiceRequest {
  readonly at: number;
  readonly machine: Machine;
  /** With its query. */
  readonly path: string;
  readonly body: string | undefined;
}

/** Answers a request that has reached the service. */
export type Backend = (request: ServiceRequest) => ServiceAnswer | Promise<ServiceAnswer>;

const LATENCY = 20;

const html = (status: number, headers?: Record<string, string>): NetworkCondition => ({
  answer: { status, type: 'text/html', body: '<html><title>Sign in</title></html>', ...(headers && { headers }) },
});

export const PORTALS = {
  html200: html(200),
  html403: html(403),
  html404: html(404),
  redirect: html(302, { location: 'https://portal.example.net/' }),
};

export const FAULTS = {
  plain500: { answer: { status: 502, type: 'text/plain', body: 'Bad gateway' } },
  own503: { answer: problem(503, 'store_unavailable') },
  own429: { answer: { ...problem(429, 'rate_limited'), headers: { 'retry-after': '7' } } },
  unsigned403: { answer: problem(403, 'subscription_not_licensed') },
} satisfies Record<string, NetworkCondition>;

/** The way from the machines to the service. */
export class Network {
  condition: NetworkCondition = 'well';
  readonly requests: ServiceRequest[] = [];
  readonly #time: VirtualTime;
  readonly #backend: Backend;

  constructor(time: VirtualTime, backend: Backend) {
    this.#time = time;
    this.#backend = backend;
  }

  async fetch(machine: Machine, url: string, { body, signal }: ServiceRequestInit): Promise<Response> {
    if (!url.startsWith(`${ISSUER}/`)) throw new Error('The client asked another host than the issuer.');
    const request = { at: this.#time.now, machine, path: url.slice(ISSUER.length), body };
    this.requests.push(request);
    const answer = await this.#unlessAborted(this.#answer(request), signal);
    return new Response(answer.body, {
      status: answer.status,
      headers: { 'content-type': answer.type, ...answer.headers },
    });
  }

  async #answer(request: ServiceRequest): Promise<ServiceAnswer> {
    const { condition } = this;
    if (condition === 'hung') return new Promise(() => undefined);
    if (condition === 'refused') {
      await this.#time.wait(1);
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) });
    }
    await this.#time.wait(LATENCY);
    if (typeof condition === 'object') return condition.answer;
    const answer = await this.#backend(request);
    const isLost = condition === 'lost_once' || (condition === 'licence_lost_once' && request.path === '/v1/licences');
    if (!isLost) return answer;
    this.condition = 'well';
    return new Promise(() => undefined);
  }

  #unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
      work.then(resolve, reject);
    });
  }
}
