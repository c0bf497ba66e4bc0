import { createHmac } from 'node:crypto';
import type { ImdsReply, ImdsRequest } from '../../../../src/client/adapters.ts';
import type { World } from './world.ts';

/** What is wrong with it. */
export type ImdsCondition =
  | { readonly kind: 'well' }
  /** Each answer takes so long. */
  | { readonly kind: 'slow'; readonly milliseconds: number }
  /** Takes requests and answers none until then (true time). */
  | { readonly kind: 'silent'; readonly until: number }
  | { readonly kind: 'refused' | 'no_route' }
  /** Answers the next request, and no other, with this. */
  | { readonly kind: 'odd'; readonly reply: ImdsReply }
  /** Answers every request with this. */
  | { readonly kind: 'broken'; readonly reply: ImdsReply };

const LATENCY = 3;
const API_VERSION = '2021-01-01';

/** Azure's word in this world: nobody but IMDS and the service knows it. */
const AZURE_SECRET = 'azure';

export const WELL: ImdsCondition = { kind: 'well' };

/** The Instance Metadata Service of one machine, as the Azure documentation describes it. */
export class SimulatedImds {
  vmId: string;
  condition: ImdsCondition = WELL;
  /** When it was asked, in true time. */
  readonly requestTimes: number[] = [];
  readonly #world: World;

  constructor(world: World, vmId: string) {
    this.#world = world;
    this.vmId = vmId;
  }

  async answer({ url, timeoutMs, signal }: ImdsRequest): Promise<ImdsReply> {
    const { time } = this.#world;
    this.requestTimes.push(time.now);
    const { condition } = this;
    switch (condition.kind) {
      case 'refused':
      case 'no_route':
        await time.wait(1);
        return { kind: condition.kind };
      case 'silent':
        if (time.now < condition.until) return this.#stayLate(Infinity, { timeoutMs, signal });
        break;
      case 'slow':
        return this.#stayLate(condition.milliseconds, { timeoutMs, signal }, () => this.#read(url));
      case 'odd':
        this.condition = WELL;
        return condition.reply;
      case 'broken':
        return condition.reply;
      case 'well':
        break;
    }
    return this.#stayLate(LATENCY, { timeoutMs, signal }, () => this.#read(url));
  }

  /** Answers after so long, if the client still waits. */
  async #stayLate(
    milliseconds: number,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
    read: () => ImdsReply = () => ({ kind: 'silent' }),
  ): Promise<ImdsReply> {
    const { time } = this.#world;
    const isInTime = milliseconds < timeoutMs;
    const stopped = new Promise<void>((resolve) => {
      signal?.addEventListener('abort', () => {
        resolve();
      });
    });
    await Promise.race([time.wait(Math.min(milliseconds, timeoutMs)), ...(signal === undefined ? [] : [stopped])]);
    return isInTime && signal?.aborted !== true ? read() : { kind: 'silent' };
  }

  #read(url: string): ImdsReply {
    const { pathname, searchParams } = new URL(url);
    if (searchParams.get('api-version') !== API_VERSION) {
      return { kind: 'answer', status: 400, text: '{"error":"Bad request. api-version is invalid."}' };
    }
    if (pathname === '/metadata/instance/compute/vmId') return { kind: 'answer', status: 200, text: this.vmId };
    if (pathname === '/metadata/instance/compute') {
      return { kind: 'answer', status: 200, text: JSON.stringify({ vmId: this.vmId, userData: '' }) };
    }
    if (pathname !== '/metadata/attested/document')
      return { kind: 'answer', status: 404, text: '{"error":"Not found"}' };
    const signature = attest({ vmId: this.vmId, nonce: searchParams.get('nonce') ?? '' });
    return { kind: 'answer', status: 200, text: JSON.stringify({ encoding: 'pkcs7', signature }) };
  }
}

/** What Azure says of a machine. */
export interface Attested {
  readonly vmId: string;
  readonly nonce: string;
}

/** Stands for a signed document: only Azure can make one, and the nonce is readable in it. */
function attest({ vmId, nonce }: Attested): string {
  const mac = createHmac('sha256', AZURE_SECRET).update(`${vmId} ${nonce}`).digest('hex');
  return Buffer.from(`${vmId} ${nonce} ${mac}`).toString('base64');
}

/** @returns undefined where the document is not Azure's */
export function readAttested(signature: string): Attested | undefined {
  const [vmId = '', nonce = ''] = Buffer.from(signature, 'base64').toString('latin1').split(' ');
  return attest({ vmId, nonce }) === signature ? { vmId, nonce } : undefined;
}
