import { Agent, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { systemErrorCode } from './clientError.ts';
import type { Surroundings } from './surroundings.ts';

/** One answer of IMDS, or why there was none. */
export type ImdsReply =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  /** Nobody is there: the connection was refused, or there is no way to the address. */
  | { readonly kind: 'refused' }
  /** Somebody may be there: no answer in time, a broken one, or one that is too long. */
  | { readonly kind: 'silent' };

const TIMEOUT = 2000;
/** The whole instance document with many disks and tags stays far below it. */
const LONGEST_ANSWER = 256 * 1024;
const NOBODY = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'ENOTFOUND'];

/**
 * One GET, in two seconds at most. Through node:http with an agent of its own, because `fetch` and the global agent may be
 * told by the environment to use a proxy, and IMDS must never be asked through one: it would be the proxy's identity.
 */
export async function requestImds(url: URL, surroundings: Surroundings): Promise<ImdsReply> {
  const agent = new Agent({ keepAlive: false });
  try {
    const response = await send(url, agent, surroundings.timeout(TIMEOUT));
    const text = await readBounded(response);
    return { kind: 'answer', status: response.statusCode ?? 0, text };
  } catch (error) {
    return { kind: NOBODY.includes(systemErrorCode(error) ?? '') ? 'refused' : 'silent' };
  } finally {
    agent.destroy();
  }
}

function send(url: URL, agent: Agent, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent, signal, headers: { Metadata: 'true' } }, resolve).on('error', reject);
  });
}

async function readBounded(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_ANSWER) throw new RangeError('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
